/** Keys: `g` and a letter for screens, `/` and Ctrl K to go anywhere, `.` to pause, `?` for this list. */
import { useEffect, useRef, useState } from "react"
import { useLocation } from "wouter"
import { toggleLive } from "../api/live.ts"
import { Dialog } from "../parts/Dialog.tsx"
import { isTyping } from "../parts/keys.ts"
import { screens } from "../screens.tsx"
import { openPalette } from "./Palette.tsx"

const others: ReadonlyArray<readonly [string, string]> = [
  ["/", "Search, or go anywhere"],
  ["Ctrl K", "The same, also while typing"],
  ["j k", "The next row, the one before"],
  ["x", "Select the row"],
  ["Enter", "Open the row"],
  ["r", "Requeue what is selected"],
  [".", "Pause, or follow again"],
  ["Esc", "Close what is open"],
  ["?", "This list"]
]

/** What waits for the second key of a pair is forgotten after so many milliseconds. */
const patience = 1_200

export const Shortcuts = () => {
  const [isOpen, setOpen] = useState(false)
  const [, navigate] = useLocation()
  const begun = useRef(0)
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault()
        openPalette()
        return
      }
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
      const isSecond = event.timeStamp - begun.current < patience
      begun.current = 0
      const screen = isSecond ? screens.find(({ key }) => key === event.key) : undefined
      if (screen !== undefined) {
        navigate(screen.paths[0])
        document.getElementById("main")?.focus({ preventScroll: true })
      } else if (event.key === "g") begun.current = event.timeStamp
      else if (event.key === "/") {
        event.preventDefault()
        openPalette()
      } else if (event.key === ".") toggleLive()
      else if (event.key === "?") setOpen(true)
    }
    document.addEventListener("keydown", onKey)
    return () => document.removeEventListener("keydown", onKey)
  }, [navigate])
  const rows = [...screens.map(({ key, title }) => [`g ${key}`, title] as const), ...others]
  return (
    <Dialog title="Keys" isOpen={isOpen} onClose={() => setOpen(false)}>
      <dl className="grid grid-cols-[80px_1fr] gap-y-1">
        {rows.map(([key, what]) => (
          <div key={key} className="contents">
            <dt>
              <kbd className="rounded border border-line px-1.5 py-0.5">{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
      </dl>
    </Dialog>
  )
}

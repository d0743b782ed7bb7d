/** From one event to the one before or after it in the list, without leaving the detail: also with k and j. */
import { ChevronDown, ChevronUp } from "lucide-react"
import { useEffect } from "react"
import { useLocation } from "wouter"
import { Button } from "../../parts/Button.tsx"
import { isTyping } from "../../parts/keys.ts"

export interface Neighbours {
  /** Where they lead; undefined at the ends of the list. */
  readonly before: string | undefined
  readonly after: string | undefined
}

export const NextEvent = ({ after, before }: Neighbours) => {
  const [, navigate] = useLocation()
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const href = event.key === "j" ? after : event.key === "k" ? before : undefined
      if (href === undefined || isTyping(event.target)) return
      if (event.ctrlKey || event.metaKey || event.altKey) return
      navigate(href)
    }
    document.addEventListener("keydown", onKey)
    return () => document.removeEventListener("keydown", onKey)
  }, [after, before, navigate])
  const go = (href: string | undefined) => () => (href === undefined ? undefined : navigate(href))
  return (
    <div className="flex shrink-0">
      <Button
        look="quiet"
        isIcon
        aria-label="The event above in the list"
        disabledBecause={before === undefined ? "This is the first that is shown." : undefined}
        onClick={go(before)}
      >
        <ChevronUp size={16} aria-hidden="true" />
      </Button>
      <Button
        look="quiet"
        isIcon
        aria-label="The event below in the list"
        disabledBecause={after === undefined ? "This is the last that is shown." : undefined}
        onClick={go(after)}
      >
        <ChevronDown size={16} aria-hidden="true" />
      </Button>
    </div>
  )
}

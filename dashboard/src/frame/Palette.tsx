/** Goes anywhere by typing: opened with Ctrl K, or `/`. */
import { Search } from "lucide-react"
import { Dialog } from "radix-ui"
import { type KeyboardEvent, useId, useState } from "react"
import { useLocation } from "wouter"
import { useAsk } from "../api/asking.ts"
import { makeStore } from "../api/store.ts"
import { useReturnedFocus } from "../parts/returnedFocus.ts"
import { commandsFor } from "./commands.ts"

const isOpen = makeStore(false)

export const openPalette = () => isOpen.set(true)

const Entries = () => {
  const [typed, setTyped] = useState("")
  const [at, setAt] = useState(0)
  const [, navigate] = useLocation()
  const id = useId()
  const consumers = useAsk("/consumers", {}, { every: false }).data ?? []
  const found = commandsFor(typed, consumers)
  const current = found[Math.min(at, found.length - 1)]
  const go = (href: string) => {
    isOpen.set(false)
    navigate(href)
  }
  const onKey = (event: KeyboardEvent) => {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0
    if (step !== 0) {
      event.preventDefault()
      setAt((before) => Math.max(0, Math.min(found.length - 1, before + step)))
    }
    if (event.key === "Enter" && current !== undefined) {
      // Else the key would press what has the focus next.
      event.preventDefault()
      go(current.href)
    }
  }
  return (
    <>
      <div className="flex items-center gap-2 border-b border-line px-3">
        <Search size={16} aria-hidden="true" className="text-faint" />
        <input
          role="combobox"
          aria-label="Go to a screen, a consumer, an event, or any id"
          aria-expanded="true"
          aria-controls={`${id}-list`}
          aria-activedescendant={current === undefined ? undefined : `${id}-${current.id}`}
          placeholder="A screen, a consumer, an event’s name, module/Type/id, or any id"
          value={typed}
          onChange={(event) => {
            setTyped(event.target.value)
            setAt(0)
          }}
          onKeyDown={onKey}
          className="h-12 w-full bg-transparent outline-none placeholder:text-faint"
        />
      </div>
      <div id={`${id}-list`} role="listbox" aria-label="What was found" className="max-h-[50dvh] overflow-y-auto p-1">
        {found.map((command) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the input above has the keys, as a combobox does.
          <div
            key={command.id}
            id={`${id}-${command.id}`}
            role="option"
            tabIndex={-1}
            aria-selected={command === current}
            onClick={() => go(command.href)}
            className={`flex min-h-9 cursor-pointer items-center justify-between gap-3 rounded px-3 py-1 ${command === current ? "bg-accent-soft" : "hover:bg-hover"}`}
          >
            <span className="min-w-0 break-words">{command.title}</span>
            <span className="shrink-0 text-sm text-muted">{command.kind}</span>
          </div>
        ))}
      </div>
    </>
  )
}

export const Palette = () => {
  const focus = useReturnedFocus()
  return (
    <Dialog.Root open={isOpen.use()} onOpenChange={isOpen.set}>
      <Dialog.Portal>
        <Dialog.Overlay className="opens fixed inset-0 z-40 bg-[#00000055]" />
        <Dialog.Content
          {...focus}
          aria-describedby={undefined}
          className="opens fixed inset-x-2 top-16 z-50 mx-auto max-w-xl overflow-hidden rounded-lg border border-line bg-raised shadow-2xl"
        >
          <Dialog.Title className="sr-only">Go to</Dialog.Title>
          <Entries />
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  )
}

/** The key `r`: requeues what is selected or open. */
import { useEffect } from "react"

const isElsewhere = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  target.closest("input:not([type=checkbox]),textarea,select,[contenteditable=true],[role=dialog]") !== null

export const useRequeueKey = (onRequeue: (() => void) | undefined) => {
  useEffect(() => {
    if (onRequeue === undefined) return
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "r" || event.ctrlKey || event.metaKey || event.altKey || isElsewhere(event.target)) return
      event.preventDefault()
      onRequeue()
    }
    document.addEventListener("keydown", onKey)
    return () => document.removeEventListener("keydown", onKey)
  }, [onRequeue])
}

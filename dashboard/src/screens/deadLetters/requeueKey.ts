/** The key `r`: requeues what is selected or open. */
import { useEffect } from "react"
import { isBesideList } from "../../parts/keys.ts"

export const useRequeueKey = (onRequeue: (() => void) | undefined) => {
  useEffect(() => {
    if (onRequeue === undefined) return
    const onKey = (event: KeyboardEvent) => {
      if (event.key !== "r" || event.ctrlKey || event.metaKey || event.altKey || isBesideList(event.target)) return
      event.preventDefault()
      onRequeue()
    }
    document.addEventListener("keydown", onKey)
    return () => document.removeEventListener("keydown", onKey)
  }, [onRequeue])
}

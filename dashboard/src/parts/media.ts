/** What the browser tells of itself: how wide it is, whether it is dark, whether motion is wanted. */
import { useCallback, useSyncExternalStore } from "react"

/** Whether a media query holds, followed as it changes. */
export const useMedia = (query: string): boolean => {
  const watch = useCallback(
    (watcher: () => void) => {
      const list = matchMedia(query)
      list.addEventListener("change", watcher)
      return () => list.removeEventListener("change", watcher)
    },
    [query]
  )
  return useSyncExternalStore(watch, () => matchMedia(query).matches)
}

/** Whether there is room for one column only: up to 640 pixels. */
export const useIsNarrow = (): boolean => useMedia("(max-width: 640px)")

/** Whether things may move. */
export const useMayMove = (): boolean => !useMedia("(prefers-reduced-motion: reduce)")

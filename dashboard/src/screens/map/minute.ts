/** The minute it is, for spans of time up to now. */
import { useSyncExternalStore } from "react"
import { serverNow } from "../../words/clock.ts"

const minute = 60_000

const watch = (watcher: () => void) => {
  const timer = setInterval(watcher, 5_000)
  return () => clearInterval(timer)
}

/** When this minute began, in milliseconds since 1970. */
export const useMinute = (): number => useSyncExternalStore(watch, () => Math.floor(serverNow() / minute) * minute)

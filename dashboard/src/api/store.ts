/** A value that parts of the page watch. */
import { useSyncExternalStore } from "react"

export interface Store<A> {
  readonly get: () => A
  readonly set: (value: A) => void
  readonly use: () => A
}

export const makeStore = <A>(initial: A): Store<A> => {
  let value = initial
  const watchers = new Set<() => void>()
  const watch = (watcher: () => void) => {
    watchers.add(watcher)
    return () => watchers.delete(watcher)
  }
  const get = () => value
  return {
    get,
    set: (next) => {
      if (Object.is(next, value)) return
      value = next
      for (const watcher of watchers) watcher()
    },
    use: () => useSyncExternalStore(watch, get)
  }
}

/** Whether somebody is at the list: the pointer is on it, or it was scrolled away from where new rows appear. */
import { useMemo, useState, useSyncExternalStore } from "react"

/** In pixels. */
const little = 80

const watch = (watcher: () => void) => {
  addEventListener("scroll", watcher, { passive: true })
  return () => removeEventListener("scroll", watcher)
}

export const useAtList = () => {
  const [isInside, setInside] = useState(false)
  const isAway = useSyncExternalStore(watch, () => scrollY > little)
  const handlers = useMemo(() => ({ onMouseEnter: () => setInside(true), onMouseLeave: () => setInside(false) }), [])
  return { isAtList: isInside || isAway, handlers }
}

/** When something closes, the focus goes back to where it was when it opened. */
import { useLayoutEffect, useRef } from "react"

const isElsewhere = (closed: EventTarget | null) => {
  const at = document.activeElement
  return at !== null && at !== document.body && !(closed instanceof Node && closed.contains(at))
}

/** Handlers for the content of a dialog that nothing on the page triggers by itself. */
export const useReturnedFocus = () => {
  const before = useRef<Element | null>(null)
  return {
    onOpenAutoFocus: () => {
      before.current = document.activeElement
    },
    onCloseAutoFocus: (event: Event) => {
      event.preventDefault()
      // Whoever went on elsewhere meanwhile stays there.
      if (isElsewhere(event.currentTarget)) return
      const element = before.current
      const isThere = element instanceof HTMLElement && element.isConnected && element !== document.body
      const target = isThere ? element : document.getElementById("main")
      target?.focus({ preventScroll: true })
    }
  }
}

/** For what takes the focus in the page itself: it goes back to where it was when this is gone. */
export const useFocusBefore = () => {
  useLayoutEffect(() => {
    const before = document.activeElement
    return () => {
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true })
    }
  }, [])
}

/** When something closes, the focus goes back to where it was when it opened. */
import { useCallback, useLayoutEffect, useRef } from "react"

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

/**
 * For what takes the focus in the page itself: it goes back to where it was when this is gone.
 *
 * @returns whether the focus is still where it was, for what comes late: it is not taken from whoever went on elsewhere
 */
export const useFocusBefore = () => {
  const before = useRef<Element | null>(null)
  useLayoutEffect(() => {
    const element = document.activeElement
    before.current = element
    return () => {
      if (element instanceof HTMLElement && element.isConnected) element.focus({ preventScroll: true })
    }
  }, [])
  return useCallback(() => [before.current, document.body].includes(document.activeElement), [])
}

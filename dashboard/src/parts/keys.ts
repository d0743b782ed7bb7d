/** Keys that mean something anywhere on the page, and where they do not. */

const fields = "input:not([type=checkbox]),textarea,select,[contenteditable=true],[role=menu]"

const isIn = (target: EventTarget | null, places: string) =>
  target instanceof HTMLElement && target.closest(places) !== null

/** What is asked has to be answered first: Radix keeps the pointer from the page below it. */
const isAsked = () => document.body.style.pointerEvents === "none"

/** Whether a key is text, or looks for an entry of a menu, or something is asked on top of the page. */
export const isTyping = (target: EventTarget | null): boolean => isIn(target, fields) || isAsked()

/** The same, and whether the key was pressed in a detail, while it is meant for a list. */
export const isBesideList = (target: EventTarget | null): boolean => isTyping(target) || isIn(target, "[role=dialog]")

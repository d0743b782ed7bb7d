/** Colours of the theme as a canvas needs them: tokens are CSS variables, which it does not know. */
import { isDark, theme } from "../frame/theme.ts"
import { useMedia } from "./media.ts"

/** Whether the page is dark now; followed, for what has to be drawn again. */
export const useIsDark = (): boolean => {
  theme.use()
  useMedia("(prefers-color-scheme: dark)")
  return isDark()
}

/**
 * @param within - an element of the page, whose scheme counts
 * @param tokens - CSS variables, as `--running`
 * @returns the colours, as `rgb(15, 118, 110)`, in the order of the tokens
 */
export const coloursOf = (within: Element, tokens: ReadonlyArray<string>): ReadonlyArray<string> => {
  const probe = document.createElement("span")
  probe.hidden = true
  within.append(probe)
  const colours = tokens.map((token) => {
    probe.style.color = `var(${token})`
    return getComputedStyle(probe).color
  })
  probe.remove()
  return colours
}

/** The same colour, seen through. */
export const seenThrough = (colour: string, alpha: number): string =>
  colour.replace(/^rgb\((.+)\)$/, (_, parts: string) => `rgba(${parts}, ${alpha})`)

/**
 * Text of others, as a terminal may have it: what would move the cursor, colour, or turn the direction of what follows is shown, not obeyed.
 *
 * @internal
 */

/** Control characters but tabulator and line feed, line separators of Unicode, and what turns the direction of text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const unsafe = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g

const byNumber = (character: string) => {
  const code = character.charCodeAt(0)
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`
}

/** Text of several lines. */
export const cleanLines = (text: string): string => text.replaceAll("\r\n", "\n").replace(unsafe, byNumber)

/** Text for one line: what would break it is shown. */
export const clean = (text: string): string =>
  cleanLines(text).replace(/[\n\t]/g, (character) => (character === "\n" ? " ⏎ " : " "))

/**
 * A value as JSON that means the same to a program, and does nothing to a terminal: `JSON.stringify` leaves some control characters as
 * they are.
 *
 * @param indent - spaces for each level; 0 for one line
 */
export const safeJson = (value: unknown, indent: number): string =>
  (JSON.stringify(value, undefined, indent) ?? "null").replace(
    unsafe,
    (character) =>
      // What is between values is written by us.
      `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`
  )

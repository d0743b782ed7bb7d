/**
 * JSON as text made readable, without reading it: numbers and texts stay as they were written.
 *
 * @internal
 */

/** Texts, and what is between them. */
const token = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s"{}[\],:]+/g

/**
 * Indents JSON text. Only white space changes.
 *
 * @param text - what is no JSON comes back with its tokens in other lines, and loses nothing but white space
 */
export const indented = (text: string): string => {
  const lines: Array<string> = [""]
  let depth = 0
  let previous = ""
  const newLine = () => lines.push("  ".repeat(depth))
  const add = (part: string) => {
    lines[lines.length - 1] += part
  }
  for (const [part] of text.matchAll(token)) {
    const isEnd = part === "}" || part === "]"
    if (isEnd) depth = Math.max(0, depth - 1)
    const isFirst = previous === "{" || previous === "["
    if ((isEnd && !isFirst) || (!isEnd && (isFirst || previous === ","))) newLine()
    add(part === ":" ? ": " : part)
    if (part === "{" || part === "[") depth += 1
    previous = part
  }
  return lines.join("\n")
}

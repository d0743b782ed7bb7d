/**
 * Event patterns: `*` stands for any characters, also none; nothing else is special.
 *
 * @internal
 */

export const isPattern = (text: string) => text.includes("*")

const escapeRegExp = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")

/** A test for one pattern. */
export const matcher = (pattern: string): ((name: string) => boolean) => {
  if (!isPattern(pattern)) return (name) => name === pattern
  const expression = new RegExp(`^${pattern.split(/\*+/).map(escapeRegExp).join("[^]*")}$`, "u")
  return (name) => expression.test(name)
}

/** A pattern in the words of SQL's `LIKE`, as `integration_subscription.event_like` computes it. */
export const toLike = (pattern: string) => pattern.replace(/[\\%_]/g, "\\$&").replaceAll("*", "%")

/**
 * Whether some name matches both patterns. The sets of reachable positions in both patterns are followed together:
 * `*` may stay for any character of the other side, or be left.
 */
export const overlap = (left: string, right: string): boolean => {
  const a = [...left]
  const b = [...right]
  const seen = new Set<number>()
  const visit = (i: number, j: number): boolean => {
    const key = i * (b.length + 1) + j
    if (seen.has(key)) return false
    seen.add(key)
    if (i === a.length && j === b.length) return true
    if (a[i] === "*") return visit(i + 1, j) || (j < b.length && visit(i, j + 1))
    if (b[j] === "*") return visit(i, j + 1) || (i < a.length && visit(i + 1, j))
    return i < a.length && j < b.length && a[i] === b[j] && visit(i + 1, j + 1)
  }
  return visit(0, 0)
}

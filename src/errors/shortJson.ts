/**
 * JSON of whatever an error holds, short: for people who look at a dead letter, not for code.
 *
 * @internal
 */

/** Parts that are shown; what is behind them is left out. */
const maxParts = 100

const maxDepth = 4

/** Characters of a text that are shown. */
const maxLength = 200

const left = "…"

const cut = (text: string) => (text.length > maxLength ? `${text.slice(0, maxLength)}${left}` : text)

/** The value with everything cut that would make it long. What JSON has no form for is shown as text. */
const shortened = (given: unknown, depth: number, budget: { parts: number }): unknown => {
  if (--budget.parts < 0) return left
  const { toJSON } = (given ?? {}) as { readonly toJSON?: unknown }
  if (given instanceof Error) return cut(given.message === "" ? given.name : `${given.name}: ${given.message}`)
  const value = typeof toJSON === "function" ? toJSON.call(given, "") : given
  if (typeof value === "string") return cut(value)
  if (typeof value === "bigint" || typeof value === "symbol") return cut(String(value))
  if (typeof value !== "object" || value === null) return value
  if (depth === maxDepth) return left
  const inner = (item: unknown) => shortened(item, depth + 1, budget)
  if (Array.isArray(value)) return value.slice(0, Math.max(0, budget.parts) + 1).map(inner)
  const short: Record<string, unknown> = {}
  for (const [key, item] of Object.entries(value)) {
    if (budget.parts < 0) break
    short[cut(key)] = inner(item)
  }
  return short
}

/** JSON of a value, at most some thousand characters; undefined for what JSON leaves out. */
export const shortJson = (value: unknown): string | undefined =>
  JSON.stringify(shortened(value, 0, { parts: maxParts }))

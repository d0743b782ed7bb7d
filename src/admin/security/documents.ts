/**
 * What is shown of a JSON document: all of it, its shape, or all but what is hidden.
 *
 * @internal
 */
import type { Visibility } from "../model/events.ts"
import type { Pattern } from "./documentPaths.ts"
import { matcherOf, type States } from "./pathMatching.ts"

/** How much of documents somebody sees. */
export interface Sight {
  readonly visibility: Visibility
  /** What is hidden nevertheless. */
  readonly hidden: ReadonlyArray<Pattern>
}

/** Whether nothing is kept from who looks. */
export const isFull = (sight: Sight) => sight.visibility === "full" && sight.hidden.length === 0

const hiddenValue = "‹hidden›"

/** Numbers keep their digits: JavaScript would round long ones. TypeScript does not know these yet. */
const { parse, rawJSON } = JSON as unknown as {
  readonly parse: (
    text: string,
    reviver: (key: string, value: unknown, context: { readonly source?: string }) => unknown
  ) => unknown
  readonly rawJSON: (text: string) => unknown
}

class Exact {
  readonly raw: unknown
  constructor(digits: string) {
    this.raw = rawJSON(digits)
  }
  toJSON() {
    return this.raw
  }
}

const read = (text: string): unknown =>
  parse(text, (_, value, { source }) => (typeof value === "number" && source !== undefined ? new Exact(source) : value))

const shapeOf = (value: unknown): unknown => {
  if (value instanceof Exact) return "‹number›"
  if (typeof value === "string") return "‹text›"
  return typeof value === "boolean" ? "‹true or false›" : value
}

/** A document as somebody sees it, and whether that is all of it. */
export interface Shown {
  readonly text: string | null
  readonly isWhole: boolean
}

const nothing: Shown = { text: null, isWhole: false }

/**
 * What one document may cost: its values, and for each key the paths that may still lead to something there. A document of 1 MB has
 * some 500,000 values at most.
 */
const mostSteps = 2_000_000

const isLeaf = (value: unknown): boolean => typeof value !== "object" || value === null || value instanceof Exact

const showParsed = (text: string, { hidden, visibility }: Sight, most: number): Shown => {
  const { atEntry, atKey, isReached, start } = matcherOf(hidden)
  const isMasked = visibility === "masked"
  let isWhole = !isMasked
  let left = most
  const spend = (steps: number) => {
    left -= steps
    if (left < 0) throw new RangeError(`The document takes more than ${most} steps`)
  }
  const seen = (value: unknown, states: States): unknown => {
    spend(1)
    if (isReached(states)) {
      isWhole = false
      return hiddenValue
    }
    if (isLeaf(value)) return isMasked ? shapeOf(value) : value
    if (states.length === 0 && !isMasked) return value
    if (Array.isArray(value)) {
      spend(states.length)
      const inside = atEntry(states)
      return value.map((each) => seen(each, inside))
    }
    // Without a prototype, as a document may have a key `__proto__`.
    const made: Record<string, unknown> = Object.create(null)
    for (const [key, each] of Object.entries(value as object)) {
      spend(states.length)
      made[key] = seen(each, atKey(states, key))
    }
    return made
  }
  const document = seen(read(text), start)
  // What is seen whole is the text itself.
  return { text: isWhole ? text : JSON.stringify(document), isWhole }
}

/**
 * @param text - JSON; null stays null, and what cannot be read, or takes too much work, is not shown unless all may be seen
 * @param most - steps that may be taken; default 2,000,000
 */
export const show = (text: string | null, sight: Sight, most: number = mostSteps): Shown => {
  if (text === null || isFull(sight)) return { text, isWhole: true }
  if (sight.visibility === "none") return nothing
  try {
    return showParsed(text, sight, most)
  } catch {
    return nothing
  }
}

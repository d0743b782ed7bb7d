/**
 * What is shown of a JSON document: all of it, its shape, or all but what is hidden.
 *
 * @internal
 */
import { ExactNumber, readExact } from "../../model/exactNumbers.ts"
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

const shapeOf = (value: unknown): unknown => {
  if (value instanceof ExactNumber) return "‹number›"
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

const isLeaf = (value: unknown): boolean => typeof value !== "object" || value === null || value instanceof ExactNumber

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
  const document = seen(readExact(text), start)
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

/** What is said of documents of which not all is shown. */
export const lesser = (seen: Visibility, isWhole: boolean): Visibility =>
  seen === "full" && !isWhole ? "masked" : seen

/** What answers say of documents: not more than is in them, where somebody else has answered. */
export const seenOf = (answered: Visibility, sight: Sight): Visibility =>
  answered === "none" || sight.visibility === "none" ? "none" : answered === "masked" ? "masked" : sight.visibility

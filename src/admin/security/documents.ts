/**
 * What is shown of a JSON document: all of it, its shape, or all but what is hidden.
 *
 * @internal
 */
import type { Visibility } from "../model/events.ts"
import { leadsTo, type Pattern } from "./documentPaths.ts"

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

/** Each value of a document with the keys that lead to it; what is given instead of an object is not looked into. */
const rebuilt = (
  value: unknown,
  replace: (value: unknown, keys: ReadonlyArray<string>) => unknown,
  keys: ReadonlyArray<string> = []
): unknown => {
  const shown = replace(value, keys)
  if (typeof shown !== "object" || shown === null || shown instanceof Exact) return shown
  if (Array.isArray(shown)) return shown.map((each) => rebuilt(each, replace, keys))
  // Without a prototype, as a document may have a key `__proto__`.
  const made: Record<string, unknown> = Object.create(null)
  for (const [key, each] of Object.entries(shown)) made[key] = rebuilt(each, replace, [...keys, key])
  return made
}

/** A document as somebody sees it, and whether that is all of it. */
export interface Shown {
  readonly text: string | null
  readonly isWhole: boolean
}

const nothing: Shown = { text: null, isWhole: false }

const showParsed = (text: string, { hidden, visibility }: Sight): Shown => {
  let isWhole = visibility === "full"
  const document = rebuilt(read(text), (value, keys) => {
    if (hidden.some((pattern) => leadsTo(pattern, keys))) {
      isWhole = false
      return hiddenValue
    }
    return visibility === "masked" ? shapeOf(value) : value
  })
  // What is seen whole is the text itself.
  return { text: isWhole ? text : JSON.stringify(document), isWhole }
}

/** @param text - JSON; null stays null, and what cannot be read is not shown unless all may be seen */
export const show = (text: string | null, sight: Sight): Shown => {
  if (text === null || isFull(sight)) return { text, isWhole: true }
  if (sight.visibility === "none") return nothing
  try {
    return showParsed(text, sight)
  } catch {
    return nothing
  }
}

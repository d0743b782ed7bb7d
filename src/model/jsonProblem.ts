/**
 * What does not survive JSON. `JSON.stringify` makes null of NaN and `{}` of a Map, and leaves functions out; what somebody
 * publishes without a schema is refused instead.
 *
 * @internal
 */
import { describe } from "../errors/errorText.ts"
import type { Issue } from "../errors/PayloadErrors.ts"

const nameOf = (value: object): string => {
  const name = (value.constructor as { readonly name?: unknown } | undefined)?.name
  return typeof name === "string" && name !== "" ? name : "object"
}

/** An object literal or one without a prototype, of whichever realm: not an instance of a class. */
const isPlain = (value: object): boolean => {
  const prototype = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

/** Made by `JSON.rawJSON`. */
const isRawJson = (value: object): boolean =>
  (JSON as { readonly isRawJSON?: (of: object) => boolean }).isRawJSON?.(value) === true

/** What JSON is made of: for some values what their `toJSON` says. */
const toJson = (value: unknown): unknown => {
  if ((typeof value !== "object" && typeof value !== "bigint") || value === null) return value
  const { toJSON } = value as { readonly toJSON?: unknown }
  return typeof toJSON === "function" ? toJSON.call(value, "") : value
}

const join = (path: string, key: string | number) => (path === "" ? String(key) : `${path}.${key}`)

/** Looks for the first part of a value that JSON has no form for. */
class Search {
  /** Objects that the one being looked at is in. */
  readonly #ancestors: Array<unknown> = []
  readonly #maxDepth: number

  constructor(maxDepth: number) {
    this.#maxDepth = maxDepth
  }

  find(value: unknown, path: string): Issue | undefined {
    try {
      return this.#findJson(value, path)
    } catch (thrown) {
      return { path, message: `is not JSON: ${describe(thrown).text}` }
    }
  }

  #findJson(given: unknown, path: string): Issue | undefined {
    const value = toJson(given)
    switch (typeof value) {
      case "string":
      case "boolean":
        return undefined
      case "number":
        return Number.isFinite(value) ? undefined : { path, message: `is ${value}, for which JSON has no number` }
      case "object":
        if (value !== null) return this.#findIn(value, path)
        return given instanceof Date ? { path, message: "is a Date that is no time" } : undefined
      case "undefined":
        return { path, message: "is not JSON: undefined" }
      default:
        return { path, message: `is not JSON: a ${typeof value}` }
    }
  }

  #findIn(value: object, path: string): Issue | undefined {
    if (this.#ancestors.includes(value)) return { path, message: "is not JSON: it refers to what it is in" }
    // Nesting is judged by its text.
    if (this.#ancestors.length > this.#maxDepth) return undefined
    this.#ancestors.push(value)
    const found = Array.isArray(value) ? this.#findInArray(value, path) : this.#findInObject(value, path)
    this.#ancestors.pop()
    return found
  }

  #findInObject(value: object, path: string): Issue | undefined {
    if (isRawJson(value)) return undefined
    if (!isPlain(value)) return { path, message: `is not JSON: an instance of ${nameOf(value)} without toJSON` }
    for (const [key, item] of Object.entries(value)) {
      // Left out, as optional properties are.
      const found = item === undefined ? undefined : this.find(item, join(path, key))
      if (found !== undefined) return found
    }
    return undefined
  }

  #findInArray(value: ReadonlyArray<unknown>, path: string): Issue | undefined {
    // By index: holes are undefined too.
    for (let index = 0; index < value.length; index++) {
      const found = this.find(value[index], join(path, index))
      if (found !== undefined) return found
    }
    return undefined
  }
}

/**
 * The first part of a value that would not be what it was after JSON. Properties that are undefined are left out, as JSON
 * does, and what has a `toJSON` is what that makes of it.
 *
 * @param maxDepth - nesting that is looked at
 */
export const jsonProblem = (value: unknown, maxDepth: number): Issue | undefined => new Search(maxDepth).find(value, "")

/**
 * What was made of a document, written as that is: so that only what is different looks different.
 *
 * @internal
 */
import type { Schema } from "effect"
import { ExactNumber, readExact } from "./exactNumbers.ts"

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof ExactNumber)

const alike = (value: unknown, document: unknown): unknown => {
  if (typeof value === "number") {
    return document instanceof ExactNumber && Number(document.digits) === value ? document : value
  }
  if (Array.isArray(value)) {
    return Array.isArray(document) ? value.map((each, index) => alike(each, document[index])) : value
  }
  if (!isObject(value) || !isObject(document)) return value
  // Without a prototype, as a document may have a key `__proto__`.
  const made: Record<string, unknown> = Object.create(null)
  for (const [key, each] of Object.entries(document)) if (Object.hasOwn(value, key)) made[key] = alike(value[key], each)
  for (const [key, each] of Object.entries(value)) if (!Object.hasOwn(document, key)) made[key] = each
  return made
}

/**
 * JSON text of a value. Keys stand where they stand in the document, new ones behind; a number that is at the same place in it, and that
 * JavaScript takes for the same, has its digits.
 *
 * @param document - JSON text
 */
export const writtenAlike = (value: Schema.Json, document: string): string =>
  JSON.stringify(alike(value, readExact(document)))

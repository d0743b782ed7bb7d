/**
 * Limits of JSON Schema (bounds, patterns, …): which of two is the stricter.
 *
 * @internal
 */
import type { Schema } from "effect"
import { canonicalText, type JsonSchema } from "./jsonSchema.ts"

const numberOf = (node: JsonSchema, keyword: string): number | undefined => {
  const value = node[keyword]
  return typeof value === "number" ? value : undefined
}

/** Whether `node` lets nothing through that is below `limit`, or at it if `isExclusive`. */
const holdsBelow = (node: JsonSchema, limit: number, isExclusive: boolean) => {
  const inclusive = numberOf(node, "minimum") ?? Number.NEGATIVE_INFINITY
  const exclusive = numberOf(node, "exclusiveMinimum") ?? Number.NEGATIVE_INFINITY
  return exclusive >= limit || (isExclusive ? inclusive > limit : inclusive >= limit)
}

const holdsAbove = (node: JsonSchema, limit: number, isExclusive: boolean) => {
  const inclusive = numberOf(node, "maximum") ?? Number.POSITIVE_INFINITY
  const exclusive = numberOf(node, "exclusiveMaximum") ?? Number.POSITIVE_INFINITY
  return exclusive <= limit || (isExclusive ? inclusive < limit : inclusive <= limit)
}

type Implied = (writer: JsonSchema, limit: Schema.Json, keyword: string) => boolean

const atLeast: Implied = (writer, limit, keyword) =>
  (numberOf(writer, keyword) ?? Number.NEGATIVE_INFINITY) >= Number(limit)

const atMost: Implied = (writer, limit, keyword) =>
  (numberOf(writer, keyword) ?? Number.POSITIVE_INFINITY) <= Number(limit)

const isEqual: Implied = (writer, limit, keyword) =>
  writer[keyword] !== undefined && canonicalText(writer[keyword]) === canonicalText(limit)

/** Whether a multiple of one number is one of the other. */
const isMultiple: Implied = (writer, limit) => {
  const own = numberOf(writer, "multipleOf") ?? (writer.type === "integer" ? 1 : undefined)
  return own !== undefined && Number.isInteger(own / Number(limit))
}

/** By keyword: whether a writer that says this of its values stays within the limit of a reader. */
const implied: Readonly<Record<string, Implied>> = {
  minimum: (writer, limit) => holdsBelow(writer, Number(limit), false),
  exclusiveMinimum: (writer, limit) => holdsBelow(writer, Number(limit), true),
  maximum: (writer, limit) => holdsAbove(writer, Number(limit), false),
  exclusiveMaximum: (writer, limit) => holdsAbove(writer, Number(limit), true),
  minLength: atLeast,
  minItems: atLeast,
  minProperties: atLeast,
  maxLength: atMost,
  maxItems: atMost,
  maxProperties: atMost,
  multipleOf: isMultiple,
  pattern: isEqual,
  uniqueItems: (writer, limit) => limit === false || writer.uniqueItems === true
}

/** Types of values that a limit is about; it says nothing about others. */
const about: Readonly<Record<string, ReadonlyArray<string>>> = {
  minimum: ["number", "integer"],
  exclusiveMinimum: ["number", "integer"],
  maximum: ["number", "integer"],
  exclusiveMaximum: ["number", "integer"],
  multipleOf: ["number", "integer"],
  minLength: ["string"],
  maxLength: ["string"],
  pattern: ["string"],
  minItems: ["array"],
  maxItems: ["array"],
  uniqueItems: ["array"],
  minProperties: ["object"],
  maxProperties: ["object"]
}

export const isLimit = (keyword: string): boolean => keyword in implied

/** Whether one of a fixed list of values keeps a limit. */
const keeps = (value: Schema.Json, keyword: string, limit: Schema.Json): boolean => {
  if (typeof value === "number") return implied[keyword]?.({ minimum: value, maximum: value }, limit, keyword) ?? false
  if (typeof value !== "string") return true
  const length = [...value].length
  if (keyword === "pattern") return new RegExp(String(limit), "u").test(value)
  return implied[keyword]?.({ minLength: length, maxLength: length }, limit, keyword) ?? false
}

/**
 * Whether all that a writer writes keeps a limit of its reader.
 *
 * @param parts - what the writer says of its values, all of it true
 * @param types - of the values that are written
 * @param values - the values that are written, if there is a list of them
 */
export const keepsLimit = (
  parts: ReadonlyArray<JsonSchema>,
  types: ReadonlySet<string>,
  values: ReadonlyArray<Schema.Json> | undefined,
  keyword: string,
  limit: Schema.Json
): boolean => {
  if (!about[keyword]?.some((type) => types.has(type))) return true
  if (parts.some((part) => implied[keyword]?.(part, limit, keyword))) return true
  return values?.every((value) => keeps(value, keyword, limit)) ?? false
}

/**
 * Schemas as JSON Schema (draft 2020-12): what a contract is compared by.
 *
 * @internal
 */
import { createHash } from "node:crypto"
import { Schema, type StandardSchema } from "effect"
import { standardOf } from "../model/standardPayload.ts"
import { decodedAs, named, storedSchema } from "./decodedAs.ts"

/** A JSON Schema that is no boolean. */
export type JsonSchema = Readonly<Record<string, Schema.Json>>

/** Keywords that say nothing about which values are valid. `format` is one in this draft, unless somebody asks for it. */
const annotations: ReadonlySet<string> = new Set([
  "title",
  "description",
  "default",
  "examples",
  "readOnly",
  "writeOnly",
  "deprecated",
  "$comment",
  "$schema",
  "$id",
  "format",
  "contentEncoding",
  "contentMediaType",
  "contentSchema"
])

/** Whether a keyword says nothing about which values are valid; extensions of others begin with `x-`. */
export const isAnnotation = (keyword: string): boolean =>
  annotations.has(keyword) || (keyword.startsWith("x-") && keyword !== decodedAs)

/** Keywords whose values name what is theirs: there `title` is a property, not a keyword. */
const maps: ReadonlySet<string> = new Set(["properties", "patternProperties", "$defs", "dependentSchemas"])

/** Whether what is below a keyword are schemas by name. */
export const isMap = (keyword: string): boolean => maps.has(keyword)

/** Keywords whose values are no schemas. */
const values: ReadonlySet<string> = new Set(["const", "enum", "default", "examples"])

/** Whether what is below a keyword is a value, or a list of them. */
export const isValue = (keyword: string): boolean => values.has(keyword)

/** Keywords whose lists have no order. */
const unordered: ReadonlySet<string> = new Set(["required", "enum", "type"])

const sorted = (values: ReadonlyArray<Schema.Json>) =>
  values.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))

/** The same schema for all that mean the same by other words: keys in order, without annotations. */
const canonical = (schema: Schema.Json): Schema.Json => {
  if (Array.isArray(schema)) return schema.map(canonical)
  if (schema === null || typeof schema !== "object") return schema
  const entries = Object.entries(schema as JsonSchema)
    .filter(([keyword]) => !isAnnotation(keyword))
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([keyword, value]): [string, Schema.Json] => {
      if (unordered.has(keyword) && Array.isArray(value)) return [keyword, sorted(value)]
      return [keyword, isMap(keyword) ? canonicalMap(value) : isValue(keyword) ? value : canonical(value)]
    })
  return Object.fromEntries(entries)
}

const canonicalMap = (map: Schema.Json): Schema.Json =>
  Object.fromEntries(
    Object.entries(map as JsonSchema)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, schema]) => [name, canonical(schema)])
  )

/** Text that is the same for all schemas that mean the same by other words. */
export const canonicalText = (schema: Schema.Json): string => JSON.stringify(canonical(schema))

/** SHA-256 of a schema, by what it means rather than by how it is written. */
export const fingerprintOf = (schema: JsonSchema): string =>
  createHash("sha256").update(canonicalText(schema)).digest("hex")

/** Longest description of a payload that is kept, in characters. */
const longest = 1_000_000

/** Whether a text of JSON can be stored: of what PostgreSQL takes for no text, only escapes can be in it. */
const isStorable = (json: string) => json.length <= longest && !/(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f])/i.test(json)

const described = (schema: Schema.Codec<unknown, unknown>) => {
  const { definitions, schema: root } = Schema.toJsonSchemaDocument(storedSchema(schema))
  const written = Object.keys(definitions).length === 0 ? root : { ...root, $defs: definitions }
  // It is JSON by what it is for, but its type does not say so.
  return named(written as Schema.Json)
}

/** What a Standard Schema says of what it reads, if it can (Standard JSON Schema). */
const toldBy = (schema: object): unknown =>
  (schema as Partial<StandardSchema.StandardJSONSchemaV1>)["~standard"]?.jsonSchema?.input({
    target: "draft-2020-12"
  }) ?? {}

/**
 * What a schema's payloads are as JSON, definitions included. `{}` for one that does not say what that looks like, or says it with
 * what PostgreSQL cannot store: any value.
 */
export const jsonSchemaOf = (schema: Schema.Codec<unknown, unknown>): JsonSchema => {
  try {
    const standard = standardOf(schema)
    const json = JSON.stringify(standard === undefined ? described(schema) : toldBy(standard))
    return isStorable(json) ? (JSON.parse(json) as JsonSchema) : {}
  } catch {
    return {}
  }
}

/** Whether a schema says nothing about its values. */
export const isOpaque = (schema: JsonSchema): boolean => canonicalText(schema) === "{}"

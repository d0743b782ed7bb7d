/**
 * Payloads that a JSON Schema describes, made up. The only file that knows effect's generators, which are not stable yet.
 *
 * @internal
 */
import { Arbitrary, Effect, Schema, SchemaRepresentation } from "effect"
import type { JsonSchema } from "./jsonSchema.ts"

/** Beyond this made-up numbers show nothing that somebody would want to know: cents of 10^300 are no integer. */
const greatest = 1e9

/** Numbers of a size that somebody might write, if the schema has room for them. */
const plausible = (node: JsonSchema): JsonSchema => {
  if (node.type !== "number" && node.type !== "integer") return node
  const low = Number(node.minimum ?? node.exclusiveMinimum ?? Number.NEGATIVE_INFINITY)
  const high = Number(node.maximum ?? node.exclusiveMaximum ?? Number.POSITIVE_INFINITY)
  return {
    ...node,
    ...(low < -greatest && high > -greatest ? { minimum: -greatest } : {}),
    ...(high > greatest && low < greatest ? { maximum: greatest } : {})
  }
}

/** The same schema without what nobody writes: fields that it merely lets pass, numbers without measure. */
const written = (node: Schema.Json): Schema.Json => {
  if (Array.isArray(node)) return node.map(written)
  if (node === null || typeof node !== "object") return node
  return Object.fromEntries(
    Object.entries(plausible(node as JsonSchema)).map(([keyword, value]) =>
      keyword === "additionalProperties" && value === true ? [keyword, false] : [keyword, written(value)]
    )
  )
}

const schemaOf = (jsonSchema: JsonSchema): Schema.Codec<Schema.Json> | undefined => {
  const { $defs = {}, ...schema } = jsonSchema
  try {
    const document = { dialect: "draft-2020-12", schema, definitions: $defs } as Parameters<
      typeof SchemaRepresentation.fromJsonSchemaDocument
    >[0]
    return SchemaRepresentation.fromJsonSchemaDocument(document, {
      patterns: "apply"
    }) as unknown as Schema.Codec<Schema.Json>
  } catch {
    return undefined
  }
}

/**
 * Makes up payloads. Numbers are between -10^9 and 10^9 where the schema has room for that.
 *
 * @param seed - the same one gives the same payloads
 * @returns at most `count`; none when the schema is one that cannot be turned into payloads
 */
export const samplesOf = (
  jsonSchema: JsonSchema,
  count: number,
  seed: string
): Effect.Effect<ReadonlyArray<Schema.Json>> =>
  Effect.suspend(() => {
    const schema = schemaOf(written(jsonSchema) as JsonSchema)
    if (schema === undefined || count === 0) return Effect.succeed([])
    return Arbitrary.sampleEffect(Arbitrary.schema(schema), { count, seed })
  }).pipe(Effect.catchCause(() => Effect.succeed([])))

/** What refuses a value that a JSON Schema does not describe; `undefined` when it cannot be turned into one. */
export const readerOf = (
  jsonSchema: JsonSchema
): ((value: Schema.Json) => Effect.Effect<unknown, Schema.SchemaError>) | undefined => {
  const schema = schemaOf(jsonSchema)
  return schema === undefined ? undefined : Schema.decodeUnknownEffect(schema)
}

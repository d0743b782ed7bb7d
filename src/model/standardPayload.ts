/**
 * Payloads by a Standard Schema (https://standardschema.dev): zod, valibot, arktype and others.
 *
 * Such a schema reads, and cannot write. What is published is stored as JSON of what the schema makes of it, if it reads that back as
 * the same: handlers get what was published.
 *
 * @internal
 */
import { Effect, Schema, SchemaGetter, SchemaIssue, type StandardSchema } from "effect"
import { describe } from "../errors/errorText.ts"
import { jsonProblem } from "./jsonProblem.ts"
import { maxDepth } from "./storable.ts"

type Standard<Payload> = StandardSchema.StandardSchemaV1<unknown, Payload>

/** Codecs that were made here, and what of. */
const standards = new WeakMap<object, Standard<unknown>>()

/** The Standard Schema that a codec was made of. */
export const standardOf = (codec: object): Standard<unknown> | undefined => standards.get(codec)

/** Some are functions. */
const isStandard = (schema: unknown): schema is Standard<unknown> => {
  const { validate, version } = Object(Object(schema)["~standard"])
  return version === 1 && typeof validate === "function"
}

const invalid = (message: string) => new SchemaIssue.InvalidValue({ message })

const keyOf = (segment: PropertyKey | StandardSchema.StandardSchemaV1.PathSegment) =>
  typeof segment === "object" ? segment.key : segment

const toIssue = ({ message, path }: StandardSchema.StandardSchemaV1.Issue): SchemaIssue.Issue =>
  new SchemaIssue.Pointer((path ?? []).map(keyOf), invalid(message))

const resultOf = <Payload>(
  result: StandardSchema.StandardSchemaV1.Result<Payload>
): Effect.Effect<Payload, SchemaIssue.Issue> => {
  if (result.issues === undefined) return Effect.succeed(result.value)
  const [first = invalid("does not fit its schema"), ...rest] = result.issues.map(toIssue)
  return Effect.fail(new SchemaIssue.Composite(Schema.Unknown.ast, [first, ...rest]))
}

const threw = (error: unknown) => invalid(`the schema failed: ${describe(error).text}`)

/** What a schema makes of a value: at once, unless it takes its time. */
const read = <Payload>(schema: Standard<Payload>, value: unknown): Effect.Effect<Payload, SchemaIssue.Issue> => {
  try {
    const result = schema["~standard"].validate(value)
    return "then" in result
      ? Effect.flatMap(Effect.tryPromise({ try: () => result, catch: threw }), resultOf)
      : resultOf(result)
  } catch (error) {
    return Effect.fail(threw(error))
  }
}

const textOf = (value: unknown): Effect.Effect<string, SchemaIssue.Issue> => {
  const problem = jsonProblem(value, maxDepth)
  if (problem === undefined) return Effect.succeed(JSON.stringify(value))
  const path = problem.path === "" ? [] : problem.path.split(".")
  return Effect.fail(new SchemaIssue.Pointer(path, invalid(problem.message)))
}

const unstable = invalid(
  "is not read back as it was written: the schema transforms what it has made already. Publish what it reads without a change, or transform in the handler"
)

/** What a schema reads of a value's JSON; says so when it is the JSON that it does not take. */
const readJson = <Payload>(schema: Standard<Payload>, value: unknown, given: string) =>
  Effect.catchEager(read(schema, JSON.parse(given)), (issue) =>
    Effect.matchEffect(read(schema, value), {
      onFailure: () => Effect.fail(issue),
      onSuccess: () => Effect.fail(new SchemaIssue.Composite(Schema.Unknown.ast, [issue, onlyAsGiven]))
    })
  )

const onlyAsGiven = invalid(
  "the schema takes what was given, but not as JSON, which is what is stored: a date is a text there, for which zod has z.coerce.date()"
)

/** The JSON that a value is stored as: read back, it is what the schema made of the value. */
const write = <Payload>(schema: Standard<Payload>, value: unknown): Effect.Effect<Schema.Json, SchemaIssue.Issue> =>
  Effect.flatMapEager(textOf(value), (given) =>
    Effect.flatMapEager(readJson(schema, value, given), (payload) =>
      Effect.flatMapEager(textOf(payload), (written) => {
        const stored = JSON.parse(written) as Schema.Json
        if (written === given) return Effect.succeed(stored)
        return Effect.flatMapEager(read(schema, stored), (again) =>
          Effect.flatMapEager(textOf(again), (text) =>
            text === written ? Effect.succeed(stored) : Effect.fail(unstable)
          )
        )
      })
    )
  )

/**
 * A codec between a Standard Schema's payloads and their JSON.
 *
 * Encoding fails for what has no form in JSON, does not fit, or is not read back as it was written.
 */
const fromStandard = <Payload>(schema: Standard<Payload>): Schema.Codec<Payload, Schema.Json> => {
  const codec = Schema.Unknown.pipe(
    Schema.decodeTo(Schema.Unknown, {
      decode: SchemaGetter.transformEffect((stored: unknown) => read(schema, stored)),
      encode: SchemaGetter.transformEffect((payload: unknown) => write(schema, payload))
    })
  )
  standards.set(codec, schema)
  // Both sides are checked by the schema itself, which is what knows the type.
  return codec as unknown as Schema.Codec<Payload, Schema.Json>
}

/** What a payload may be described by: a schema of effect, or a Standard Schema. @since 0.1.0 */
export type PayloadSchema<Payload, Encoded> =
  | Schema.Codec<Payload, Encoded>
  // biome-ignore lint/suspicious/noExplicitAny: what it reads is not asked for
  | StandardSchema.StandardSchemaV1<any, Payload>

/** Types do not reach everybody who gives one. */
export const isPayloadSchema = (schema: unknown): boolean => Schema.isSchema(schema) || isStandard(schema)

/** A schema of effect with the codec of its JSON form, whatever the payload was described by. */
export const codecsOf = <Payload, Encoded>(
  schema: PayloadSchema<Payload, Encoded>
): { readonly schema: Schema.Codec<Payload, unknown>; readonly codec: Schema.Codec<Payload, Schema.Json> } => {
  if (Schema.isSchema(schema)) {
    const own = schema as Schema.Codec<Payload, unknown>
    return { schema: own, codec: Schema.toCodecJson(own) }
  }
  const codec = fromStandard(schema as Standard<Payload>)
  return { schema: codec, codec }
}

/**
 * Payloads to and from what is stored, by their definition.
 *
 * @internal
 */
import { type Effect, Schema, SchemaIssue } from "effect"
import type { Issue } from "../errors/PayloadErrors.ts"
import type * as DomainEvent from "./DomainEvent.ts"

const decoders = new WeakMap<object, (payload: unknown) => Effect.Effect<unknown, Schema.SchemaError>>()

/** The decoder of a definition's stored payloads. */
export const decoderOf = (definition: DomainEvent.Definition.Any) => {
  const known = decoders.get(definition)
  if (known !== undefined) return known
  const decoder = Schema.decodeUnknownEffect(definition.codec)
  decoders.set(definition, decoder)
  return decoder
}

const formatIssues = SchemaIssue.makeFormatterStandardSchemaV1()

/** Where and why a payload does not fit its schema. */
export const issuesOf = (error: Schema.SchemaError): ReadonlyArray<Issue> =>
  formatIssues(error.issue).issues.map(({ message, path }) => ({
    path: (path ?? []).map((segment) => String(typeof segment === "object" ? segment.key : segment)).join("."),
    message
  }))

/**
 * An issue with a path that begins with the document it is in.
 *
 * @param document - `payload`, or the name of another document of an event
 */
export const issueIn = (document: string, { message, path }: Issue): Issue => ({
  path: path === "" ? document : `${document}.${path}`,
  message
})

const encoders = new WeakMap<object, (payload: unknown) => Effect.Effect<Schema.Json, Schema.SchemaError>>()

/** The encoder of a definition's payloads, to what is stored. */
export const encoderOf = (definition: DomainEvent.Definition.Any) => {
  const known = encoders.get(definition)
  if (known !== undefined) return known
  const encoder = Schema.encodeUnknownEffect(definition.codec)
  encoders.set(definition, encoder)
  return encoder
}

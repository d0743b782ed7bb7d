/**
 * Payloads to and from what is stored, by their definition.
 *
 * @internal
 */
import { type Effect, Schema, SchemaIssue } from "effect"
import type { Issue } from "../errors/PayloadErrors.ts"
import type * as DomainEvent from "./DomainEvent.ts"

type Convert<To> = (payload: unknown) => Effect.Effect<To, Schema.SchemaError>

/** What `make` makes of a definition, once for each. */
const perDefinition = <To>(make: (definition: DomainEvent.Definition.Any) => Convert<To>) => {
  const known = new WeakMap<DomainEvent.Definition.Any, Convert<To>>()
  return (definition: DomainEvent.Definition.Any): Convert<To> => {
    const existing = known.get(definition)
    if (existing !== undefined) return existing
    const made = make(definition)
    known.set(definition, made)
    return made
  }
}

/** The decoder of a definition's stored payloads. */
export const decoderOf = perDefinition<unknown>((definition) => Schema.decodeUnknownEffect(definition.codec))

/** The encoder of a definition's payloads, to what is stored. */
export const encoderOf = perDefinition<Schema.Json>((definition) => Schema.encodeUnknownEffect(definition.codec))

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

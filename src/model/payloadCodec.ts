/**
 * Payloads to and from what is stored, by their definition.
 *
 * @internal
 */
import { Effect, Exit, Schema, SchemaIssue } from "effect"
import { describe } from "../errors/errorText.ts"
import { EventDecodingError, type Issue, VersionRetired } from "../errors/PayloadErrors.ts"
import type * as DomainEvent from "./DomainEvent.ts"
import { standardOf } from "./standardPayload.ts"
import type { Version, Versions } from "./versions.ts"

type Convert<To> = (payload: unknown) => Effect.Effect<To, Schema.SchemaError>

/** What `make` makes of a definition, or of one of its versions, once for each. */
const once = <From extends object, To>(make: (from: From) => Convert<To>) => {
  const known = new WeakMap<From, Convert<To>>()
  return (from: From): Convert<To> => {
    const existing = known.get(from)
    if (existing !== undefined) return existing
    const made = make(from)
    known.set(from, made)
    return made
  }
}

type Codec = Pick<Version, "codec">

const decoderOf = once<Codec, unknown>(({ codec }) => Schema.decodeUnknownEffect(codec))

/** Checks what the steps have made of a payload. A Standard Schema can tell of what it writes only. */
const checkerOf = once<Version, unknown>(({ codec, schema }) => {
  if (standardOf(codec) === undefined) return Schema.decodeUnknownEffect(Schema.toType(schema))
  const write = Schema.encodeUnknownEffect(codec)
  return (payload) => Effect.mapEager(write(payload), () => payload)
})

/** The encoder of a definition's payloads, to what is stored. */
export const encoderOf = once<DomainEvent.Definition.Any, Schema.Json>(({ codec }) => Schema.encodeUnknownEffect(codec))

/**
 * A payload as handlers will get it: of a Standard Schema what that reads of what is stored, as only it knows; else as it was given.
 *
 * @param stored - what the definition's encoder made of it
 */
export const readBack = (
  definition: DomainEvent.Definition.Any,
  payload: unknown,
  stored: Schema.Json
): Effect.Effect<unknown, Schema.SchemaError> =>
  standardOf(definition.codec) === undefined ? Effect.succeed(payload) : decoderOf(definition)(stored)

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
export const issueIn = (document: string, { path, ...issue }: Issue): Issue => ({
  path: path === "" ? document : `${document}.${path}`,
  ...issue
})

/** A payload as an event or a delivery has it. */
export interface StoredPayload {
  readonly eventName: string
  readonly eventId: string
  readonly schemaVersion: number
  readonly payload: unknown
}

/** Why a payload cannot be read. */
export type DecodeError = EventDecodingError | VersionRetired

/** The error of a payload that is not what it should be. @param step - on the way to the latest version */
const mismatch = ({ eventId, eventName, schemaVersion }: StoredPayload, step?: string) => {
  const of = { eventName, eventId, version: schemaVersion, ...(step === undefined ? {} : { step }) }
  return {
    because: (message: string) => new EventDecodingError({ ...of, issues: [{ path: "", message }] }),
    from: (error: Schema.SchemaError) => new EventDecodingError({ ...of, issues: issuesOf(error) })
  }
}

/** What the steps after a version make of its payload; their code may fail. */
const upFrom = (
  stored: StoredPayload,
  later: ReadonlyArray<Version>,
  first: unknown
): Exit.Exit<unknown, EventDecodingError> => {
  let value = first
  for (const { number, up } of later) {
    try {
      value = up?.(value)
    } catch (error) {
      return Exit.fail(mismatch(stored, `from version ${number - 1} to ${number}`).because(describe(error).text))
    }
  }
  return Exit.succeed(value)
}

/** A payload of another version than the latest: read by its own schema, brought forward, and checked by the latest. */
const decodeOther = (
  { chain }: Versions<unknown>,
  latest: number,
  stored: StoredPayload
): Effect.Effect<unknown, DecodeError> => {
  const { eventId, eventName, payload, schemaVersion: version } = stored
  const [{ number: first }] = chain
  if (version < first) return Effect.fail(new VersionRetired({ eventName, eventId, version, first }))
  const own = chain[version - first]
  const last = chain.at(-1) as Version
  if (own === undefined) {
    return Effect.fail(mismatch(stored, "here").because(`versions ${first} to ${latest} are known`))
  }
  return Effect.mapErrorEager(decoderOf(own)(payload), mismatch(stored, `as version ${version}`).from).pipe(
    Effect.flatMapEager((value) => upFrom(stored, chain.slice(version - first + 1), value)),
    Effect.flatMapEager((value) =>
      Effect.mapErrorEager(checkerOf(last)(value), mismatch(stored, `as version ${last.number}`).from)
    )
  )
}

/** A stored payload as its definition's latest version. The code of a schema may be a defect. */
export const decode = (
  definition: DomainEvent.Definition.Any,
  stored: StoredPayload
): Effect.Effect<unknown, DecodeError> =>
  definition.versions === undefined || stored.schemaVersion === definition.version
    ? Effect.mapErrorEager(decoderOf(definition)(stored.payload), mismatch(stored).from)
    : decodeOther(definition.versions, definition.version, stored)

/**
 * From what is published to the row that is stored: checked and encoded, before anything is written.
 *
 * @internal
 */
import { DateTime, Duration, Effect, Option } from "effect"
import { InvalidIdentifier, InvalidOption, type UnsupportedOption } from "../errors/DeclarationErrors.ts"
import { EventEncodingError, type Issue } from "../errors/PayloadErrors.ts"
import { unknownOption } from "../errors/unknownOption.ts"
import * as DomainEvent from "../model/DomainEvent.ts"
import { isPattern } from "../model/eventPattern.ts"
import { encoderOf, issueIn, issuesOf, readBack } from "../model/payloadCodec.ts"
import { identifierProblem, longestDelayMillis, storableJson, storableValue } from "../model/storable.ts"
import { versionProblem } from "../model/versions.ts"
import type { NewEvent } from "../stores/OutboxStore.ts"
import { type Inheritance, lineageOf, metadataOf } from "./inheritance.ts"
import type { RequireTransaction } from "./inTransaction.ts"
import type { UntypedEvent } from "./UntypedEvent.ts"

const supportedOptions = ["metadata", "correlationId", "cause", "aggregateId", "delay", "availableAt", "dedupeKey"]

const untypedFields = [...supportedOptions, "eventName", "sourceModule", "aggregateType", "payload", "schemaVersion"]

/** Why an event cannot be published. */
type PrepareError = InvalidIdentifier | InvalidOption | EventEncodingError | UnsupportedOption

/** An event and what its caller gets back of it. */
export interface Prepared {
  readonly row: NewEvent
  readonly payload: unknown
  readonly metadata: DomainEvent.Metadata
  /** What the event was published with, if it has a definition. */
  readonly definition: DomainEvent.Definition.Any | undefined
}

/** Characters of what is stored of an event. */
export const contentLength = ({ row: { metadata, payload } }: Prepared): number =>
  payload.length + (metadata?.length ?? 0)

/** What an event is prepared with, besides what is said of it. */
export interface Preparation {
  readonly id: string
  readonly inheritance: Inheritance
  readonly maxPayloadBytes: number
}

/**
 * Prepares one event. What is wrong with it, and nearly always what it becomes, is known at once: such an effect is an exit already,
 * and costs no fiber's time.
 */
export type Prepare<A> = (each: A, preparation: Preparation) => Effect.Effect<Prepared, PrepareError>

/** What goes for all events of a publisher. */
export interface Rules {
  /** Largest payload, and largest metadata, in bytes of JSON. */
  readonly maxPayloadBytes: number
  /** Keys of metadata that follow from cause to caused. */
  readonly inheritMetadata: ReadonlyArray<string>
  /** Share of what is published outside of any trace that is traced. */
  readonly traceSampleRatio: number
  /** What happens to what is published outside of a transaction. */
  readonly requireTransaction: RequireTransaction
}

/** Latest time an event can be put off to, in milliseconds: the end of the year 9999. */
const latest = 253_402_300_799_999

const refuseTime = (event: UntypedEvent, option: string, value: unknown, expected: string) =>
  Effect.fail(
    new InvalidOption({
      option: `${option} of event "${event.eventName.slice(0, 80)}"`,
      value: String(value),
      expected
    })
  )

/** When an event that is put off may be delivered: in so many milliseconds, or at a time. */
const dueOf = (event: UntypedEvent): Effect.Effect<NewEvent["due"], InvalidOption> => {
  const { availableAt, delay } = event
  if (delay === undefined && availableAt === undefined) return Effect.undefined
  if (delay !== undefined && availableAt !== undefined) {
    return refuseTime(event, "delay", delay, "to be left out, as availableAt is given")
  }
  if (delay !== undefined) {
    const millis = Option.map(Duration.fromInput(delay), Duration.toMillis)
    return Option.isSome(millis) && millis.value >= 0 && millis.value <= longestDelayMillis
      ? Effect.succeed(millis.value)
      : refuseTime(event, "delay", delay, "a duration from zero to 800 years")
  }
  const at = Option.map(DateTime.make(availableAt as DateTime.DateTime.Input), DateTime.toEpochMillis)
  return Option.isSome(at) && Math.abs(at.value) <= latest
    ? Effect.succeed(new Date(at.value))
    : refuseTime(event, "availableAt", availableAt, "a time up to the year 9999")
}

/** What is wrong with the event that another follows from, as far as that inherits from it. */
const causeProblem = (
  { cause }: UntypedEvent,
  problem: (what: string, text: unknown, max: number) => InvalidIdentifier | undefined
) => {
  if (cause === undefined) return undefined
  const { correlationId, id }: Partial<DomainEvent.Cause> = Object(cause)
  const { maxLength } = DomainEvent
  return (
    problem("cause.id", id, maxLength.id) ??
    (correlationId === undefined ? undefined : problem("cause.correlationId", correlationId, maxLength.id))
  )
}

/** What is wrong with an event's names, ids or version, or with its correlation from elsewhere; or `undefined`. */
const nameProblem = (event: UntypedEvent, { within }: Inheritance): InvalidIdentifier | undefined => {
  const { maxLength } = DomainEvent
  const version = event.schemaVersion ?? 1
  const problem = (what: string, text: unknown, max: number) => {
    const found = identifierProblem(text, max)
    if (found === undefined) return undefined
    const of = what === "event name" ? "" : ` of event "${String(event.eventName).slice(0, 80)}"`
    return new InvalidIdentifier({ field: `${what}${of}`, problem: found })
  }
  return (
    problem("event name", event.eventName, maxLength.eventName) ??
    (isPattern(event.eventName)
      ? new InvalidIdentifier({
          field: `event name "${event.eventName}"`,
          problem: "contains *, which is for patterns"
        })
      : undefined) ??
    problem("sourceModule", event.sourceModule, maxLength.sourceModule) ??
    problem("aggregateType", event.aggregateType, maxLength.aggregateType) ??
    problem("aggregateId", event.aggregateId, maxLength.aggregateId) ??
    (event.correlationId === undefined ? undefined : problem("correlationId", event.correlationId, maxLength.id)) ??
    causeProblem(event, problem) ??
    (within?.correlationId === undefined
      ? undefined
      : problem("correlationId of Lineage.within", within.correlationId, maxLength.id)) ??
    (event.dedupeKey === undefined ? undefined : problem("dedupeKey", event.dedupeKey, maxLength.id)) ??
    (Number.isInteger(version) && version >= 1 && version <= 2_147_483_647
      ? undefined
      : new InvalidIdentifier({
          field: `version of event "${event.eventName.slice(0, 80)}"`,
          problem: `is ${version}, not a positive integer`
        }))
  )
}

/** The error of a document of an event that cannot be stored. */
const encodingError = (eventName: string, field: string, issue: Issue) =>
  new EventEncodingError({ eventName, issues: [issueIn(field, issue)] })

/**
 * Prepares an event, whatever it is called.
 *
 * @param textOf - checks the payload, and makes JSON of it: `storableJson` for one that a schema has encoded
 */
export const prepareUntyped = (
  event: UntypedEvent,
  { id, inheritance, maxPayloadBytes }: Preparation,
  textOf = storableValue
): Effect.Effect<Prepared, InvalidIdentifier | InvalidOption | EventEncodingError> => {
  const invalid = nameProblem(event, inheritance)
  if (invalid !== undefined) return Effect.fail(invalid)
  const { eventName } = event
  const payload = textOf(event.payload, maxPayloadBytes)
  if ("issue" in payload) return Effect.fail(encodingError(eventName, "payload", payload.issue))
  const metadata = metadataOf(event, inheritance, payload.json, maxPayloadBytes)
  if ("issue" in metadata) return Effect.fail(encodingError(eventName, "metadata", metadata.issue))
  return Effect.mapEager(dueOf(event), (due) => ({
    row: {
      id,
      eventName,
      schemaVersion: event.schemaVersion ?? 1,
      sourceModule: event.sourceModule,
      aggregateType: event.aggregateType,
      aggregateId: event.aggregateId,
      payload: payload.json,
      metadata: metadata.json,
      ...lineageOf(event, inheritance),
      dedupeKey: event.dedupeKey,
      due
    },
    payload: event.payload,
    metadata: metadata.metadata ?? {},
    definition: undefined
  }))
}

const aggregateIdOf = ({ definition, options }: DomainEvent.Publication.Any, payload: unknown) => {
  if (options.aggregateId !== undefined) return Effect.succeed(options.aggregateId)
  try {
    return Effect.succeed(definition.aggregateId(payload))
  } catch (cause) {
    const message = `the definition's aggregateId function failed: ${cause}`
    return Effect.fail(
      new EventEncodingError({ eventName: definition.name, issues: [{ path: "aggregateId", message }] })
    )
  }
}

/** The payload of a publication as it is stored, and as handlers will get it. */
const encodedOf = ({ definition, payload }: DomainEvent.Publication.Any) =>
  Effect.mapErrorEager(
    Effect.flatMapEager(encoderOf(definition)(payload), (encoded) =>
      Effect.mapEager(readBack(definition, payload, encoded), (read) => ({ encoded, payload: read }))
    ),
    (error) =>
      new EventEncodingError({
        eventName: definition.name,
        issues: issuesOf(error).map((issue) => issueIn("payload", issue))
      })
  )

/** Types do not reach everybody: an event that is published by its name alone has another form. */
const noDefinition = (definition: unknown) =>
  typeof definition === "object" && definition !== null && "codec" in definition
    ? undefined
    : new InvalidOption({
        option: "definition of Publisher.publish",
        value: typeof definition === "string" ? `"${definition}"` : typeof definition,
        expected:
          "one of DomainEvent.define; without one: publishEvent({ eventName, sourceModule, aggregateType, aggregateId, payload })"
      })

/** The same for an event without a definition: one object, not its fields one after the other. */
const noEvent = (event: unknown) =>
  typeof event === "object" && event !== null
    ? undefined
    : new InvalidOption({
        option: "event of publishEvent",
        value: typeof event === "string" ? `"${event}"` : typeof event,
        expected: "one object: { eventName, sourceModule, aggregateType, aggregateId, payload }"
      })

/** Prepares an event of a definition. */
export const prepareTyped: Prepare<DomainEvent.Publication.Any> = (publication, preparation) => {
  const { definition, options } = publication
  const wrong =
    noDefinition(definition) ??
    unknownOption(`Publishing "${definition.name}"`, options, supportedOptions) ??
    versionProblem(definition)
  if (wrong !== undefined) return Effect.fail(wrong)
  return Effect.flatMapEager(encodedOf(publication), ({ encoded, payload }) =>
    Effect.flatMapEager(aggregateIdOf(publication, payload), (aggregateId) => {
      const event: UntypedEvent = {
        ...options,
        eventName: definition.name,
        sourceModule: definition.sourceModule,
        aggregateType: definition.aggregateType,
        aggregateId,
        payload: encoded,
        schemaVersion: definition.version
      }
      return Effect.mapEager(
        prepareUntyped(event, preparation, storableJson),
        (prepared): Prepared => ({ row: prepared.row, metadata: prepared.metadata, payload, definition })
      )
    })
  )
}

/** Prepares an event that has no definition. */
export const prepareGiven: Prepare<UntypedEvent> = (event, preparation) => {
  const wrong = noEvent(event) ?? unknownOption(`Publishing "${event.eventName}"`, event, untypedFields)
  if (wrong !== undefined) return Effect.fail(wrong)
  return prepareUntyped(event.payload === undefined ? { ...event, payload: {} } : event, preparation)
}

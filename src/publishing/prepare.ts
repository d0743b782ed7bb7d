/**
 * From what is published to the row that is stored: checked and encoded, before anything is written.
 *
 * @internal
 */
import { DateTime, Duration, Effect, Option } from "effect"
import { InvalidIdentifier, InvalidOption } from "../errors/DeclarationErrors.ts"
import { EventEncodingError } from "../errors/PayloadErrors.ts"
import { unknownOption } from "../errors/unknownOption.ts"
import { oversizeOf } from "../model/contentSize.ts"
import * as DomainEvent from "../model/DomainEvent.ts"
import { isPattern } from "../model/eventPattern.ts"
import { encoderOf, issueIn, issuesOf } from "../model/payloadCodec.ts"
import { checkIdentifier, longestDelayMillis, oversizeText, storableJson, storableValue } from "../model/storable.ts"
import type { NewEvent } from "../stores/OutboxStore.ts"
import { nextEventId } from "./eventIds.ts"
import type { UntypedEvent } from "./UntypedEvent.ts"

const supportedOptions = ["metadata", "correlationId", "aggregateId", "delay", "availableAt", "dedupeKey"]

export const untypedFields = [
  ...supportedOptions,
  "eventName",
  "sourceModule",
  "aggregateType",
  "payload",
  "schemaVersion"
]

/** Fails with `UnsupportedOption` when something is said of an event that is not known. */
export const refuseUnknown = (eventName: string, given: object, supported: ReadonlyArray<string>) => {
  const unknown = unknownOption(`Publishing "${eventName}"`, given, supported)
  return unknown === undefined ? Effect.void : Effect.fail(unknown)
}

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

/** Characters that are encoded before others have their turn. */
const turnLength = 1_048_576

/** Prepares a list. Encoding takes a while with large events, so others have their turn in between. */
export const prepareAll = Effect.fnUntraced(function* <A, E>(
  list: ReadonlyArray<A>,
  prepare: (each: A) => Effect.Effect<Prepared, E>
) {
  const all: Array<Prepared> = []
  let length = 0
  for (const each of list) {
    const prepared = yield* prepare(each)
    all.push(prepared)
    length += contentLength(prepared)
    if (length < turnLength) continue
    length = 0
    yield* Effect.yieldNow
  }
  return all
})

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

const checkNames = Effect.fnUntraced(function* (event: UntypedEvent) {
  const of = `of event "${String(event.eventName).slice(0, 80)}"`
  yield* checkIdentifier("event name", event.eventName, DomainEvent.maxLength.eventName)
  if (isPattern(event.eventName)) {
    return yield* new InvalidIdentifier({
      field: `event name "${event.eventName}"`,
      problem: "contains *, which is for patterns"
    })
  }
  yield* checkIdentifier(`sourceModule ${of}`, event.sourceModule, DomainEvent.maxLength.sourceModule)
  yield* checkIdentifier(`aggregateType ${of}`, event.aggregateType, DomainEvent.maxLength.aggregateType)
  yield* checkIdentifier(`aggregateId ${of}`, event.aggregateId, DomainEvent.maxLength.aggregateId)
  if (event.correlationId !== undefined) {
    yield* checkIdentifier(`correlationId ${of}`, event.correlationId, DomainEvent.maxLength.id)
  }
  if (event.dedupeKey !== undefined) {
    yield* checkIdentifier(`dedupeKey ${of}`, event.dedupeKey, DomainEvent.maxLength.id)
  }
  const version = event.schemaVersion ?? 1
  if (!Number.isInteger(version) || version < 1 || version > 2_147_483_647) {
    return yield* new InvalidIdentifier({ field: `version ${of}`, problem: `is ${version}, not a positive integer` })
  }
})

/** JSON text of a document, or the error that says why it cannot be stored. */
const toJson = (eventName: string, field: string, stored: ReturnType<typeof storableJson>) =>
  "json" in stored
    ? Effect.succeed(stored.json)
    : Effect.fail(new EventEncodingError({ eventName, issues: [issueIn(field, stored.issue)] }))

/** JSON text of an event's metadata, which are read together with its payload. */
const metadataOf = Effect.fnUntraced(function* (
  { eventName, metadata }: UntypedEvent,
  payload: string,
  maxBytes: number
) {
  if (metadata === undefined) return undefined
  const json = yield* toJson(eventName, "metadata", storableValue(metadata, maxBytes))
  const oversize = oversizeOf(payload, json)
  if (oversize === undefined) return json
  const issue = { path: "metadata", message: oversizeText(oversize, ", with the payload") }
  return yield* new EventEncodingError({ eventName, issues: [issue] })
})

/**
 * @param textOf - checks the payload, and makes JSON of it: `storableJson` for one that a schema has encoded
 */
export const prepareUntyped = Effect.fnUntraced(function* (
  event: UntypedEvent,
  maxPayloadBytes: number,
  textOf = storableValue
) {
  yield* checkNames(event)
  const payload = yield* toJson(event.eventName, "payload", textOf(event.payload, maxPayloadBytes))
  const cause = yield* DomainEvent.Current
  const row: NewEvent = {
    id: yield* nextEventId,
    eventName: event.eventName,
    schemaVersion: event.schemaVersion ?? 1,
    sourceModule: event.sourceModule,
    aggregateType: event.aggregateType,
    aggregateId: event.aggregateId,
    payload,
    metadata: yield* metadataOf(event, payload, maxPayloadBytes),
    correlationId: event.correlationId ?? cause?.correlationId ?? cause?.id,
    causationId: cause?.id,
    dedupeKey: event.dedupeKey,
    due: event.delay === undefined && event.availableAt === undefined ? undefined : yield* dueOf(event)
  }
  return { row, payload: event.payload, metadata: event.metadata ?? {}, definition: undefined }
})

const aggregateIdOf = ({ definition, options, payload }: DomainEvent.Publication.Any) =>
  options.aggregateId !== undefined
    ? Effect.succeed(options.aggregateId)
    : Effect.try({
        try: () => definition.aggregateId(payload),
        catch: (cause) =>
          new EventEncodingError({
            eventName: definition.name,
            issues: [{ path: "aggregateId", message: `the definition's aggregateId function failed: ${cause}` }]
          })
      })

export const prepareTyped = Effect.fnUntraced(function* (
  publication: DomainEvent.Publication.Any,
  maxPayloadBytes: number
) {
  const { definition, options } = publication
  yield* refuseUnknown(definition.name, options, supportedOptions)
  const encoded = yield* Effect.mapError(
    encoderOf(definition)(publication.payload),
    (error) =>
      new EventEncodingError({
        eventName: definition.name,
        issues: issuesOf(error).map((issue) => issueIn("payload", issue))
      })
  )
  const { aggregateId: _, ...rest } = options
  const prepared = yield* prepareUntyped(
    {
      eventName: definition.name,
      sourceModule: definition.sourceModule,
      aggregateType: definition.aggregateType,
      aggregateId: yield* aggregateIdOf(publication),
      payload: encoded,
      schemaVersion: definition.version,
      ...rest
    },
    maxPayloadBytes,
    storableJson
  )
  return { ...prepared, payload: publication.payload as unknown, definition }
})

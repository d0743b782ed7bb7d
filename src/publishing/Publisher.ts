/**
 * Records events in the transactional outbox.
 *
 * Publishing inserts the event and its deliveries; the processor hands them over later. Inside
 * `Transactor.withTransaction` they commit or roll back with the caller's writes.
 *
 * @since 0.1.0
 */
import { Context, DateTime, Duration, Effect, Layer, Option } from "effect"
import { InvalidIdentifier, InvalidOption, UnsupportedOption } from "../errors/declaration.ts"
import { EventEncodingError, OutboxDisabled } from "../errors/payload.ts"
import { isRefused } from "../errors/sqlState.ts"
import type { StoreError } from "../errors/store.ts"
import * as DomainEvent from "../model/DomainEvent.ts"
import { isPattern } from "../model/eventPattern.ts"
import { decoderOf, encoderOf, issuesOf } from "../model/payloadCodec.ts"
import { checkIdentifier, defaultMaxPayloadBytes, storableJson } from "../model/storable.ts"
import { Settings } from "../settings/Settings.ts"
import { collect } from "../stores/deferredWrites.ts"
import { type Appended, type NewEvent, type OutboxRow, OutboxStore } from "../stores/OutboxStore.ts"
import { Transactor } from "../stores/Transactor.ts"
import { Broadcast, type Ride } from "../wakeups/Broadcast.ts"
import { Notifier } from "../wakeups/Notifier.ts"
import { make as coalesce } from "./coalesce.ts"
import { nextEventId } from "./eventIds.ts"

/** Why an event was not published; nothing was written then. @since 0.1.0 */
export type PublishError =
  | EventEncodingError
  | InvalidIdentifier
  | InvalidOption
  | UnsupportedOption
  | OutboxDisabled
  | StoreError

/** An event without a definition, as the reference system's publisher takes it. @since 0.1.0 */
export interface UntypedEvent {
  /** 1 to 255 characters, without `*`. */
  readonly eventName: string
  /** 1 to 127 characters. */
  readonly sourceModule: string
  /** 1 to 127 characters. */
  readonly aggregateType: string
  /** 1 to 255 characters. */
  readonly aggregateId: string
  /** Any JSON value. */
  readonly payload: unknown
  readonly metadata?: DomainEvent.Metadata
  /** At most 255 characters; default: inherited inside a handler, else none. */
  readonly correlationId?: string
  /** Version of the payload's form, a positive integer; default 1. */
  readonly schemaVersion?: number
  /** See `DomainEvent.PublishOptions`. */
  readonly delay?: DomainEvent.PublishOptions["delay"] & {}
  /** See `DomainEvent.PublishOptions`. */
  readonly availableAt?: DomainEvent.PublishOptions["availableAt"] & {}
  /** See `DomainEvent.PublishOptions`. */
  readonly dedupeKey?: string
}

/** Rows one statement inserts at most; a longer list takes several, in one transaction. */
const chunkSize = 1000

/** Characters of a payload that is large enough to be worth a statement of its own. */
const maxCoalescedLength = 65_536

const supportedOptions = ["metadata", "correlationId", "aggregateId", "delay", "availableAt", "dedupeKey"]

const untypedFields = [...supportedOptions, "eventName", "sourceModule", "aggregateType", "payload", "schemaVersion"]

const refuseUnknown = (eventName: string, given: object, supported: ReadonlyArray<string>) => {
  const option = Object.keys(given).find((key) => !supported.includes(key))
  return option === undefined
    ? Effect.void
    : Effect.fail(new UnsupportedOption({ where: `Publishing "${eventName}"`, option, supported }))
}

/** An event and what its caller gets back of it. */
interface Prepared {
  readonly row: NewEvent
  readonly payload: unknown
  readonly metadata: DomainEvent.Metadata
  /** What the event was published with, if it has a definition. */
  readonly definition: DomainEvent.Definition.Any | undefined
}

const storedAs = ({ metadata, payload, row }: Prepared, stored: Appended): DomainEvent.Stored => ({
  id: row.id,
  name: row.eventName,
  sourceModule: row.sourceModule,
  aggregate: { module: row.sourceModule, entityType: row.aggregateType, entityId: row.aggregateId },
  payload,
  metadata,
  schemaVersion: row.schemaVersion,
  position: stored.position,
  status: stored.status,
  timestamp: DateTime.fromDateUnsafe(stored.createdAt),
  correlationId: row.correlationId,
  causationId: row.causationId,
  consumers: stored.consumers,
  isDuplicate: false
})

/** What is known of an event that a leased handler publishes, until its delivery is settled. */
const provisional = (row: NewEvent): Appended => ({
  id: row.id,
  position: 0n,
  status: "pending",
  createdAt: new Date(),
  consumers: [],
  existing: undefined
})

/** The event that was there before. */
const found = Effect.fnUntraced(function* (prepared: Prepared, row: OutboxRow, stored: Appended) {
  const decoded =
    prepared.definition === undefined
      ? Option.some<unknown>(row.payload)
      : yield* Effect.option(decoderOf(prepared.definition)(row.payload))
  const event: DomainEvent.Stored = {
    id: row.id,
    name: row.eventName,
    sourceModule: row.sourceModule,
    aggregate: { module: row.sourceModule, entityType: row.aggregateType, entityId: row.aggregateId },
    payload: Option.getOrElse(decoded, () => prepared.payload),
    metadata: (row.metadata as DomainEvent.Metadata | null) ?? {},
    schemaVersion: row.schemaVersion,
    position: row.position,
    status: stored.status,
    timestamp: DateTime.fromDateUnsafe(row.createdAt),
    correlationId: row.correlationId ?? undefined,
    causationId: row.causationId ?? undefined,
    consumers: stored.consumers,
    isDuplicate: true
  }
  return event
})

const toStored = (prepared: Prepared, stored: Appended): Effect.Effect<DomainEvent.Stored> =>
  stored.existing === undefined ? Effect.succeed(storedAs(prepared, stored)) : found(prepared, stored.existing, stored)

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
    return Option.isSome(millis) && millis.value >= 0 && millis.value <= latest / 10
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
const toJson = (eventName: string, field: string, value: unknown, maxBytes: number) => {
  const stored = storableJson(value, maxBytes)
  if ("json" in stored) return Effect.succeed(stored.json)
  const { message, path } = stored.issue
  return Effect.fail(
    new EventEncodingError({ eventName, issues: [{ path: path === "" ? field : `${field}.${path}`, message }] })
  )
}

const prepareUntyped = Effect.fnUntraced(function* (event: UntypedEvent, maxPayloadBytes: number) {
  yield* checkNames(event)
  const payload = yield* toJson(event.eventName, "payload", event.payload, maxPayloadBytes)
  const metadata = event.metadata
  const cause = yield* DomainEvent.Current
  const row: NewEvent = {
    id: yield* nextEventId,
    eventName: event.eventName,
    schemaVersion: event.schemaVersion ?? 1,
    sourceModule: event.sourceModule,
    aggregateType: event.aggregateType,
    aggregateId: event.aggregateId,
    payload,
    metadata:
      metadata === undefined ? undefined : yield* toJson(event.eventName, "metadata", metadata, maxPayloadBytes),
    correlationId: event.correlationId ?? cause?.correlationId ?? cause?.id,
    causationId: cause?.id,
    dedupeKey: event.dedupeKey,
    due: event.delay === undefined && event.availableAt === undefined ? undefined : yield* dueOf(event)
  }
  return { row, payload: event.payload, metadata: metadata ?? {}, definition: undefined }
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

const prepareTyped = Effect.fnUntraced(function* (publication: DomainEvent.Publication.Any, maxPayloadBytes: number) {
  const { definition, options } = publication
  yield* refuseUnknown(definition.name, options, supportedOptions)
  const encoded = yield* Effect.mapError(
    encoderOf(definition)(publication.payload),
    (error) =>
      new EventEncodingError({
        eventName: definition.name,
        issues: issuesOf(error).map((issue) => ({
          ...issue,
          path: issue.path === "" ? "payload" : `payload.${issue.path}`
        }))
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
    maxPayloadBytes
  )
  return { ...prepared, payload: publication.payload as unknown, definition }
})

/** The stored form of a publication's event. */
type StoredOf<P> =
  P extends DomainEvent.Publication<infer Name, infer Payload> ? DomainEvent.Stored<Name, Payload> : never

/**
 * Appends events to the outbox.
 *
 * All operations join the caller's transaction, else use one of their own. Single events that are published at the same
 * time, outside of transactions and without a key, are stored by one statement; one that the database refuses fails alone,
 * and interrupting a caller does not undo what is under way. What cannot be stored fails before anything
 * is written: `EventEncodingError` (payload or metadata, with the path), `InvalidIdentifier` (names and ids),
 * `InvalidOption` (`delay`, `availableAt`), `UnsupportedOption`, and `OutboxDisabled` when the setting `enabled` is false. `StoreError` means that the store
 * refused the write or, after a lost connection outside a transaction, that its outcome is unknown.
 *
 * @since 0.1.0
 */
export class Publisher extends Context.Service<
  Publisher,
  {
    /** Publishes one event of a definition; returns it as stored. */
    readonly publish: <Name extends string, Payload>(
      definition: DomainEvent.Definition<Name, Payload>,
      payload: NoInfer<Payload>,
      options?: DomainEvent.PublishOptions
    ) => Effect.Effect<DomainEvent.Stored<Name, Payload>, PublishError>
    /**
     * Publishes events of any definitions, made with `DomainEvent.publication`: all or none, stored in the order
     * given.
     */
    readonly publishAll: <const Publications extends ReadonlyArray<DomainEvent.Publication.Any>>(
      publications: Publications
    ) => Effect.Effect<{ readonly [Index in keyof Publications]: StoredOf<Publications[Index]> }, PublishError>
    /** Publishes an event that has no definition in this code. */
    readonly publishEvent: (event: UntypedEvent) => Effect.Effect<DomainEvent.Stored, PublishError>
    /** The same for a list: all or none, stored in the order given. */
    readonly publishEvents: (
      events: ReadonlyArray<UntypedEvent>
    ) => Effect.Effect<ReadonlyArray<DomainEvent.Stored>, PublishError>
  }
>()("effect-integration/Publisher") {
  /**
   * @param options.maxPayloadBytes - largest payload, and largest metadata, in bytes of JSON; default 1 MiB
   *
   * @since 0.1.0
   */
  static readonly layer = (
    options: { readonly maxPayloadBytes?: number } = {}
  ): Layer.Layer<Publisher, never, OutboxStore | Notifier | Settings | Transactor> =>
    Layer.effect(
      Publisher,
      Effect.gen(function* () {
        const outbox = yield* OutboxStore
        const notifier = yield* Notifier
        const broadcast = yield* Broadcast
        const settings = yield* Settings
        const transactor = yield* Transactor
        const maxPayloadBytes = options.maxPayloadBytes ?? defaultMaxPayloadBytes
        const collecting = collect(transactor.isOpen)
        const unheard = new Set<string>()

        const mention = (stored: DomainEvent.Stored) => {
          if (stored.position === 0n || stored.consumers.length > 0 || stored.isDuplicate || unheard.has(stored.name))
            return Effect.void
          unheard.add(stored.name)
          return Effect.logInfo(`Event "${stored.name}" has no consumer: it is stored as processed`)
        }
        const checkEnabled = (eventName: string) =>
          Effect.flatMap(settings.current, ({ enabled }) =>
            enabled ? Effect.void : Effect.fail(new OutboxDisabled({ eventName }))
          )
        const appendChunk = Effect.fnUntraced(function* (prepared: ReadonlyArray<Prepared>, ride?: Ride) {
          const appended = yield* outbox.append(
            prepared.map((_) => _.row),
            ride
          )
          return appended.every((each) => each.existing === undefined)
            ? prepared.map((each, index) => storedAs(each, appended[index] as Appended))
            : yield* Effect.forEach(prepared, (each, index) => toStored(each, appended[index] as Appended))
        })
        const append = Effect.fnUntraced(function* (prepared: ReadonlyArray<Prepared>) {
          const stored: Array<DomainEvent.Stored> = []
          for (let start = 0; start < prepared.length; start += chunkSize) {
            stored.push(...(yield* appendChunk(prepared.slice(start, start + chunkSize))))
          }
          // A poll cannot see the rows before the commit, so an earlier wake-up would find nothing.
          const written = stored.filter((event) => !event.isDuplicate)
          yield* transactor.afterCommit(notifier.announce(new Set(written.flatMap((_) => _.consumers))))
          return stored
        })
        /** One event, outside of any transaction. It tells other processes itself, if that can be and does no harm. */
        const appendAlone = (prepared: ReadonlyArray<Prepared>) =>
          Effect.suspend(() => {
            let isRidden = false
            return broadcast
              .riding((ride) => {
                if (ride === undefined) return append(prepared)
                isRidden = true
                return Effect.tap(appendChunk(prepared, ride), (stored) =>
                  notifier.wake(new Set(stored.flatMap((_) => _.consumers)))
                )
              })
              .pipe(
                // It may have been the notification that was refused.
                Effect.catchCause((cause) =>
                  isRidden && isRefused(cause) ? append(prepared) : Effect.failCause(cause)
                )
              )
          })
        const appendTogether = (prepared: ReadonlyArray<Prepared>) =>
          prepared.length === 1 ? appendAlone(prepared) : append(prepared)
        const appendCoalesced = coalesce(appendTogether, yield* Effect.context<never>())
        /** One event outside of a transaction goes with those that others publish at the same time. */
        const appendOne = (event: Prepared) =>
          event.row.dedupeKey !== undefined || event.row.payload.length > maxCoalescedLength
            ? append([event])
            : Effect.flatMap(transactor.isOpen, (isJoined) =>
                isJoined ? append([event]) : Effect.map(appendCoalesced(event), (stored) => [stored])
              )
        const store = Effect.fnUntraced(function* (prepared: ReadonlyArray<Prepared>) {
          const [first] = prepared
          if (first === undefined) return []
          yield* checkEnabled(first.row.eventName)
          const write = prepared.length === 1 ? appendOne(first) : append(prepared)
          const stored = yield* collecting(
            prepared.length > chunkSize ? transactor.withTransaction(write) : write,
            () => prepared.map((each) => storedAs(each, provisional(each.row)))
          )
          yield* Effect.forEach(stored, mention, { discard: true })
          return stored
        })
        const storeOne = (prepared: Prepared) =>
          Effect.map(store([prepared]), ([stored]) => stored as DomainEvent.Stored)

        const publish = Effect.fn("Publisher.publish")(function* (publication: DomainEvent.Publication.Any) {
          return yield* storeOne(yield* prepareTyped(publication, maxPayloadBytes))
        })
        const publishAll = Effect.fn("Publisher.publishAll")(function* (
          publications: ReadonlyArray<DomainEvent.Publication.Any>
        ) {
          return yield* store(yield* Effect.forEach(publications, (_) => prepareTyped(_, maxPayloadBytes)))
        })
        const prepare = Effect.fnUntraced(function* (event: UntypedEvent) {
          yield* refuseUnknown(String(event.eventName), event, untypedFields)
          return yield* prepareUntyped(event, maxPayloadBytes)
        })
        return Publisher.of({
          publish: (definition, payload, publishOptions) =>
            publish(DomainEvent.publication(definition, payload, publishOptions)) as Effect.Effect<never, PublishError>,
          publishAll: (publications) => publishAll(publications) as Effect.Effect<never, PublishError>,
          publishEvent: Effect.fn("Publisher.publishEvent")(function* (event) {
            return yield* storeOne(yield* prepare(event))
          }),
          publishEvents: Effect.fn("Publisher.publishEvents")(function* (events) {
            return yield* store(yield* Effect.forEach(events, prepare))
          })
        })
      })
    )
  /** Same as `publish` on the service, taken from the context. @since 0.1.0 */
  static readonly publish = <Name extends string, Payload>(
    definition: DomainEvent.Definition<Name, Payload>,
    payload: NoInfer<Payload>,
    options?: DomainEvent.PublishOptions
  ) => Publisher.use((publisher) => publisher.publish(definition, payload, options))
  /** Same as `publishAll` on the service, taken from the context. @since 0.1.0 */
  static readonly publishAll = <const Publications extends ReadonlyArray<DomainEvent.Publication.Any>>(
    publications: Publications
  ) => Publisher.use((publisher) => publisher.publishAll(publications))
  /** Same as `publishEvent` on the service, taken from the context. @since 0.1.0 */
  static readonly publishEvent = (event: UntypedEvent) => Publisher.use((publisher) => publisher.publishEvent(event))
  /** Same as `publishEvents` on the service, taken from the context. @since 0.1.0 */
  static readonly publishEvents = (events: ReadonlyArray<UntypedEvent>) =>
    Publisher.use((publisher) => publisher.publishEvents(events))
}

/**
 * Records events in the transactional outbox.
 *
 * Publishing inserts the event and its deliveries; the processor hands them over later. Inside
 * `Transactor.withTransaction` they commit or roll back with the caller's writes.
 *
 * @since 0.1.0
 */
import { Clock, Context, Effect, Layer } from "effect"
import { makeIsFirst } from "../collections/bounded.ts"
import { InvalidOption } from "../errors/DeclarationErrors.ts"
import { OutboxDisabled } from "../errors/PayloadErrors.ts"
import * as DomainEvent from "../model/DomainEvent.ts"
import { defaultMaxPayloadBytes } from "../model/storable.ts"
import { isMalformed } from "../model/traceparent.ts"
import { Settings } from "../settings/Settings.ts"
import { deferWrite } from "../stores/deferredWrites.ts"
import { OutboxStore } from "../stores/OutboxStore.ts"
import { CurrentSums } from "../stores/statisticSums.ts"
import { Transactor } from "../stores/Transactor.ts"
import { metersIn } from "../telemetry/meters.ts"
import { untraced } from "../telemetry/tracing.ts"
import { Broadcast } from "../wakeups/Broadcast.ts"
import { Notifier } from "../wakeups/Notifier.ts"
import { makeAppend } from "./append.ts"
import type { ForeignEvent, Imported } from "./ForeignEvent.ts"
import { makeImport, provisionalImport } from "./importing.ts"
import { makeGuard, type RequireTransaction } from "./inTransaction.ts"
import { type Prepare, type Prepared, prepareGiven, prepareTyped, type Rules } from "./prepare.ts"
import { prepareAll, prepareOne } from "./prepareAll.ts"
import { prepareForeign } from "./prepareForeign.ts"
import { inMeters } from "./publishMeters.ts"
import { inPublishSpan } from "./publishSpan.ts"
import { provisional, type StoredOf, storedAs } from "./stored.ts"
import type { PublishError, UntypedEvent } from "./UntypedEvent.ts"

/** Says once of each name that its events have no consumer. */
const makeLogUnconsumed = () => {
  const isFirst = makeIsFirst()
  // A provisional event, of a leased handler, has no position yet.
  const isUnconsumed = ({ consumers, isDuplicate, position }: DomainEvent.Stored) =>
    consumers.length === 0 && position !== 0n && !isDuplicate
  return (stored: ReadonlyArray<DomainEvent.Stored>) => {
    const told = stored.filter((event) => isUnconsumed(event) && isFirst(event.name))
    return told.length === 0
      ? Effect.void
      : Effect.forEach(
          told,
          ({ name }) => Effect.logInfo(`Event "${name}" has no consumer: it is stored as processed`),
          { discard: true }
        )
  }
}

/** Fails unless events may be published. */
const whenEnabled = (settings: Settings["Service"], eventName: string): Effect.Effect<void, OutboxDisabled> =>
  Effect.flatMap(settings.current, ({ enabled }) =>
    enabled ? Effect.void : Effect.fail(new OutboxDisabled({ eventName }))
  )

const makeImporter = Effect.fnUntraced(function* (maxPayloadBytes: number) {
  const settings = yield* Settings
  const transactor = yield* Transactor
  const store = makeImport({
    outbox: yield* OutboxStore,
    notifier: yield* Notifier,
    transactor,
    sums: yield* CurrentSums
  })
  const defer = deferWrite(transactor.isOpen)
  const meters = metersIn(yield* Effect.context<never>())
  return Effect.fnUntraced(function* (
    events: ReadonlyArray<ForeignEvent>
  ): Effect.fn.Return<ReadonlyArray<Imported>, PublishError> {
    const rows = yield* prepareForeign(events, maxPayloadBytes)
    meters.malformed.count += events.filter(({ traceparent }) => isMalformed(traceparent)).length
    const [first] = rows
    if (first === undefined) return []
    yield* whenEnabled(settings, first.eventName)
    return yield* defer(untraced(store(rows)), () => provisionalImport(rows))
  })
})

const makeStore = Effect.fnUntraced(function* (requireTransaction: RequireTransaction) {
  const outbox = yield* OutboxStore
  const notifier = yield* Notifier
  const broadcast = yield* Broadcast
  const settings = yield* Settings
  const transactor = yield* Transactor
  const append = makeAppend(
    { outbox, notifier, broadcast, transactor, sums: yield* CurrentSums },
    yield* Effect.context<never>()
  )
  const defer = deferWrite(transactor.isOpen)
  const logUnconsumed = makeLogUnconsumed()
  const guard = makeGuard(transactor, requireTransaction)
  return Effect.fnUntraced(function* (prepared: ReadonlyArray<Prepared>) {
    const [first] = prepared
    if (first === undefined) return []
    yield* whenEnabled(settings, first.row.eventName)
    yield* guard(first.row.eventName)
    const stored = yield* defer(untraced(append(prepared)), () =>
      prepared.map((each) => storedAs(each, provisional(each.row)))
    )
    yield* logUnconsumed(stored)
    return stored
  })
})

/** Types do not reach everybody who publishes a list. */
const listed =
  <List extends ReadonlyArray<unknown>, A, E>(where: string, publish: (list: List) => Effect.Effect<A, E>) =>
  (list: List): Effect.Effect<A, E | InvalidOption> =>
    Array.isArray(list)
      ? publish(list)
      : Effect.fail(new InvalidOption({ option: `events of ${where}`, value: typeof list, expected: "a list" }))

const make = Effect.fnUntraced(function* (rules: Rules) {
  const store = yield* makeStore(rules.requireTransaction)
  const importAll = yield* makeImporter(rules.maxPayloadBytes)
  const storeAll = <A>(list: ReadonlyArray<A>, prepare: Prepare<A>) =>
    Effect.flatMap(prepareAll(list, prepare, rules), store)
  const storeOne = <A>(each: A, prepare: Prepare<A>) =>
    Effect.map(
      Effect.flatMap(prepareOne(each, prepare, rules), (prepared) => store([prepared])),
      ([stored]) => stored as DomainEvent.Stored
    )
  const inSpan = inPublishSpan(rules)
  const measured = inMeters(metersIn(yield* Effect.context<never>()), yield* Clock.Clock)
  const traced = <A extends DomainEvent.Stored | ReadonlyArray<DomainEvent.Stored>, E, R>(
    names: () => ReadonlyArray<string>,
    publishing: Effect.Effect<A, E, R>
  ) => measured(names, inSpan(names, publishing))
  const publish = (publication: DomainEvent.Publication.Any) =>
    traced(() => [publication.definition.name], storeOne(publication, prepareTyped))
  const publishAll = listed("Publisher.publishAll", (publications: ReadonlyArray<DomainEvent.Publication.Any>) =>
    traced(() => publications.map(({ definition }) => definition.name), storeAll(publications, prepareTyped))
  )
  const publishEvents = listed("Publisher.publishEvents", (events: ReadonlyArray<UntypedEvent>) =>
    traced(() => events.map(({ eventName }) => eventName), storeAll(events, prepareGiven))
  )
  return Publisher.of({
    publish: (definition, payload, publishOptions) =>
      publish(DomainEvent.publication(definition, payload, publishOptions)) as Effect.Effect<never, PublishError>,
    publishAll: (publications) => publishAll(publications) as Effect.Effect<never, PublishError>,
    publishEvent: (event) => traced(() => [event.eventName], storeOne(event, prepareGiven)),
    publishEvents,
    import: (event) => Effect.map(importAll([event]), ([imported]) => imported as Imported),
    importAll
  })
})

/**
 * Appends events to the outbox.
 *
 * All operations join the caller's transaction, else use one of their own. Single events that are published at the same
 * time, outside of transactions and without a key, are stored by one statement; one that the database refuses fails alone,
 * and interrupting a caller does not undo what is under way. What cannot be stored fails before anything is written:
 * `EventEncodingError` (payload or metadata, with the path), `InvalidIdentifier` (names and ids), `InvalidOption` (`delay`,
 * `availableAt`), `UnsupportedOption`, `OutboxDisabled` when the setting `enabled` is false, and `TransactionRequired` outside of a
 * transaction where that is refused. `StoreError` means that the
 * store refused the write or, after a lost connection outside a transaction, that its outcome is unknown.
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
     * given. A list takes a statement for each 1000 events or 4 MiB, in one transaction.
     */
    readonly publishAll: <const Publications extends ReadonlyArray<DomainEvent.Publication.Any>>(
      publications: Publications
    ) => Effect.Effect<{ readonly [Index in keyof Publications]: StoredOf<Publications[Index]> }, PublishError>
    /** Publishes an event that has no definition in this code. */
    readonly publishEvent: (event: UntypedEvent) => Effect.Effect<DomainEvent.Stored, PublishError>
    /** Publishes events that have no definition in this code: all or none, stored in the order given. */
    readonly publishEvents: (
      events: ReadonlyArray<UntypedEvent>
    ) => Effect.Effect<ReadonlyArray<DomainEvent.Stored>, PublishError>
    /**
     * Stores a message of another service as an event: once, however often it arrives, for as long as the setting
     * `receivedRetentionHours` says (30 days by default) and whatever has become of its event. Its lineage is the sender's, also inside a
     * handler. Fails with `InvalidIdentifier`, too, when its `id` is that of an event of another name here.
     */
    readonly import: (event: ForeignEvent) => Effect.Effect<Imported, PublishError>
    /** Stores messages of other services: all or none, in the order given; see `import`. */
    readonly importAll: (events: ReadonlyArray<ForeignEvent>) => Effect.Effect<ReadonlyArray<Imported>, PublishError>
  }
>()("effect-integration/Publisher") {
  /**
   * @param options.maxPayloadBytes - largest payload, and largest metadata, in bytes of JSON; default 1 MiB
   * @param options.traceSampleRatio - share of what is published outside of any trace that is traced, 0 to 1; default 1
   * @param options.inheritMetadata - keys of metadata that events take over from the event they follow from; default none
   *
   * @since 0.1.0
   */
  static readonly layer = (
    options: Partial<Rules> = {}
  ): Layer.Layer<Publisher, never, OutboxStore | Notifier | Settings | Transactor> =>
    Layer.effect(
      Publisher,
      make({
        maxPayloadBytes: options.maxPayloadBytes ?? defaultMaxPayloadBytes,
        inheritMetadata: options.inheritMetadata ?? [],
        traceSampleRatio: options.traceSampleRatio ?? 1,
        requireTransaction: options.requireTransaction ?? "off"
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
  /** Same as `import` on the service, taken from the context. @since 0.1.0 */
  static readonly import = (event: ForeignEvent) => Publisher.use((publisher) => publisher.import(event))
  /** Same as `importAll` on the service, taken from the context. @since 0.1.0 */
  static readonly importAll = (events: ReadonlyArray<ForeignEvent>) =>
    Publisher.use((publisher) => publisher.importAll(events))
}

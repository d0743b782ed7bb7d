/**
 * What was published and delivered, and deliveries that go through all their retries at once.
 *
 * Works with `IntegrationMemory` and `TestClock`, and as well on a database with the real clock: see docs/testing.md.
 *
 * @since 0.1.0
 */
import { Clock, DateTime, Duration, Effect, Fiber } from "effect"
import { TestClock } from "effect/testing"
import { Processor } from "../delivery/Processor.ts"
import { Registry } from "../delivery/Registry.ts"
import { NotSettled } from "../errors/OperationErrors.ts"
import { type EventDecodingError, PayloadTooLarge, type VersionRetired } from "../errors/PayloadErrors.ts"
import type { StoreError } from "../errors/StoreErrors.ts"
import { onDeadLetterOf } from "../model/Consumer.ts"
import { largestContent } from "../model/contentSize.ts"
import * as DomainEvent from "../model/DomainEvent.ts"
import { decode } from "../model/payloadCodec.ts"
import { Publisher } from "../publishing/Publisher.ts"
import type { PublishError } from "../publishing/UntypedEvent.ts"
import type { Delivery } from "../stores/Delivery.ts"
import { InboxStore } from "../stores/InboxStore.ts"
import { type EventStatus, type OutboxRow, OutboxStore } from "../stores/OutboxStore.ts"

/** An event as it is stored now. @since 0.1.0 */
export interface Published<out Name extends string = string, out Payload = unknown> {
  readonly id: string
  readonly name: Name
  readonly aggregate: DomainEvent.Entity
  readonly payload: Payload
  readonly metadata: DomainEvent.Metadata
  readonly status: EventStatus
  readonly timestamp: DateTime.Utc
  /** Before this, nobody is given the event. */
  readonly availableAt: DateTime.Utc
  readonly correlationId: string | undefined
  readonly causationId: string | undefined
  readonly dedupeKey: string | undefined
}

/** Rows read in one go. */
const pageSize = 1000

/** All rows of a list that is read in pages. */
const all = Effect.fnUntraced(function* <Row>(
  read: (last: Row | undefined, limit: number) => Effect.Effect<ReadonlyArray<Row>, StoreError>
) {
  const rows: Array<Row> = []
  for (;;) {
    const page = yield* read(rows.at(-1), pageSize)
    rows.push(...page)
    if (page.length < pageSize) return rows
  }
})

const toPublished = Effect.fnUntraced(function* <Name extends string, Payload>(
  definition: DomainEvent.Definition<Name, Payload>,
  row: OutboxRow
) {
  if (row.oversizeBytes !== null) {
    const { eventName, id: eventId, oversizeBytes: bytes } = row
    return yield* new PayloadTooLarge({ eventName, eventId, bytes, maximum: largestContent })
  }
  const payload = yield* decode(definition, { ...row, eventId: row.id })
  const published: Published<Name, Payload> = {
    id: row.id,
    name: definition.name,
    aggregate: DomainEvent.entityOf(row),
    payload: payload as Payload,
    metadata: (row.metadata as DomainEvent.Metadata | null) ?? {},
    status: row.status,
    timestamp: DateTime.fromDateUnsafe(row.createdAt),
    availableAt: DateTime.fromDateUnsafe(row.availableAt),
    correlationId: row.correlationId ?? undefined,
    causationId: row.causationId ?? undefined,
    dedupeKey: row.dedupeKey ?? undefined
  }
  return published
})

/**
 * All events of a definition that were published, in the order they were stored; inside a transaction also its own.
 * Fails with `EventDecodingError` when a stored payload does not fit the definition, with `VersionRetired` when its version is
 * not read any more, and with `PayloadTooLarge` when one cannot be read.
 *
 * @since 0.1.0
 */
export const published = <Name extends string, Payload>(
  definition: DomainEvent.Definition<Name, Payload>
): Effect.Effect<
  ReadonlyArray<Published<Name, Payload>>,
  EventDecodingError | VersionRetired | PayloadTooLarge | StoreError,
  OutboxStore
> =>
  Effect.gen(function* () {
    const outbox = yield* OutboxStore
    const rows = yield* all<OutboxRow>((last, limit) => outbox.findByName(definition.name, last?.position ?? 0n, limit))
    return yield* Effect.forEach(rows, (row) => toPublished(definition, row))
  })

/** All deliveries of a consumer, in the order of the ids of their events. @since 0.1.0 */
export const deliveries = (consumer: string): Effect.Effect<ReadonlyArray<Delivery>, StoreError, InboxStore> =>
  InboxStore.use((inbox) => all<Delivery>((last, limit) => inbox.findByConsumer(consumer, last?.eventId, limit)))

/** How far virtual time is moved at once for handlers that sleep, in milliseconds; from 1, doubling. */
const largestStep = 100

/** Lets time pass: at once under `TestClock`. */
const pass = Effect.fnUntraced(function* (millis: number) {
  const clock = yield* Clock.Clock
  if (!("adjust" in clock)) return yield* Effect.sleep(millis)
  yield* TestClock.adjust(millis)
})

/** Turns of the event loop that are waited for before time is moved on: what does not sleep needs few. */
const turnsBeforeTimeMoves = 50

const nextTurn = Effect.promise(() => new Promise<void>((resolve) => setImmediate(resolve)))

/** Runs an effect; under `TestClock`, time moves on while it waits. */
const moving = Effect.fnUntraced(function* <A, E, R>(effect: Effect.Effect<A, E, R>) {
  const clock = yield* Clock.Clock
  if (!("adjust" in clock)) return yield* effect
  const fiber = yield* Effect.forkChild(effect, { startImmediately: true })
  for (let turn = 0; turn < turnsBeforeTimeMoves && fiber.pollUnsafe() === undefined; turn++) yield* nextTurn
  for (let step = 1; fiber.pollUnsafe() === undefined; step = Math.min(step * 2, largestStep)) {
    // What waits for real things, such as promises, gets real time for them.
    yield* TestClock.withLive(Effect.sleep(1))
    if (fiber.pollUnsafe() === undefined) yield* TestClock.adjust(step)
  }
  return yield* Fiber.join(fiber)
})

/**
 * Publishes an event and hands it to its consumers now: one attempt each, also of what their handlers publish. Retries
 * are not waited for: see `settled`.
 *
 * @param event - a publication, or an event that is published already
 *
 * Returns the event's deliveries by consumer name: `processed`, `skipped`, `dead_letter`, or waiting for their retry.
 *
 * @since 0.1.0
 */
export const deliver = (
  event: DomainEvent.Publication.Any | { readonly id: string }
): Effect.Effect<ReadonlyArray<Delivery>, PublishError, Publisher | Processor | InboxStore> =>
  Effect.gen(function* () {
    const id = "id" in event ? event.id : (yield* Publisher.publishAll([event]))[0].id
    yield* moving(Processor.use((processor) => processor.drain))
    return yield* InboxStore.use((inbox) => inbox.findByEvent(id))
  })

/** Milliseconds until something is due for the consumers of this process, or none; with leases, or one of them runs out. */
const nextDue = Effect.fnUntraced(function* (options: { readonly leases: boolean }) {
  const registry = yield* Registry
  const inbox = yield* InboxStore
  const waits = yield* Effect.forEach(yield* registry.consumers, (consumer) =>
    inbox.nextDue(
      {
        consumer: consumer.name,
        interest: registry.interestOf(consumer.name),
        onDeadLetter: onDeadLetterOf(consumer)
      },
      options
    )
  )
  const due = waits.filter((millis) => millis !== undefined)
  return due.length === 0 ? undefined : Math.min(...due)
})

/** How soon it is looked again whether a handler of another process is through, in milliseconds. */
const lookAgainMillis = 50

/**
 * Milliseconds to wait for what comes next, or none. A lease that is left when this process has drained belongs to another
 * one: its handler may be through long before it runs out.
 */
const nextWait = Effect.gen(function* () {
  const due = yield* nextDue({ leases: false })
  if (due !== undefined) return due
  const runsOut = yield* nextDue({ leases: true })
  const isVirtual = "adjust" in (yield* Clock.Clock)
  return runsOut === undefined || isVirtual ? runsOut : Math.min(runsOut, lookAgainMillis)
})

/**
 * Runs until the consumers of this process have nothing to wait for: everything that was published is handled, retried
 * until it succeeds or gives up, leased handlers are through, in this process or another, and delayed events have had their time. Under `TestClock` time is moved on to whatever
 * is next, so that takes no time. What waits behind a dead letter (`ordering: "aggregate"`), or for a paused consumer,
 * stays.
 *
 * @param options.within - fails with `NotSettled` when it would take longer, by the clock in use; default 30 days
 *
 * @since 0.1.0
 */
export const settled = (
  options: { readonly within?: Duration.Input } = {}
): Effect.Effect<void, NotSettled | StoreError, Processor | Registry | InboxStore> =>
  Effect.gen(function* () {
    const within = Duration.toMillis(options.within ?? "30 days")
    const startedAt = yield* Clock.currentTimeMillis
    const drain = moving(Processor.use((processor) => processor.drain))
    for (;;) {
      // Workers take what becomes due; what they do not, because they are busy or stopped, is drained.
      yield* drain
      const next = yield* nextWait
      if (next === undefined) return
      const elapsed = (yield* Clock.currentTimeMillis) - startedAt
      if (elapsed + next > within) {
        const open = yield* openDeliveries
        return yield* new NotSettled({ withinMillis: within, open })
      }
      if (next > 0) yield* pass(Math.ceil(next))
    }
  })

/** What is open, in words: the first few. */
const openDeliveries = Effect.gen(function* () {
  const registry = yield* Registry
  const found = yield* Effect.forEach(yield* registry.consumers, ({ name }) => deliveries(name))
  return found
    .flat()
    .filter((delivery) => delivery.isOpen)
    .slice(0, 10)
    .map((delivery) => `${delivery.consumer}: ${delivery.eventName}, ${delivery.attemptCount} attempts`)
})

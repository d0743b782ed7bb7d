/**
 * Events in memory.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import {
  type Appended,
  type EventStatus,
  type NewEvent,
  type OutboxRow,
  OutboxStore,
  type Received,
  type ReceivedEvent,
  type Removed,
  type RetentionWindow,
  type SettledCount
} from "../stores/OutboxStore.ts"
import { byId, byPosition } from "./comparators.ts"
import { contentOf } from "./contents.ts"
import { type DeliveryRecord, type EventRecord, isOpen } from "./records.ts"
import { MemoryTables, type Tables } from "./tables.ts"
import type { Transaction } from "./transaction.ts"

const hourMillis = 3_600_000

/** An event with what its deliveries have come to. */
const toRow = (tables: Tables, transaction: Transaction, record: EventRecord): OutboxRow => ({
  ...record,
  ...contentOf(record.payload, record.metadata),
  ...outcomeOf([...tables.ofEvent(transaction, record.id)], record.createdAt),
  isRouted: true
})

const appended = (record: EventRecord, isSettled: boolean, consumers: ReadonlyArray<string>): Appended => ({
  id: record.id,
  position: record.position,
  status: isSettled ? "processed" : "pending",
  createdAt: record.createdAt,
  consumers,
  existing: undefined
})

const keyOf = (
  event: Pick<EventRecord, "sourceModule" | "eventName"> & { readonly dedupeKey: string | null | undefined }
) => JSON.stringify([event.sourceModule, event.eventName, event.dedupeKey])

const appendOne = (tables: Tables, transaction: Transaction, event: NewEvent, now: number): Appended => {
  const taken = event.dedupeKey === undefined ? undefined : transaction.read(tables.keys, keyOf(event))
  const other = taken === undefined ? undefined : transaction.read(tables.events, taken)
  if (other !== undefined) {
    const consumers = [...tables.ofEvent(transaction, other.id)].map((delivery) => delivery.consumer).toSorted()
    const existing = toRow(tables, transaction, other)
    return { ...appended(other, existing.status === "processed", consumers), existing }
  }
  const interested = tables.interestedIn(transaction, event.eventName)
  const record = tables.toRecord(event, now)
  transaction.write(tables.events, record.id, record)
  if (event.dedupeKey !== undefined) transaction.write(tables.keys, keyOf(event), record.id)
  tables.writeDeliveries(transaction, record, interested, now)
  return appended(
    record,
    interested.length === 0,
    interested.map((_) => _.consumer)
  )
}

/** Keys are locked in their order, so that two lists never wait for each other. */
const append = (tables: Tables, events: ReadonlyArray<NewEvent>) =>
  tables.database.run((transaction) => {
    const keys = events.filter((event) => event.dedupeKey !== undefined).map(keyOf)
    return Effect.forEach(keys.toSorted(), (key) => tables.database.lock(transaction, tables.keys, key), {
      discard: true
    }).pipe(
      Effect.andThen(tables.database.now),
      Effect.map((now) => events.map((event) => appendOne(tables, transaction, event, now)))
    )
  })

const messageKey = ({ messageId, source }: ReceivedEvent) => JSON.stringify([source, messageId])

const receiveOne = (tables: Tables, transaction: Transaction, event: ReceivedEvent, now: number): Received => {
  const { messageId: _, origin, source: __, ...rest } = event
  const known = transaction.read(tables.received, messageKey(event))
  if (known !== undefined) return { id: known.eventId, result: "duplicate", consumers: [] }
  const other = transaction.read(tables.events, event.id)
  if (other !== undefined && other.eventName !== event.eventName) {
    return { id: event.id, result: "conflict", consumers: [] }
  }
  transaction.write(tables.received, messageKey(event), { eventId: event.id, at: now })
  if (other !== undefined) return { id: event.id, result: "duplicate", consumers: [] }
  const interested = tables.interestedIn(transaction, event.eventName)
  const record = { ...tables.toRecord({ ...rest, dedupeKey: undefined }, now), origin }
  transaction.write(tables.events, record.id, record)
  tables.writeDeliveries(transaction, record, interested, now)
  return { id: event.id, result: "stored", consumers: interested.map(({ consumer }) => consumer) }
}

/** Messages, and the ids they give their events, are locked in the order of their names, as keys are. */
const receive = (tables: Tables, events: ReadonlyArray<ReceivedEvent>) =>
  tables.database.run((transaction) =>
    Effect.gen(function* () {
      for (const key of events.map(messageKey).toSorted()) {
        yield* tables.database.lock(transaction, tables.received, key)
      }
      for (const id of events.map(({ id }) => id).toSorted()) {
        yield* tables.database.lock(transaction, tables.events, id)
      }
      const now = yield* tables.database.now
      return events.map((event) => receiveOne(tables, transaction, event, now))
    })
  )

const forgetReceived = (tables: Tables, transaction: Transaction, hours: number, limit: number, now: number) => {
  let forgotten = 0
  for (const [key, { at }] of tables.received.rows) {
    if (forgotten === limit) break
    if (at >= now - hours * hourMillis || !tables.database.tryLock(transaction, tables.received, key)) continue
    transaction.write(tables.received, key, undefined)
    forgotten++
  }
  return forgotten
}

/** Of a dead letter, else of what gave up otherwise, else of any delivery. */
const lastErrorOf = (deliveries: ReadonlyArray<DeliveryRecord>): string | null => {
  const last = (among: ReadonlyArray<DeliveryRecord>) =>
    among
      .flatMap(({ lastError }) => (lastError === null ? [] : [lastError]))
      .toSorted()
      .at(-1)
  const of = (status: DeliveryRecord["status"]) => last(deliveries.filter((delivery) => delivery.status === status))
  return of("dead_letter") ?? of("failed") ?? last(deliveries) ?? null
}

export const statusOf = (deliveries: ReadonlyArray<DeliveryRecord>): EventStatus => {
  const has = (status: DeliveryRecord["status"]) => deliveries.some((delivery) => delivery.status === status)
  if (has("processing")) return "processing"
  if (deliveries.some(isOpen)) return "pending"
  return has("dead_letter") ? "dead_letter" : has("failed") ? "failed" : "processed"
}

/** What the deliveries of an event have come to; `since` is when they were written. */
const outcomeOf = (deliveries: ReadonlyArray<DeliveryRecord>, since: Date) => ({
  status: statusOf(deliveries),
  attemptCount: Math.max(0, ...deliveries.map(({ attemptCount }) => attemptCount)),
  lastError: lastErrorOf(deliveries),
  processedAt: deliveries.some(isOpen)
    ? null
    : new Date(Math.max(since.getTime(), ...deliveries.map(({ processedAt }) => processedAt ?? 0)))
})

/** Whether an event may be removed, going by what its deliveries have come to. */
const isOld = (
  { processedAt, status }: ReturnType<typeof outcomeOf>,
  { deadLetterHours, hours }: RetentionWindow,
  now: number
) => {
  const limit = status === "processed" ? hours : deadLetterHours
  return limit !== undefined && processedAt !== null && processedAt.getTime() < now - limit * hourMillis
}

/** Whether this transaction has an event and its deliveries for itself. */
const tryLock = (
  { database, deliveries, events }: Tables,
  transaction: Transaction,
  of: ReadonlyArray<DeliveryRecord>,
  id: string
) =>
  database.tryLock(transaction, events, id) &&
  of.every((delivery) => database.tryLock(transaction, deliveries, delivery.id))

const pageOf = (tables: Tables, transaction: Transaction, { after, limit }: RetentionWindow) =>
  [...transaction.rows(tables.events)]
    .filter((event) => after === undefined || event.id > after)
    .toSorted(byId)
    .slice(0, limit)

const nextAfter = (page: ReadonlyArray<{ readonly id: string }>, { limit }: RetentionWindow) =>
  page.length < limit ? undefined : page.at(-1)?.id

const countSettled = (tables: Tables, transaction: Transaction, window: RetentionWindow, now: number): SettledCount => {
  const page = pageOf(tables, transaction, window)
  const settled = page.filter(({ createdAt, id }) =>
    isOld(outcomeOf([...tables.ofEvent(transaction, id)], createdAt), window, now)
  )
  return { settled: settled.length, looked: page.length, next: nextAfter(page, window) }
}

const removeSettled = (tables: Tables, transaction: Transaction, window: RetentionWindow, now: number): Removed => {
  const page = pageOf(tables, transaction, window)
  let removed = 0
  for (const event of page) {
    const deliveries = [...tables.ofEvent(transaction, event.id)]
    if (!isOld(outcomeOf(deliveries, event.createdAt), window, now)) continue
    if (!tryLock(tables, transaction, deliveries, event.id)) continue
    for (const { id } of deliveries) {
      transaction.write(tables.attempts, id, undefined)
      transaction.write(tables.deliveries, id, undefined)
    }
    if (event.dedupeKey !== null) transaction.write(tables.keys, keyOf(event), undefined)
    transaction.write(tables.events, event.id, undefined)
    removed++
  }
  return { removed, next: nextAfter(page, window) }
}

export const layer: Layer.Layer<OutboxStore, never, MemoryTables> = Layer.effect(
  OutboxStore,
  Effect.gen(function* () {
    const tables = yield* MemoryTables
    const { database } = tables
    return OutboxStore.of({
      append: (events) => append(tables, events),
      receive: (events) => receive(tables, events),
      forgetReceived: (hours, limit) =>
        database.sync((transaction, now) => forgetReceived(tables, transaction, hours, limit, now)),
      // Nobody but this store writes events here.
      route: () => Effect.succeed({ routed: 0, consumers: [] }),
      removeSettled: (window) => database.sync((transaction, now) => removeSettled(tables, transaction, window, now)),
      countSettled: (window) => database.sync((transaction, now) => countSettled(tables, transaction, window, now)),
      findById: (eventId) =>
        database.read((transaction) => {
          const record = transaction.read(tables.events, eventId)
          return record === undefined ? undefined : toRow(tables, transaction, record)
        }),
      findByName: (eventName, position, limit) =>
        database.read((transaction) =>
          [...transaction.rows(tables.events)]
            .filter((event) => event.eventName === eventName && event.position > position)
            .toSorted(byPosition)
            .slice(0, limit)
            .map((event) => toRow(tables, transaction, event))
        ),
      countByStatus: database.read((transaction) => {
        const counts: Partial<Record<EventStatus, number>> = {}
        for (const { id } of transaction.rows(tables.events)) {
          const status = statusOf([...tables.ofEvent(transaction, id)])
          counts[status] = (counts[status] ?? 0) + 1
        }
        return counts
      })
    })
  })
)

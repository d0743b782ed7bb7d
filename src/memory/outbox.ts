/**
 * Events in memory.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import type { StoreError } from "../errors/StoreErrors.ts"
import {
  type Appended,
  type EventStatus,
  type NewEvent,
  type OutboxRow,
  OutboxStore,
  type Removed,
  type RetentionWindow
} from "../stores/OutboxStore.ts"
import { byId, byPosition } from "./comparators.ts"
import { contentOf } from "./contents.ts"
import { type DeliveryRecord, type EventRecord, hasGivenUp, isOpen } from "./records.ts"
import { MemoryTables, type Tables } from "./tables.ts"
import type { Transaction } from "./transaction.ts"

const toRow = (record: EventRecord): OutboxRow => ({
  ...record,
  ...contentOf(record.payload, record.metadata)
})

const appended = (record: EventRecord, consumers: ReadonlyArray<string>): Appended => ({
  id: record.id,
  position: record.position,
  status: record.status === "processed" ? "processed" : "pending",
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
    return { ...appended(other, consumers), existing: toRow(other) }
  }
  const interested = tables.interestedIn(transaction, event.eventName)
  const record = tables.toRecord(event, interested.length > 0, now)
  transaction.write(tables.events, record.id, record)
  if (event.dedupeKey !== undefined) transaction.write(tables.keys, keyOf(event), record.id)
  tables.writeDeliveries(transaction, record, interested, now)
  return appended(
    record,
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

/** The status of an event whose deliveries are all settled. */
const finalStatus = (deliveries: ReadonlyArray<DeliveryRecord>): EventStatus => {
  const gaveUp = deliveries.filter(hasGivenUp)
  if (gaveUp.some((delivery) => delivery.status === "dead_letter")) return "dead_letter"
  return gaveUp.length > 0 ? "failed" : "processed"
}

const rollUpOne = (tables: Tables, transaction: Transaction, eventId: string, now: number): number => {
  const event = transaction.read(tables.events, eventId)
  const deliveries = [...tables.ofEvent(transaction, eventId)]
  if (event?.status !== "pending" || deliveries.some(isOpen)) return 0
  const status = finalStatus(deliveries)
  transaction.write(tables.events, eventId, {
    ...event,
    status,
    attemptCount: Math.max(0, ...deliveries.map((delivery) => delivery.attemptCount)),
    lastError: lastErrorOf(deliveries),
    processedAt: new Date(now)
  })
  return 1
}

const rollUp = (tables: Tables, eventIds: ReadonlyArray<string>): Effect.Effect<number, StoreError> =>
  tables.database.run((transaction) =>
    Effect.gen(function* () {
      const now = yield* tables.database.now
      let count = 0
      for (const eventId of eventIds) {
        yield* tables.database.lock(transaction, tables.events, eventId)
        count += rollUpOne(tables, transaction, eventId, now)
      }
      return count
    })
  )

const hourMillis = 3_600_000

const isOld = (event: EventRecord, { deadLetterHours, hours }: RetentionWindow, now: number) => {
  const limit = event.status === "processed" ? hours : event.status === "pending" ? undefined : deadLetterHours
  return limit !== undefined && event.processedAt !== null && event.processedAt.getTime() < now - limit * hourMillis
}

const removeSettled = (tables: Tables, transaction: Transaction, window: RetentionWindow, now: number): Removed => {
  const page = [...transaction.rows(tables.events)]
    .filter((event) => window.after === undefined || event.id > window.after)
    .toSorted(byId)
    .slice(0, window.limit)
  let removed = 0
  for (const event of page) {
    const deliveries = [...tables.ofEvent(transaction, event.id)]
    const isKept = deliveries.some((each) => isOpen(each) || (event.status === "processed" && hasGivenUp(each)))
    if (isKept || !isOld(event, window, now)) continue
    if (!tables.database.tryLock(transaction, tables.events, event.id)) continue
    for (const { id } of deliveries) {
      transaction.write(tables.attempts, id, undefined)
      transaction.write(tables.deliveries, id, undefined)
    }
    if (event.dedupeKey !== null) transaction.write(tables.keys, keyOf(event), undefined)
    transaction.write(tables.events, event.id, undefined)
    removed++
  }
  return { removed, next: page.length < window.limit ? undefined : page.at(-1)?.id }
}

/** Pending events after a position, oldest first. */
export const pendingAfter = (tables: Tables, transaction: Transaction, position: bigint, limit: number) =>
  [...transaction.rows(tables.events)]
    .filter((event) => event.status === "pending" && event.position > position)
    .toSorted(byPosition)
    .slice(0, limit)

export const layer: Layer.Layer<OutboxStore, never, MemoryTables> = Layer.effect(
  OutboxStore,
  Effect.gen(function* () {
    const tables = yield* MemoryTables
    const { database } = tables
    return OutboxStore.of({
      append: (events) => append(tables, events),
      // Nobody but this store writes events here.
      route: () => Effect.succeed({ routed: 0, consumers: [] }),
      rollUp: (eventIds) => rollUp(tables, eventIds),
      rollUpFrom: (position, limit) =>
        Effect.flatMap(
          database.read((transaction) => pendingAfter(tables, transaction, position, limit)),
          (events) =>
            rollUp(
              tables,
              events.map((event) => event.id)
            )
        ),
      removeSettled: (window) => database.sync((transaction, now) => removeSettled(tables, transaction, window, now)),
      findById: (eventId) =>
        database.read((transaction) => {
          const record = transaction.read(tables.events, eventId)
          return record === undefined ? undefined : toRow(record)
        }),
      findByName: (eventName, position, limit) =>
        database.read((transaction) =>
          [...transaction.rows(tables.events)]
            .filter((event) => event.eventName === eventName && event.position > position)
            .toSorted(byPosition)
            .slice(0, limit)
            .map(toRow)
        ),
      countByStatus: database.read((transaction) => {
        const counts: Partial<Record<EventStatus, number>> = {}
        for (const { status } of transaction.rows(tables.events)) counts[status] = (counts[status] ?? 0) + 1
        return counts
      })
    })
  })
)

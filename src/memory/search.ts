/**
 * Looking for events, in memory.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import { entityOf } from "../model/DomainEvent.ts"
import { printable } from "../model/printable.ts"
import { isUuid } from "../model/storable.ts"
import { EventSearchStore, type Slice, type SliceRequest } from "../stores/EventSearchStore.ts"
import type { EventSummary } from "../stores/EventSummary.ts"
import { eventStatusOf } from "../stores/eventStatus.ts"
import { ascending, byConsumer, byId } from "./comparators.ts"
import { detailsOf } from "./eventDetails.ts"
import { isCandidate, isMeant, looking } from "./eventMatches.ts"
import { moments } from "./moments.ts"
import { type DeliveryRecord, type EventRecord, isOpen, isParked } from "./records.ts"
import { MemoryTables, type Tables } from "./tables.ts"
import type { Transaction } from "./transaction.ts"
import { waitsFor } from "./waitsFor.ts"

const toEventDelivery = (delivery: DeliveryRecord) => ({
  consumer: delivery.consumer,
  status: delivery.status,
  isOpen: isOpen(delivery),
  isParked: isParked(delivery),
  attemptCount: delivery.attemptCount
})

const summaryOf = (event: EventRecord, records: ReadonlyArray<DeliveryRecord>): EventSummary => {
  const deliveries = records.toSorted(byConsumer).map(toEventDelivery)
  return {
    id: event.id,
    eventName: event.eventName,
    schemaVersion: event.schemaVersion,
    sourceModule: event.sourceModule,
    aggregate: entityOf(event),
    correlationId: event.correlationId,
    causationId: event.causationId,
    origin: event.origin,
    createdAt: event.createdAt,
    // Nothing is inserted by other means.
    isRouted: true,
    status: eventStatusOf(deliveries, true),
    deliveries
  }
}

const slice = (tables: Tables, transaction: Transaction, request: SliceRequest): Slice => {
  const { direction, from, limit, query, rows, to } = request
  const looked = looking(query)
  const order = direction === "backward" ? (a: EventRecord, b: EventRecord) => byId(b, a) : byId
  const inRange = [...transaction.rows(tables.events)].filter(
    ({ id }) => ascending(id, from) >= 0 && ascending(id, to) <= 0
  )
  const found: Array<EventSummary> = []
  let count = 0
  let last: EventRecord | undefined
  for (const event of inRange.toSorted(order)) {
    const records = [...tables.ofEvent(transaction, event.id)]
    if (!isCandidate(query, event, records)) continue
    if (count === rows || found.length === limit) {
      return { found, looked: count, doneTo: last?.id, lastAt: last?.createdAt }
    }
    count++
    last = event
    if (isMeant(looked, event, records)) found.push(summaryOf(event, records))
  }
  return { found, looked: count, doneTo: undefined, lastAt: last?.createdAt }
}

export const layer: Layer.Layer<EventSearchStore, never, MemoryTables> = Layer.effect(
  EventSearchStore,
  Effect.gen(function* () {
    const tables = yield* MemoryTables
    const { database } = tables
    return EventSearchStore.of({
      slice: (request) => database.read((transaction) => slice(tables, transaction, request)),
      find: (eventId) =>
        database.read((transaction) => {
          const event = isUuid(eventId) ? transaction.read(tables.events, eventId.toLowerCase()) : undefined
          if (event === undefined) return undefined
          const records = [...tables.ofEvent(transaction, event.id)]
          return printable(detailsOf(event, records, summaryOf, (delivery) => waitsFor(tables, transaction, delivery)))
        }),
      moments: (request) => database.read((transaction) => moments(tables, transaction, request))
    })
  })
)

/**
 * What happened to aggregates, in memory.
 *
 * @internal
 */
import { entityOf } from "../model/DomainEvent.ts"
import { type EventMoment, type MomentRequest, type Moments, mostEvents } from "../stores/EventSearchStore.ts"
import { compareMoments } from "../stores/momentOrder.ts"
import { byId } from "./comparators.ts"
import { isSameEntity } from "./entities.ts"
import { type DeliveryRecord, type EventRecord, isOpen } from "./records.ts"
import type { Tables } from "./tables.ts"
import type { Transaction } from "./transaction.ts"

const ofEvent = (event: EventRecord): Pick<EventMoment, "eventId" | "eventName" | "aggregate"> => ({
  eventId: event.id,
  eventName: event.eventName,
  aggregate: entityOf(event)
})

const microsOf = (time: Date) => BigInt(time.getTime()) * 1000n

const stored = (event: EventRecord): EventMoment => ({
  ...{ at: event.createdAt, micros: microsOf(event.createdAt), rank: 0, id: event.id },
  ...ofEvent(event),
  settled: undefined
})

const settled = (event: EventRecord, delivery: DeliveryRecord): EventMoment => {
  const { attemptCount, consumer, createdAt, id, lastError, processedAt, status } = delivery
  const at = new Date(processedAt ?? createdAt)
  return {
    ...{ at, micros: microsOf(at), rank: 1, id },
    ...ofEvent(event),
    settled: { consumer, status, attemptCount, lastError }
  }
}

export const moments = (tables: Tables, transaction: Transaction, request: MomentRequest): Moments => {
  const { after, aggregates, limit } = request
  const own = [...transaction.rows(tables.events)]
    .filter((event) => aggregates.some((aggregate) => isSameEntity(aggregate, entityOf(event))))
    .toSorted(byId)
  const all = own
    .slice(0, mostEvents)
    .flatMap((event) => [
      stored(event),
      ...[...tables.ofEvent(transaction, event.id)]
        .filter((delivery) => !isOpen(delivery))
        .map((each) => settled(event, each))
    ])
  return {
    moments: all
      .filter((moment) => after === undefined || compareMoments(moment, after) > 0)
      .toSorted(compareMoments)
      .slice(0, limit),
    isCut: own.length > mostEvents
  }
}

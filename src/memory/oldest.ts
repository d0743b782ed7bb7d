/**
 * What a consumer has had open for the longest time, in memory.
 *
 * @internal
 */
import { entityOf } from "../model/DomainEvent.ts"
import { type OldestOpen, type OpenDelivery, oldestAmong, oldestShown } from "../stores/OldestOpen.ts"
import { byPosition } from "./comparators.ts"
import { type DeliveryRecord, isParked } from "./records.ts"
import { firstOpen } from "./subscriptions.ts"
import type { Tables } from "./tables.ts"
import type { Transaction } from "./transaction.ts"

/** What holds it, unless it waits for its time. */
const heldAs = (delivery: DeliveryRecord) =>
  delivery.status === "processing" ? "leased" : isParked(delivery) ? "parked" : undefined

const stateOf = (delivery: DeliveryRecord, now: number): OpenDelivery["state"] =>
  heldAs(delivery) ??
  (delivery.status === "failed" ? "retrying" : (delivery.availableAt ?? now) <= now ? "ready" : "delayed")

export const oldest = (tables: Tables, transaction: Transaction, consumer: string, now: number): OldestOpen => {
  const found = firstOpen(tables, transaction, consumer, oldestAmong)
  const deliveries = found
    .toSorted(byPosition)
    .slice(0, oldestShown)
    .flatMap((delivery): ReadonlyArray<OpenDelivery> => {
      const event = transaction.read(tables.events, delivery.eventId)
      if (event === undefined) return []
      return [
        {
          deliveryId: delivery.id,
          eventId: delivery.eventId,
          eventName: event.eventName,
          aggregate: entityOf(event),
          state: stateOf(delivery, now),
          attemptCount: delivery.attemptCount,
          createdAt: event.createdAt
        }
      ]
    })
  return { deliveries, isCut: [...Map.groupBy(found, heldAs).values()].some(({ length }) => length >= oldestAmong) }
}

/**
 * What a parked delivery waits for, in memory: the order of `sql/search/waitsFor.ts`.
 *
 * @internal
 */
import type { HoldingUp } from "../stores/EventDetails.ts"
import { byPosition } from "./comparators.ts"
import { claimable, type DeliveryRecord, hasGivenUp, isOpen, isParked } from "./records.ts"
import type { Tables } from "./tables.ts"
import type { Transaction } from "./transaction.ts"

const rankOf = (delivery: DeliveryRecord) => {
  if (delivery.status === "processing" || (delivery.status === "failed" && claimable(delivery))) return 0
  if (hasGivenUp(delivery)) return 1
  return claimable(delivery) ? 2 : 3
}

export const waitsFor = (tables: Tables, transaction: Transaction, parked: DeliveryRecord): HoldingUp | null => {
  const { consumer, orderingKey, position } = parked
  if (!isParked(parked) || orderingKey === null) return null
  const ofKey = (delivery: DeliveryRecord) => delivery.orderingKey === orderingKey
  const holding = [
    ...[...tables.openOf(transaction, consumer)].filter(
      (delivery) => ofKey(delivery) && (delivery.position < position || delivery.status === "processing")
    ),
    ...[...tables.gaveUpOf(transaction, consumer)]
      .filter((delivery) => ofKey(delivery) && delivery.position < position)
      .toSorted(byPosition)
      .slice(-1)
  ]
  const [first] = holding.toSorted((a, b) => rankOf(a) - rankOf(b) || byPosition(a, b))
  if (first === undefined) return null
  return {
    deliveryId: first.id,
    eventId: first.eventId,
    eventName: first.eventName,
    status: first.status,
    isOpen: isOpen(first),
    isParked: isParked(first),
    attemptCount: first.attemptCount,
    availableAt: claimable(first) ? new Date(first.availableAt) : null
  }
}

/**
 * Rows of deliveries: what a claim says of one, and how one is changed.
 *
 * @internal
 */
import { Effect } from "effect"
import type { StoreError } from "../errors/StoreErrors.ts"
import type { Claimed } from "../stores/Delivery.ts"
import type { Taken } from "./claim.ts"
import type { Transaction } from "./database.ts"
import type { DeliveryRecord, EventRecord } from "./records.ts"
import type { Tables } from "./tables.ts"

/** A delivery that is held now, with its event. */
export const toClaimed = (tables: Tables, transaction: Transaction, { delivery, isParking }: Taken): Claimed => {
  const event = transaction.read(tables.events, delivery.eventId) as EventRecord
  return {
    deliveryId: delivery.id,
    eventId: event.id,
    attemptCount: delivery.attemptCount,
    eventName: event.eventName,
    schemaVersion: event.schemaVersion,
    sourceModule: event.sourceModule,
    aggregateType: event.aggregateType,
    aggregateId: event.aggregateId,
    payload: JSON.parse(delivery.payloadOverride ?? event.payload),
    metadata: event.metadata === null ? null : JSON.parse(event.metadata),
    correlationId: event.correlationId,
    causationId: event.causationId,
    createdAt: event.createdAt,
    ...(delivery.orderingKey === null ? {} : { orderingKey: delivery.orderingKey, isParking }),
    tier: delivery.tier,
    recovery:
      delivery.errorTag === "HandlerCrashed" ? { isRecovering: false, isSuspect: false, hasCrashed: true } : null
  }
}

/** Locks rows one after the other, and writes what `change` makes of them; `undefined` leaves one alone. */
export const update = (
  tables: Tables,
  ids: ReadonlyArray<string>,
  change: (delivery: DeliveryRecord, now: number) => DeliveryRecord | undefined
): Effect.Effect<ReadonlyArray<DeliveryRecord>, StoreError> =>
  tables.database.run((transaction) =>
    Effect.gen(function* () {
      const now = yield* tables.database.now
      const changed: Array<DeliveryRecord> = []
      for (const id of ids) {
        yield* tables.database.lock(transaction, tables.deliveries, id)
        const before = transaction.read(tables.deliveries, id)
        const after = before === undefined ? undefined : change(before, now)
        if (after === undefined) continue
        transaction.write(tables.deliveries, id, after)
        changed.push(after)
      }
      return changed
    })
  )

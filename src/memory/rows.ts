/**
 * Rows of deliveries: what a claim says of one, and how one is changed.
 *
 * @internal
 */
import { Effect } from "effect"
import type { StoreError } from "../errors/StoreErrors.ts"
import { type Claimed, largestClaim } from "../stores/Delivery.ts"
import type { Taken } from "./claim.ts"
import { contentOf } from "./contents.ts"
import type { DeliveryRecord, EventRecord } from "./records.ts"
import type { Tables } from "./tables.ts"
import type { Transaction } from "./transaction.ts"

/** A delivery that is held now, with its event. */
export const toClaimed = (
  tables: Tables,
  transaction: Transaction,
  { delivery, isParking }: Taken,
  now: number
): Claimed => {
  const { availableAt } = delivery
  const event = transaction.read(tables.events, delivery.eventId) as EventRecord
  return {
    deliveryId: delivery.id,
    eventId: event.id,
    consumer: delivery.consumer,
    attemptCount: delivery.attemptCount,
    eventName: event.eventName,
    schemaVersion: event.schemaVersion,
    sourceModule: event.sourceModule,
    aggregateType: event.aggregateType,
    aggregateId: event.aggregateId,
    ...contentOf(delivery.payloadOverride ?? event.payload, event.metadata),
    correlationId: event.correlationId,
    causationId: event.causationId,
    traceparent: event.traceparent,
    createdAt: event.createdAt,
    ...(delivery.orderingKey === null ? {} : { orderingKey: delivery.orderingKey, isParking }),
    tier: delivery.tier,
    lateMillis: availableAt === null || availableAt === Number.POSITIVE_INFINITY ? null : now - availableAt,
    recovery:
      delivery.errorTag === "HandlerCrashed" ? { isRecovering: false, isSuspect: false, hasCrashed: true } : null
  }
}

/** Deliveries that are held now, with their events: the first one, and as many more as one claim reads. */
export const toClaimedAll = (tables: Tables, transaction: Transaction, all: ReadonlyArray<Taken>, now: number) => {
  const claimed: Array<Claimed> = []
  let room = largestClaim
  for (const taken of all) {
    const row = toClaimed(tables, transaction, taken, now)
    const { metadata, payload } = transaction.read(tables.events, row.eventId) as EventRecord
    const length = (taken.delivery.payloadOverride ?? payload).length + (metadata?.length ?? 0)
    if (row.oversizeBytes === null) room -= length
    if (room < 0 && claimed.length > 0) break
    claimed.push(row)
  }
  return claimed
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

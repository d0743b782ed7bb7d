/**
 * Deliveries in memory.
 *
 * @internal
 */
import { Deferred, Effect, Layer } from "effect"
import type { DeliveryKey, StatusCount, UnparkRequest } from "../stores/Delivery.ts"
import { InboxStore } from "../stores/InboxStore.ts"
import { missedMarks } from "../stores/missedMarks.ts"
import { claim, claimOne, nextDue, unpark, waitForKeys } from "./claim.ts"
import { ascending, byConsumer } from "./comparators.ts"
import { depths } from "./depths.ts"
import { leases } from "./leases.ts"
import { oldest } from "./oldest.ts"
import { poll } from "./poll.ts"
import { claimable, type DeliveryRecord, isOpen, isParked, isUntried, toDelivery } from "./records.ts"
import { toClaimed, toClaimedAll, update } from "./rows.ts"
import { MemorySettings } from "./settings.ts"
import { isAsSeen, settle } from "./settle.ts"
import { MemoryTables, type Tables } from "./tables.ts"
import type { Transaction } from "./transaction.ts"

/** Lower tiers of events whose upper ones have been attempted. */
const bringForward = (tables: Tables, transaction: Transaction, eventIds: ReadonlyArray<string>, now: number) => {
  const consumers = new Set<string>()
  for (const eventId of eventIds) {
    const untried = [...tables.ofEvent(transaction, eventId)].filter(isUntried)
    for (const delivery of untried) {
      const { availableAt, tier } = delivery
      const isWaiting = tier !== null && availableAt !== null && availableAt > now && claimable(delivery)
      if (!isWaiting || untried.some((above) => (above.tier ?? 0) < tier)) continue
      if (!tables.database.tryLock(transaction, tables.deliveries, delivery.id)) continue
      transaction.write(tables.deliveries, delivery.id, { ...delivery, availableAt: now })
      consumers.add(delivery.consumer)
    }
  }
  return [...consumers]
}

/** How many deliveries there are, by consumer and status. */
export const countsOf = (deliveries: Iterable<DeliveryRecord>): ReadonlyArray<StatusCount> => {
  const counts = new Map<string, StatusCount>()
  for (const delivery of deliveries) {
    const { consumer, status } = delivery
    const key = JSON.stringify([consumer, status])
    const { count, open, parked } = counts.get(key) ?? { count: 0, open: 0, parked: 0 }
    counts.set(key, {
      consumer,
      status,
      count: count + 1,
      open: open + Number(isOpen(delivery)),
      parked: parked + Number(isParked(delivery))
    })
  }
  return [...counts.values()].toSorted((a, b) => byConsumer(a, b) || ascending(a.status, b.status))
}

/** A delivery that its handler has processed; one that is leased, or settled already, cannot be. */
const processed = (delivery: DeliveryRecord, now: number): DeliveryRecord | undefined =>
  delivery.status === "received" || delivery.status === "failed"
    ? {
        ...delivery,
        status: "processed",
        processedAt: now,
        attemptCount: delivery.attemptCount + 1,
        errorFingerprint: null
      }
    : undefined

/** Marks all of these deliveries as processed, or none. */
const complete = (tables: Tables, deliveries: ReadonlyArray<DeliveryKey>) =>
  tables.database.run(() =>
    Effect.flatMap(
      update(
        tables,
        deliveries.map(({ deliveryId }) => deliveryId),
        processed
      ),
      ({ length }) =>
        length < deliveries.length ? Effect.fail(missedMarks("inbox.complete", deliveries.length, length)) : Effect.void
    )
  )

const lastPosition = (tables: Tables, transaction: Transaction, consumer: string) => {
  let last = 0n
  for (const delivery of transaction.rows(tables.deliveries)) {
    if (delivery.consumer === consumer && delivery.position > last) last = delivery.position
  }
  return last
}

/** Lets keys go on, waiting for whoever holds them if it is asked for. */
const unparkKeys = (tables: Tables, request: UnparkRequest) =>
  tables.database.run((transaction) =>
    Effect.gen(function* () {
      if (request.waits === true) yield* waitForKeys(tables, transaction, request.consumer, request.keys)
      return unpark(tables, transaction, request, yield* tables.database.now)
    })
  )

/** Gives an event to a consumer that has not got it. The event is locked, so that nobody else gives it, or removes it. */
const deliver = (tables: Tables, eventId: string, consumer: string) =>
  tables.database.run((transaction) =>
    Effect.map(
      Effect.andThen(tables.database.lock(transaction, tables.events, eventId), tables.database.now),
      (now) => {
        const event = transaction.read(tables.events, eventId)
        if (event === undefined) return false
        if ([...tables.ofEvent(transaction, eventId)].some((delivery) => delivery.consumer === consumer)) return true
        const isOrdered = transaction.read(tables.consumers, consumer)?.ordering === "aggregate"
        tables.writeDeliveries(transaction, event, [{ consumer, isOrdered, tier: 0 }], now)
        return true
      }
    )
  )

const findById = (tables: Tables, transaction: Transaction, deliveryId: string, now: number) => {
  const delivery = transaction.read(tables.deliveries, deliveryId)
  return delivery === undefined ? undefined : toDelivery(delivery, now)
}

const findByEvent = (tables: Tables, transaction: Transaction, eventId: string, now: number) =>
  [...tables.ofEvent(transaction, eventId)].toSorted(byConsumer).map((delivery) => toDelivery(delivery, now))

const findByConsumer = (
  tables: Tables,
  transaction: Transaction,
  page: { readonly consumer: string; readonly after: string | undefined; readonly limit: number },
  now: number
) =>
  [...transaction.rows(tables.deliveries)]
    .filter(({ consumer, eventId }) => consumer === page.consumer && eventId > (page.after ?? ""))
    .toSorted((a, b) => ascending(a.eventId, b.eventId))
    .slice(0, page.limit)
    .map((delivery) => toDelivery(delivery, now))

export const layer: Layer.Layer<InboxStore, never, MemoryTables | MemorySettings> = Layer.effect(
  InboxStore,
  Effect.gen(function* () {
    const tables = yield* MemoryTables
    const settings = yield* MemorySettings
    const { database } = tables
    return InboxStore.of({
      claim: (request) =>
        database.sync((transaction, now) =>
          toClaimedAll(tables, transaction, claim(tables, transaction, request, now), now)
        ),
      claimOne: (request) =>
        database.sync((transaction, now) => {
          const taken = claimOne(tables, transaction, request, now)
          return taken === undefined ? undefined : toClaimed(tables, transaction, taken, now)
        }),
      unpark: (request) => unparkKeys(tables, request),
      bringForward: (eventIds) => database.sync((transaction, now) => bringForward(tables, transaction, eventIds, now)),
      complete: (deliveries) => complete(tables, deliveries),
      settle: (settlement) => settle(tables, settlement, (delivery) => isAsSeen(delivery, settlement), 1),
      ...leases(tables),
      attempts: ({ deliveryId }) => database.read((transaction) => transaction.read(tables.attempts, deliveryId) ?? []),
      nextDue: (request, { leases } = {}) =>
        database.read((transaction, now) => nextDue(tables, transaction, request, now, leases)),
      lastPosition: (consumer) => database.read((transaction) => lastPosition(tables, transaction, consumer)),
      poll: (request) =>
        database.sync((transaction, now) => poll(tables, transaction, settings.values(transaction), request, now)),
      hasOpen: (consumers) =>
        database.read((transaction) =>
          consumers.some((consumer) => [...tables.openOf(transaction, consumer)].some(isOpen))
        ),
      deliver: (eventId, consumer) => deliver(tables, eventId, consumer),
      findById: (deliveryId) => database.read((transaction, now) => findById(tables, transaction, deliveryId, now)),
      findByEvent: (eventId) => database.read((transaction, now) => findByEvent(tables, transaction, eventId, now)),
      findByConsumer: (consumer, after, limit) =>
        database.read((transaction, now) => findByConsumer(tables, transaction, { consumer, after, limit }, now)),
      countByStatus: database.read((transaction) => countsOf(transaction.rows(tables.deliveries))),
      depths: (consumers) => database.read((transaction, now) => depths(tables, transaction, consumers, now)),
      oldest: (consumer) => database.read((transaction, now) => oldest(tables, transaction, consumer, now)),
      changed: Effect.suspend(() => Deferred.await(database.changed))
    })
  })
)

/**
 * Deliveries in memory.
 *
 * @internal
 */
import { Deferred, Effect, Layer, type Schema } from "effect"
import type { DeliveryStatus } from "../stores/delivery.ts"
import { InboxStore } from "../stores/InboxStore.ts"
import { firstOrderingKey, type PollRequest, type PollResult } from "../stores/poll.ts"
import { claim, claimOne, lockKeys, nextDue, unpark, unparkableOf } from "./claiming.ts"
import { ascending, byConsumer, byPosition } from "./comparators.ts"
import type { Transaction } from "./database.ts"
import { leases } from "./leases.ts"
import { pendingAfter } from "./outbox.ts"
import { claimable, type DeliveryRecord, isOpen, toDelivery } from "./records.ts"
import { toClaimed, update } from "./rows.ts"
import { MemorySettings } from "./settings.ts"
import { isAsSeen, settle } from "./settle.ts"
import { MemoryTables, type Tables } from "./tables.ts"

/** Lower tiers of events whose upper ones have been attempted. */
const bringForward = (tables: Tables, transaction: Transaction, eventIds: ReadonlyArray<string>, now: number) => {
  const isUntried = (delivery: DeliveryRecord) => delivery.status === "received" && delivery.attemptCount === 0
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

const answer = (
  tables: Tables,
  settings: Readonly<Record<string, Schema.Json>>,
  transaction: Transaction,
  question: PollRequest,
  now: number
): PollResult => {
  for (const { consumer } of question.consumers) {
    const record = transaction.read(tables.consumers, consumer)
    if (record !== undefined && tables.database.tryLock(transaction, tables.consumers, consumer)) {
      transaction.write(tables.consumers, consumer, { ...record, lastSeenAt: now })
    }
  }
  const pending = pendingAfter(tables, transaction, question.rollUpPosition, question.rollUpLimit)
  return {
    due: question.consumers.flatMap((request) => {
      const inMillis = nextDue(tables, transaction, { ...request, interest: request }, now)
      return inMillis === undefined ? [] : [{ consumer: request.consumer, inMillis }]
    }),
    settings,
    hasUnrouted: false,
    hasOpenBackfills: false,
    // Whoever missed something was told at once.
    hasOpenSubscriptions: false,
    hasUnrolled: pending.some((event) => ![...tables.ofEvent(transaction, event.id)].some(isOpen)),
    nextRollUpPosition: pending.length < question.rollUpLimit ? 0n : (pending.at(-1)?.position ?? 0n),
    unparkable: question.consumers.flatMap(({ consumer, onDeadLetter }) =>
      onDeadLetter === undefined
        ? []
        : unparkableOf(tables, transaction, consumer, onDeadLetter).map((key) => ({ consumer, key }))
    ),
    nextParkedAfter: firstOrderingKey,
    expired: question.consumers
      .map(({ consumer }) => consumer)
      .filter((consumer) =>
        [...tables.openOf(transaction, consumer)].some(({ lease }) => lease !== null && lease.until <= now)
      ),
    recovered: [],
    hasPeers: false,
    hasSilentPeers: false
  }
}

const countByStatus = (tables: Tables, transaction: Transaction) => {
  const counts = new Map<string, { consumer: string; status: DeliveryStatus; count: number }>()
  for (const { consumer, status } of transaction.rows(tables.deliveries)) {
    const key = `${consumer} ${status}`
    counts.set(key, { consumer, status, count: (counts.get(key)?.count ?? 0) + 1 })
  }
  return [...counts.values()].toSorted((a, b) => byConsumer(a, b) || ascending(a.status, b.status))
}

export const layer: Layer.Layer<InboxStore, never, MemoryTables | MemorySettings> = Layer.effect(
  InboxStore,
  Effect.gen(function* () {
    const tables = yield* MemoryTables
    const stored = yield* MemorySettings
    const { database } = tables
    const read = <A>(question: (transaction: Transaction, now: number) => A) =>
      Effect.flatMap(database.reader, (transaction) => Effect.map(database.now, (now) => question(transaction, now)))
    const find = (select: (transaction: Transaction) => Iterable<DeliveryRecord>) =>
      read((transaction, now) => [...select(transaction)].map((delivery) => toDelivery(delivery, now)))
    return InboxStore.of({
      claim: (request) =>
        database.sync((transaction, now) =>
          claim(tables, transaction, request, now).map(({ delivery, isParking }) =>
            toClaimed(tables, transaction, delivery, isParking)
          )
        ),
      claimOne: (request) =>
        database.sync((transaction, now) => {
          const claimed = claimOne(tables, transaction, request, now)
          return claimed === undefined ? undefined : toClaimed(tables, transaction, claimed.delivery, claimed.isParking)
        }),
      unpark: ({ consumer, keys, onDeadLetter, waits }) =>
        database.run((transaction) =>
          Effect.gen(function* () {
            if (waits === true) yield* lockKeys(tables, transaction, consumer, keys)
            return unpark(tables, transaction, consumer, keys, onDeadLetter, yield* database.now)
          })
        ),
      bringForward: (eventIds) => database.sync((transaction, now) => bringForward(tables, transaction, eventIds, now)),
      complete: (ids) =>
        Effect.asVoid(
          update(tables, ids, (delivery, now) => ({
            ...delivery,
            status: "processed",
            processedAt: now,
            attemptCount: delivery.attemptCount + 1
          }))
        ),
      settle: (settlement) => settle(tables, settlement, (delivery) => isAsSeen(delivery, settlement), 1),
      ...leases(tables),
      attempts: (deliveryId) => read((transaction) => transaction.read(tables.attempts, deliveryId) ?? []),
      nextDue: (request) => read((transaction, now) => nextDue(tables, transaction, request, now)),
      lastPosition: (consumer) =>
        read((transaction) => {
          let last = 0n
          for (const delivery of transaction.rows(tables.deliveries)) {
            if (delivery.consumer === consumer && delivery.position > last) last = delivery.position
          }
          return last
        }),
      poll: (question) =>
        database.sync((transaction, now) => answer(tables, stored.values(transaction), transaction, question, now)),
      findById: (deliveryId) =>
        read((transaction, now) => {
          const delivery = transaction.read(tables.deliveries, deliveryId)
          return delivery === undefined ? undefined : toDelivery(delivery, now)
        }),
      findByEvent: (eventId) =>
        Effect.map(
          find((transaction) => tables.ofEvent(transaction, eventId)),
          (found) => found.toSorted(byConsumer)
        ),
      findByConsumer: (consumer, position, limit) =>
        Effect.map(
          find((transaction) => transaction.rows(tables.deliveries)),
          (found) =>
            found
              .filter((delivery) => delivery.consumer === consumer && delivery.position > position)
              .toSorted(byPosition)
              .slice(0, limit)
        ),
      countByStatus: read((transaction) => countByStatus(tables, transaction)),
      changed: Effect.suspend(() => Deferred.await(database.changed))
    })
  })
)

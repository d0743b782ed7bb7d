/**
 * Subscriptions and consumers in memory.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import { cutTo } from "../model/storable.ts"
import type { Braked, Registration, RetireScope, Subscription, Unserved } from "../stores/SubscriptionStore.ts"
import { longestReason, mostOpen, overlookedAmong, SubscriptionStore } from "../stores/SubscriptionStore.ts"
import { isKnown, isNamed } from "./claim.ts"
import { ascending, byConsumer, byPosition } from "./comparators.ts"
import { claimable, type DeliveryRecord, isParked, toDelivery } from "./records.ts"
import { MemoryTables, matches, type Tables } from "./tables.ts"
import type { Transaction } from "./transaction.ts"

const keyOf = (consumer: string, event: string) => JSON.stringify([consumer, event])

/** How many deliveries wait, as far as they are counted, and since when. */
const waiting = (open: ReadonlyArray<DeliveryRecord>): Pick<Unserved, "open" | "since"> => ({
  open: Math.min(open.length, mostOpen),
  since:
    open.length === 0 ? null : new Date(open.reduce((oldest, { createdAt }) => Math.min(oldest, createdAt), Infinity))
})

/** Gives a new subscription what was there before it. */
const backfill = (tables: Tables, transaction: Transaction, registration: Registration, now: number) => {
  const { consumer, event, ordering, startFrom } = registration
  const from = startFrom instanceof Date ? startFrom.getTime() : Number.NEGATIVE_INFINITY
  const earlier = [...transaction.rows(tables.events)]
    .filter((each) => matches(event, each.eventName) && each.createdAt.getTime() >= from)
    .toSorted(byPosition)
  for (const each of earlier) {
    if ([...tables.ofEvent(transaction, each.id)].some((delivery) => delivery.consumer === consumer)) continue
    tables.writeDeliveries(transaction, each, [{ consumer, tier: 0, isOrdered: ordering === "aggregate" }], now)
  }
}

/** Whoever serves a consumer in order decides. */
const orderingOf = (tables: Tables, { consumer, ordering }: Registration) =>
  tables.servedOf(consumer).some((served) => served.ordering === "aggregate") ? "aggregate" : ordering

const register = (tables: Tables, transaction: Transaction, given: Registration, now: number) => {
  const registration = { ...given, ordering: orderingOf(tables, given) }
  const { consumer, event, ordering, priority } = registration
  const before = transaction.read(tables.consumers, consumer)
  transaction.write(tables.consumers, consumer, {
    consumer,
    ordering,
    pausedAt: before?.pausedAt ?? null,
    pauseReason: before?.pauseReason ?? null,
    resumedAt: before?.resumedAt ?? null,
    coolUntil: before?.coolUntil ?? null,
    lastSeenAt: now
  })
  const isNew = transaction.read(tables.subscriptions, keyOf(consumer, event)) === undefined
  transaction.write(tables.subscriptions, keyOf(consumer, event), { consumer, event, priority })
  if (isNew && registration.startFrom !== undefined) backfill(tables, transaction, registration, now)
}

/** Open deliveries that nobody will be interested in once the subscriptions are gone. */
const orphaned = (tables: Tables, transaction: Transaction, { consumer, events, except }: RetireScope) =>
  [...tables.openOf(transaction, consumer)]
    .filter(
      ({ eventName }) =>
        events.some((event) => matches(event, eventName)) && !except.some((event) => matches(event, eventName))
    )
    .toSorted(byPosition)

/** Of what a consumer has open, the first of each kind. */
export const firstOpen = (
  tables: Tables,
  transaction: Transaction,
  consumer: string,
  limit: number
): ReadonlyArray<DeliveryRecord> => {
  const open = [...tables.openOf(transaction, consumer)]
  const due = open.filter(claimable).toSorted((a, b) => a.availableAt - b.availableAt || byPosition(a, b))
  const others = [open.filter(isParked), open.filter(({ status }) => status === "processing")]
  return [due, ...others].flatMap((kind) => kind.slice(0, limit))
}

/**
 * Open deliveries that no subscription of their consumer covers: a publish that was under way while it was retired could not
 * know.
 */
const unsubscribed = (tables: Tables, transaction: Transaction): ReadonlyArray<Unserved> => {
  const covering = [...transaction.rows(tables.subscriptions)]
  const found = new Map<string, Unserved>()
  for (const { consumer, lastSeenAt } of transaction.rows(tables.consumers)) {
    for (const { createdAt, eventName: event } of firstOpen(tables, transaction, consumer, overlookedAmong)) {
      if (covering.some((each) => each.consumer === consumer && matches(each.event, event))) continue
      const known = found.get(keyOf(consumer, event))
      const open = Math.min((known?.open ?? 0) + 1, mostOpen)
      const since = new Date(Math.min(createdAt, known?.since?.getTime() ?? createdAt))
      found.set(keyOf(consumer, event), { consumer, event, open, since, lastSeenAt: new Date(lastSeenAt) })
    }
  }
  return [...found.values()].toSorted((a, b) => byConsumer(a, b) || ascending(a.event, b.event))
}

const skipped = (delivery: DeliveryRecord, now: number): DeliveryRecord => ({
  ...delivery,
  status: "skipped",
  lease: null,
  processedAt: now,
  lastError: "The subscription was retired.",
  errorFingerprint: null
})

/** Locks the rows of consumers, as whoever writes them does, in an order that two never wait for each other. */
const lockConsumers = (tables: Tables, transaction: Transaction, consumers: ReadonlyArray<string>) =>
  Effect.forEach(
    [...new Set(consumers)].toSorted(),
    (consumer) => tables.database.lock(transaction, tables.consumers, consumer),
    { discard: true }
  )

/** Runs a statement that writes rows of consumers, once they are its own. */
const withConsumers = <A>(
  tables: Tables,
  consumers: ReadonlyArray<string>,
  statement: (transaction: Transaction, now: number) => A
) =>
  tables.database.run((transaction) =>
    Effect.andThen(
      lockConsumers(tables, transaction, consumers),
      Effect.map(tables.database.now, (now) => statement(transaction, now))
    )
  )

/** Pauses a consumer, or lets it go on. Returns whether that changed anything; undefined: it is not known. */
const setPaused = (tables: Tables, transaction: Transaction, consumer: string, isPaused: boolean, now: number) => {
  const record = transaction.read(tables.consumers, consumer)
  if (record === undefined) return undefined
  transaction.write(
    tables.consumers,
    consumer,
    isPaused
      ? { ...record, pausedAt: record.pausedAt ?? now }
      : { ...record, pausedAt: null, pauseReason: null, resumedAt: now, coolUntil: null }
  )
  return isPaused ? record.pausedAt === null : record.pausedAt !== null || (record.coolUntil ?? now) > now
}

/** Pauses a consumer whose attempts fail, unless it is paused, or was resumed less than so many milliseconds ago. */
const brake = (
  tables: Tables,
  transaction: Transaction,
  {
    consumer,
    reason,
    sinceMillis
  }: { readonly consumer: string; readonly reason: string; readonly sinceMillis: number },
  now: number
): Braked => {
  const record = transaction.read(tables.consumers, consumer)
  if (record === undefined) return { isPaused: false, resumedMillisAgo: null }
  const resumedMillisAgo = record.resumedAt === null ? null : now - record.resumedAt
  const isPaused = record.pausedAt === null && (resumedMillisAgo === null || resumedMillisAgo >= sinceMillis)
  if (isPaused)
    transaction.write(tables.consumers, consumer, {
      ...record,
      pausedAt: now,
      pauseReason: cutTo(reason, longestReason)
    })
  return { isPaused, resumedMillisAgo }
}

/** Holds all that a consumer has; what is said by others for longer stays. */
const cool = (tables: Tables, transaction: Transaction, consumer: string, millis: number, now: number) => {
  const record = transaction.read(tables.consumers, consumer)
  if (record === undefined) return
  const coolUntil = Math.max(record.coolUntil ?? 0, now + millis)
  transaction.write(tables.consumers, consumer, { ...record, coolUntil })
}

const consumers = (tables: Tables, transaction: Transaction) =>
  [...transaction.rows(tables.consumers)]
    .toSorted(byConsumer)
    .map(({ consumer, coolUntil, lastSeenAt, ordering, pausedAt, pauseReason }) => ({
      consumer,
      ordering,
      pausedAt: pausedAt === null ? null : new Date(pausedAt),
      pauseReason,
      coolUntil: coolUntil === null ? null : new Date(coolUntil),
      lastSeenAt: new Date(lastSeenAt)
    }))

const subscriptions = (tables: Tables, transaction: Transaction) =>
  [...transaction.rows(tables.subscriptions)].toSorted((a, b) => byConsumer(a, b) || ascending(a.event, b.event))

/** Whether a process that runs serves a subscription. */
export const isServed = (tables: Tables, { consumer, event }: Subscription) =>
  tables.servedOf(consumer).some(({ names, patterns }) => names.includes(event) || patterns.includes(event))

const unserved = (tables: Tables, transaction: Transaction) =>
  subscriptions(tables, transaction)
    .filter((subscription) => !isServed(tables, subscription))
    .map(({ consumer, event }) => ({
      consumer,
      event,
      ...waiting([...tables.openOf(transaction, consumer)].filter(({ eventName }) => matches(event, eventName))),
      lastSeenAt: new Date(transaction.read(tables.consumers, consumer)?.lastSeenAt ?? 0)
    }))

/** Open deliveries of versions that this process, which serves their events, does not know. */
const unknownVersions = (tables: Tables, transaction: Transaction) =>
  [...transaction.rows(tables.consumers)].toSorted(byConsumer).flatMap(({ consumer, lastSeenAt }) => {
    const served = tables.servedOf(consumer)
    const isUnknown = (delivery: DeliveryRecord) => {
      const interests = served.filter((interest) => isNamed(interest, delivery))
      return interests.length > 0 && !interests.some((interest) => isKnown(interest, delivery))
    }
    const unknown = firstOpen(tables, transaction, consumer, overlookedAmong).filter(isUnknown)
    return [...Map.groupBy(unknown, ({ eventName, schemaVersion }) => JSON.stringify([eventName, schemaVersion]))]
      .toSorted(([a], [b]) => ascending(a, b))
      .flatMap(([, [first, ...others]]) =>
        first === undefined
          ? []
          : [
              {
                consumer,
                event: first.eventName,
                version: first.schemaVersion,
                ...waiting([first, ...others]),
                lastSeenAt: new Date(lastSeenAt)
              }
            ]
      )
  })

/** Removes subscriptions of a consumer. Returns how many there were. */
const remove = (tables: Tables, transaction: Transaction, consumer: string, events: ReadonlyArray<string>) => {
  const existing = [...new Set(events)].filter(
    (event) => transaction.read(tables.subscriptions, keyOf(consumer, event)) !== undefined
  )
  for (const event of existing) transaction.write(tables.subscriptions, keyOf(consumer, event), undefined)
  return existing.length
}

/** Skips what nobody will be interested in any more. Returns how many there were. */
const skipOpen = (tables: Tables, scope: RetireScope) =>
  tables.database.run((transaction) =>
    Effect.gen(function* () {
      const all = orphaned(tables, transaction, scope)
      for (const { id } of all) {
        yield* tables.database.lock(transaction, tables.deliveries, id)
        const delivery = transaction.read(tables.deliveries, id) as DeliveryRecord
        transaction.write(tables.deliveries, id, skipped(delivery, yield* tables.database.now))
      }
      return all.length
    })
  )

export const layer: Layer.Layer<SubscriptionStore, never, MemoryTables> = Layer.effect(
  SubscriptionStore,
  Effect.gen(function* () {
    const tables = yield* MemoryTables
    const { database } = tables
    return SubscriptionStore.of({
      register: (registrations) =>
        withConsumers(
          tables,
          registrations.map(({ consumer }) => consumer),
          (transaction, now) => {
            for (const registration of registrations) register(tables, transaction, registration, now)
          }
        ),
      setPaused: (consumer, isPaused) =>
        withConsumers(tables, [consumer], (transaction, now) =>
          setPaused(tables, transaction, consumer, isPaused, now)
        ),
      brake: (consumer, reason, sinceMillis) =>
        withConsumers(tables, [consumer], (transaction, now) =>
          brake(tables, transaction, { consumer, reason, sinceMillis }, now)
        ),
      cool: (consumer, millis) =>
        withConsumers(tables, [consumer], (transaction, now) => cool(tables, transaction, consumer, millis, now)),
      consumers: database.read((transaction) => consumers(tables, transaction)),
      // Every commit looks for subscriptions that its events missed.
      sweep: () => Effect.succeed({ consumers: [], isOpen: false }),
      backfill: Effect.succeed({ consumers: [], isOpen: false }),
      unserved: database.read((transaction) => [
        ...unserved(tables, transaction),
        ...unknownVersions(tables, transaction),
        ...unsubscribed(tables, transaction)
      ]),
      all: database.read((transaction) => subscriptions(tables, transaction)),
      open: (scope, limit) =>
        database.read((transaction, now) =>
          orphaned(tables, transaction, scope)
            .slice(0, limit)
            .map((delivery) => toDelivery(delivery, now))
        ),
      remove: (consumer, events) => database.sync((transaction) => remove(tables, transaction, consumer, events)),
      skipOpen: (scope) => skipOpen(tables, scope)
    })
  })
)

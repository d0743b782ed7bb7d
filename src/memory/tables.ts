/**
 * The tables of this package in memory: rows, indexes, and how an event finds its consumers.
 *
 * @internal
 */
import { Context, Layer } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import { BoundedMap } from "../collections/bounded.ts"
import { matcher } from "../model/eventPattern.ts"
import type { AttemptRecord } from "../stores/Delivery.ts"
import type { NewEvent } from "../stores/OutboxStore.ts"
import type { Served } from "../stores/ReplicaStore.ts"
import type { Subscription } from "../stores/SubscriptionStore.ts"
import { ascending } from "./comparators.ts"
import type { Database } from "./database.ts"
import { byDueTime, DueOrder } from "./dueOrder.ts"
import { MemoryDatabase } from "./MemoryDatabase.ts"
import {
  type Claimable,
  type ConsumerRecord,
  claimable,
  type DeliveryRecord,
  type EventRecord,
  hasGivenUp,
  isOpen,
  type ReceivedRecord,
  type ReplicaRecord
} from "./records.ts"
import { type Table, Transaction } from "./transaction.ts"

/** How much later than the tier above a delivery becomes due, in milliseconds, unless it is brought forward. */
export const headStartMillis = 1000

const addTo = <K>(index: Map<K, Set<string>>, key: K, value: string) => {
  const existing = index.get(key)
  if (existing === undefined) index.set(key, new Set([value]))
  else existing.add(value)
}

const matchers = new BoundedMap<string, (name: string) => boolean>()

/** Whether a pattern matches a name; patterns are few and come again. */
export const matches = (pattern: string, name: string): boolean => {
  const known = matchers.get(pattern)
  if (known !== undefined) return known(name)
  const made = matcher(pattern)
  matchers.set(pattern, made)
  return made(name)
}

/** A consumer that an event is for. */
interface Interested {
  readonly consumer: string
  readonly tier: number
  readonly isOrdered: boolean
}

export class Tables {
  readonly database: Database
  readonly events: Table<EventRecord>
  readonly deliveries: Table<DeliveryRecord>
  readonly subscriptions: Table<Subscription>
  readonly consumers: Table<ConsumerRecord>
  /** Failed attempts by delivery. */
  readonly attempts: Table<ReadonlyArray<AttemptRecord>>
  /** Who has a dedupe key: event ids by key. */
  readonly keys: Table<string>
  /** Messages of other services. */
  readonly received: Table<ReceivedRecord>
  /** Processes by id: no transaction undoes what is said of them. */
  readonly replicas = new Map<string, ReplicaRecord>()
  /** Told of consumers that were given events whose publisher could not see their registration. */
  whenMissed: (consumers: ReadonlyArray<string>) => void = () => {}
  /** Events of the transaction that is being committed. */
  readonly #fresh: Array<string> = []
  /** Deliveries it leaves open, and those that are open of consumers whose ordering it changes. */
  readonly #left: Array<string> = []
  readonly #openOf = new Map<string, Set<string>>()
  readonly #claimableOf = new Map<string, DueOrder<Claimable>>()
  readonly #leasedOf = new Map<string, Set<string>>()
  readonly #gaveUpOf = new Map<string, Set<string>>()
  readonly #ofEvent = new Map<string, Set<string>>()
  readonly #orderingKeys = new Map<string, bigint>()

  constructor(database: Database) {
    this.database = database
    this.events = database.table((id, before) => {
      if (before === undefined) this.#fresh.push(id)
    })
    this.attempts = database.table()
    this.keys = database.table()
    this.received = database.table()
    this.subscriptions = database.table()
    this.consumers = database.table((consumer, before, after) => {
      if (before?.ordering === after?.ordering) return
      for (const id of this.#openOf.get(consumer) ?? []) this.#left.push(id)
    })
    this.deliveries = database.table((id, before, after) => {
      if (after !== undefined && isOpen(after)) {
        addTo(this.#openOf, after.consumer, id)
        this.#left.push(id)
      } else if (before !== undefined) this.#openOf.get(before.consumer)?.delete(id)
      if (before !== undefined && claimable(before)) this.#claimableOf.get(before.consumer)?.remove(before)
      if (after !== undefined && claimable(after)) this.#inOrderOf(after.consumer).add(after)
      if (after !== undefined && after.lease !== null) addTo(this.#leasedOf, after.consumer, id)
      else if (before !== undefined) this.#leasedOf.get(before.consumer)?.delete(id)
      if (after !== undefined && hasGivenUp(after)) addTo(this.#gaveUpOf, after.consumer, id)
      else if (before !== undefined) this.#gaveUpOf.get(before.consumer)?.delete(id)
      if (after !== undefined) addTo(this.#ofEvent, after.eventId, id)
    })
    database.onCommit(() => this.#sweep(this.#fresh.splice(0), this.#left.splice(0)))
  }

  /** Deliveries of a consumer that are open, as a transaction sees them. */
  *openOf(transaction: Transaction, consumer: string): Generator<DeliveryRecord> {
    for (const delivery of transaction.rows(this.deliveries, this.#openOf.get(consumer) ?? [])) {
      if (delivery.consumer === consumer && isOpen(delivery)) yield delivery
    }
  }

  #inOrderOf(consumer: string): DueOrder<Claimable> {
    const known = this.#claimableOf.get(consumer)
    if (known !== undefined) return known
    const made = new DueOrder<Claimable>()
    this.#claimableOf.set(consumer, made)
    return made
  }

  /** Deliveries of a consumer that can be claimed, now or later, in the order they become due. */
  *claimableOf(transaction: Transaction, consumer: string): Generator<Claimable> {
    const own = new Set(transaction.written(this.deliveries))
    const written = [...own]
      .map((id) => transaction.read(this.deliveries, id))
      .filter((row): row is Claimable => row !== undefined && row.consumer === consumer && claimable(row))
      .toSorted(byDueTime)
    let next = 0
    for (const row of this.#inOrderOf(consumer)) {
      if (own.has(row.id)) continue
      for (let first = written[next]; first !== undefined && byDueTime(first, row) < 0; first = written[++next]) {
        yield first
      }
      yield row
    }
    yield* written.slice(next)
  }

  /** Deliveries of a consumer that somebody has leased. */
  *leasedOf(transaction: Transaction, consumer: string): Generator<DeliveryRecord> {
    for (const delivery of transaction.rows(this.deliveries, this.#leasedOf.get(consumer) ?? [])) {
      if (delivery.consumer === consumer && delivery.lease !== null) yield delivery
    }
  }

  /** Deliveries of a consumer that gave up. */
  *gaveUpOf(transaction: Transaction, consumer: string): Generator<DeliveryRecord> {
    for (const delivery of transaction.rows(this.deliveries, this.#gaveUpOf.get(consumer) ?? [])) {
      if (delivery.consumer === consumer && hasGivenUp(delivery)) yield delivery
    }
  }

  *ofEvent(transaction: Transaction, eventId: string): Generator<DeliveryRecord> {
    for (const delivery of transaction.rows(this.deliveries, this.#ofEvent.get(eventId) ?? [])) {
      if (delivery.eventId === eventId) yield delivery
    }
  }

  /** A number for an aggregate: the same each time, no other has it. */
  orderingKey(event: Pick<EventRecord, "sourceModule" | "aggregateType" | "aggregateId">): bigint {
    const name = JSON.stringify([event.sourceModule, event.aggregateType, event.aggregateId])
    const known = this.#orderingKeys.get(name) ?? BigInt(this.#orderingKeys.size)
    this.#orderingKeys.set(name, known)
    return known
  }

  /** Consumers subscribed to a name, by name; the highest of a consumer's priorities counts. */
  interestedIn(transaction: Transaction, eventName: string): ReadonlyArray<Interested> {
    const priorities = new Map<string, number>()
    for (const { consumer, event, priority } of transaction.rows(this.subscriptions)) {
      if (matches(event, eventName)) priorities.set(consumer, Math.max(priority, priorities.get(consumer) ?? priority))
    }
    const ranks = [...new Set(priorities.values())].toSorted((a, b) => b - a)
    return [...priorities]
      .toSorted(([a], [b]) => ascending(a, b))
      .map(([consumer, priority]) => ({
        consumer,
        tier: ranks.indexOf(priority),
        isOrdered: transaction.read(this.consumers, consumer)?.ordering === "aggregate"
      }))
  }

  /** What processes that run, and have been heard of since a time, say about a consumer; `except` is not asked. */
  servedOf(consumer: string, since = Number.NEGATIVE_INFINITY, except?: string): ReadonlyArray<Served> {
    return [...this.replicas]
      .filter(([id, { lastSeenAt, stoppedAt }]) => stoppedAt === null && lastSeenAt >= since && id !== except)
      .flatMap(([, { served }]) => served)
      .filter((each) => each.consumer === consumer)
  }

  /** Writes the deliveries of an event. */
  writeDeliveries(
    transaction: Transaction,
    event: EventRecord,
    interested: ReadonlyArray<Interested>,
    now: number
  ): void {
    const hasTiers = interested.some(({ tier }) => tier > 0)
    for (const { consumer, isOrdered, tier } of interested) {
      const id = SecureRandom.uuidV7Unsafe()
      transaction.write(this.deliveries, id, {
        id,
        eventId: event.id,
        consumer,
        eventName: event.eventName,
        schemaVersion: event.schemaVersion,
        position: event.position,
        status: "received",
        attemptCount: 0,
        lastError: null,
        errorTag: null,
        errorFingerprint: null,
        availableAt: event.availableAt.getTime() + tier * headStartMillis,
        orderingKey: isOrdered ? this.orderingKey(event) : null,
        tier: hasTiers ? tier : null,
        processedAt: null,
        createdAt: now,
        payloadOverride: null,
        lease: null
      })
    }
  }

  /** Gives a delivery the key its consumer's ordering wants. Without ordering nothing is parked: it is due as it was before. */
  #follow(transaction: Transaction, delivery: DeliveryRecord): void {
    const isOrdered = transaction.read(this.consumers, delivery.consumer)?.ordering === "aggregate"
    const event = transaction.read(this.events, delivery.eventId)
    if (event === undefined || isOrdered === (delivery.orderingKey !== null)) return
    transaction.write(this.deliveries, delivery.id, {
      ...delivery,
      orderingKey: isOrdered ? this.orderingKey(event) : null,
      availableAt: delivery.availableAt === Number.POSITIVE_INFINITY ? delivery.createdAt : delivery.availableAt
    })
  }

  /** A row for a new event. */
  toRecord(event: NewEvent, now: number): EventRecord {
    const { due, metadata, ...rest } = event
    return {
      ...rest,
      position: this.database.nextPosition(),
      metadata: metadata ?? null,
      correlationId: event.correlationId ?? null,
      causationId: event.causationId ?? null,
      traceparent: event.traceparent ?? null,
      origin: null,
      dedupeKey: event.dedupeKey ?? null,
      availableAt: due instanceof Date ? due : new Date(now + (due ?? 0)),
      createdAt: new Date(now)
    }
  }

  /**
   * Gives events to consumers that registered while their publisher's transaction was open, and open deliveries the order that
   * consumers took on meanwhile: they could not see each other.
   */
  #sweep(eventIds: ReadonlyArray<string>, deliveryIds: ReadonlyArray<string>): void {
    const committed = new Transaction()
    const consumers = new Set<string>()
    for (const id of deliveryIds) {
      const delivery = this.deliveries.rows.get(id)
      if (delivery !== undefined) this.#follow(committed, delivery)
    }
    for (const id of eventIds) {
      const event = this.events.rows.get(id)
      if (event === undefined) continue
      const given = new Set([...this.ofEvent(committed, id)].map(({ consumer }) => consumer))
      const missing = this.interestedIn(committed, event.eventName).filter(({ consumer }) => !given.has(consumer))
      if (missing.length === 0) continue
      this.writeDeliveries(
        committed,
        event,
        missing.map((each) => ({ ...each, tier: 0 })),
        event.createdAt.getTime()
      )
      for (const { consumer } of missing) consumers.add(consumer)
    }
    this.database.apply(committed)
    this.#left.length = 0
    if (consumers.size > 0) this.whenMissed([...consumers])
  }
}

export class MemoryTables extends Context.Service<MemoryTables, Tables>()("effect-integration/MemoryTables") {
  static readonly layer: Layer.Layer<MemoryTables, never, MemoryDatabase> = Layer.effect(
    MemoryTables,
    MemoryDatabase.useSync((database) => new Tables(database.internal))
  )
}

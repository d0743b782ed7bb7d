/**
 * What the checks of the store contracts share.
 *
 * @internal
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import type { DeliveryKey, FailedAttempt, Leased, Settlement } from "../../stores/Delivery.ts"
import { InboxStore } from "../../stores/InboxStore.ts"
import { type NewEvent, OutboxStore } from "../../stores/OutboxStore.ts"
import { SubscriptionStore } from "../../stores/SubscriptionStore.ts"
import { Transactor } from "../../stores/Transactor.ts"

export type Stores = OutboxStore | InboxStore | SubscriptionStore | Transactor

/** A name nobody else uses. */
export const unique = (name: string) => `${name}-${SecureRandom.uuidV4Unsafe().slice(0, 8)}`

export const newEvent = (eventName: string, more: Partial<NewEvent> = {}): NewEvent => ({
  id: SecureRandom.uuidV7Unsafe(),
  eventName,
  schemaVersion: 1,
  sourceModule: "conformance",
  aggregateType: "Thing",
  aggregateId: "1",
  payload: '{"a":1}',
  metadata: undefined,
  correlationId: undefined,
  causationId: undefined,
  traceparent: undefined,
  dedupeKey: undefined,
  due: undefined,
  ...more
})

/** Subscribes consumers to an event or pattern. */
export const subscribe = (event: string, ...consumers: ReadonlyArray<string>) =>
  SubscriptionStore.use((store) =>
    store.register(consumers.map((consumer) => ({ consumer, event, priority: 0, ordering: "none" })))
  )

/** Appends `count` events of a new name for a new consumer. */
export const withDeliveries = Effect.fnUntraced(function* (count: number) {
  const eventName = unique("event")
  const consumer = unique("consumer")
  yield* subscribe(eventName, consumer)
  const events = Array.from({ length: count }, () => newEvent(eventName))
  const appended = yield* OutboxStore.use((store) => store.append(events))
  const inbox = yield* InboxStore
  const interest = { names: [eventName], patterns: [] }
  return {
    consumer,
    eventName,
    eventIds: events.map((event) => event.id),
    appended,
    interest,
    claim: (limit: number, maxPosition?: bigint) => inbox.claim({ consumer, interest, limit, maxPosition })
  }
})

/** The key of a delivery, which must be there, without what else its row holds. */
export const keyOf = (delivery: DeliveryKey | undefined): DeliveryKey => {
  assert.ok(delivery !== undefined, "the delivery is there")
  const { consumer, deliveryId, eventId } = delivery
  return { deliveryId, eventId, consumer }
}

/** What to write about a delivery: processed at its first attempt, unless `more` says otherwise. */
export const settlement = (delivery: DeliveryKey, more: Partial<Settlement> = {}): Settlement => ({
  ...keyOf(delivery),
  seenAttempts: 0,
  status: "processed",
  retryInMillis: undefined,
  error: undefined,
  errorTag: undefined,
  failure: undefined,
  ...more
})

/** Claims one delivery and settles it as `status`, in one transaction. */
export const settleNext = (
  claim: (limit: number) => ReturnType<InboxStore["Service"]["claim"]>,
  settlement: {
    readonly status: "processed" | "failed" | "skipped" | "dead_letter"
    readonly retryInMillis?: number
    readonly error?: string
    readonly failure?: FailedAttempt
  }
) =>
  Transactor.withTransaction(
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const [row] = yield* claim(1)
      if (row === undefined) return yield* Effect.die(new Error("nothing to claim"))
      yield* inbox.settle({
        ...keyOf(row),
        seenAttempts: row.attemptCount,
        status: settlement.status,
        retryInMillis: settlement.retryInMillis,
        error: settlement.error,
        errorTag: settlement.error === undefined ? undefined : "Tag",
        failure: settlement.failure
      })
      return row
    })
  )

/** A process that has ended: nobody knows of it. */
export const holder = SecureRandom.uuidV7Unsafe()

/** Claims one delivery and leases it, in one transaction. */
export const leaseNext = (claim: Effect.Success<ReturnType<typeof withDeliveries>>["claim"], millis: number) =>
  Transactor.withTransaction(
    Effect.gen(function* () {
      const [row] = yield* claim(1)
      assert.ok(row !== undefined)
      const token = yield* InboxStore.use((inbox) => inbox.lease(row, millis, holder))
      return { ...row, token } satisfies Leased
    })
  )

/** Brings the first six deliveries of a consumer into as many states: processed, skipped, retrying, gave up twice, and in hand for an hour. */
export const inEachState = Effect.fnUntraced(function* (
  claim: Effect.Success<ReturnType<typeof withDeliveries>>["claim"]
) {
  const hour = 3_600_000
  yield* settleNext(claim, { status: "processed" })
  yield* settleNext(claim, { status: "skipped" })
  yield* settleNext(claim, { status: "failed", retryInMillis: hour })
  yield* settleNext(claim, { status: "dead_letter" })
  yield* settleNext(claim, { status: "failed" })
  yield* leaseNext(claim, hour)
})

/**
 * What every inbox does when the marks of a transaction do not find their deliveries, and how it counts what was marked.
 *
 * @internal
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import type { StoreError } from "../../errors/StoreErrors.ts"
import type { DeliveryKey } from "../../stores/Delivery.ts"
import { InboxStore } from "../../stores/InboxStore.ts"
import { OutboxStore } from "../../stores/OutboxStore.ts"
import { SubscriptionStore } from "../../stores/SubscriptionStore.ts"
import { Transactor } from "../../stores/Transactor.ts"
import { checkOf } from "./Check.ts"
import {
  holder,
  keyOf,
  leaseNext,
  newEvent,
  settlement,
  settleNext,
  subscribe,
  unique,
  withDeliveries
} from "./support.ts"

const check = checkOf("InboxStore")

export const marks = [
  check(
    "completes all it is asked for or nothing: not what is not there, was settled already, or is leased",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const { claim, consumer } = yield* withDeliveries(3)
      const refused = Effect.fnUntraced(function* (other: DeliveryKey) {
        const completing = Effect.flatMap(claim(1), (rows) => inbox.complete([...rows, other]))
        const { _tag, isRetryable, message } = yield* Effect.flip(Transactor.withTransaction(completing))
        assert.deepEqual({ _tag, isRetryable }, { _tag: "StoreError", isRetryable: false })
        assert.ok(message.startsWith("inbox.complete: 1 of 2 deliveries"), message)
      })
      const [deliveryId, eventId] = [SecureRandom.uuidV4Unsafe(), SecureRandom.uuidV4Unsafe()]
      yield* refused({ deliveryId, eventId, consumer })
      const row = yield* settleNext(claim, { status: "processed" })
      yield* refused(row)
      const [second, third] = yield* claim(3)
      yield* inbox.lease(keyOf(second), 60_000, holder)
      yield* refused(keyOf(second))
      assert.deepEqual(
        (yield* claim(3)).map((_) => [_.deliveryId, _.attemptCount]),
        [[third?.deliveryId, 0]]
      )
    })
  ),

  check(
    "what is done with a delivery leaves that of another consumer of its event alone",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const [eventName, mine, others] = [unique("event"), unique("mine"), unique("others")]
      yield* subscribe(eventName, mine, others)
      const interest = { names: [eventName], patterns: [] }
      const lease = (row: DeliveryKey) => inbox.lease(row, 60_000, holder)
      const failure = { durationMillis: 1, detail: "no" }
      const changes: ReadonlyArray<(row: DeliveryKey) => Effect.Effect<unknown, StoreError, SubscriptionStore>> = [
        (row) => inbox.complete([row]),
        (row) => inbox.settle(settlement(row, { status: "dead_letter", error: "no", failure })),
        (row) => Effect.flatMap(lease(row), (token) => inbox.renew([{ ...row, token }], 60_000)),
        (row) => Effect.flatMap(lease(row), (token) => inbox.giveBack(row, token)),
        (row) => Effect.flatMap(lease(row), (token) => inbox.settleLease(settlement(row, { failure }), token)),
        () => SubscriptionStore.use((store) => store.skipOpen({ consumer: mine, events: ["*"], except: [] }))
      ]
      for (const change of changes) {
        const event = newEvent(eventName)
        yield* OutboxStore.use((store) => store.append([event]))
        const deliveries = Effect.map(inbox.findByEvent(event.id), (all) => all.map(({ dueInMillis, ...rest }) => rest))
        const [row, other] = yield* deliveries
        assert.equal((yield* inbox.claimOne({ ...keyOf(row), interest }))?.deliveryId, row?.deliveryId)
        yield* change(keyOf(row))
        assert.deepEqual((yield* deliveries)[1], other)
        assert.notDeepEqual((yield* deliveries)[0], change === changes[3] ? other : row)
        assert.deepEqual(yield* inbox.attempts(keyOf(other)), [])
        assert.equal((yield* inbox.findById(keyOf(other).deliveryId))?.consumer, others)
      }
    })
  ),

  check(
    "counts deliveries by consumer and status",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const { claim, consumer } = yield* withDeliveries(5)
      yield* settleNext(claim, { status: "skipped" })
      yield* settleNext(claim, { status: "failed" })
      yield* settleNext(claim, { status: "failed", retryInMillis: 60_000 })
      const counts = (yield* inbox.countByStatus).filter((_) => _.consumer === consumer)
      assert.deepEqual(
        counts.map(({ count, open, parked, status }) => [status, count, open, parked]),
        [
          ["failed", 2, 1, 0],
          ["received", 2, 2, 0],
          ["skipped", 1, 0, 0]
        ]
      )
    })
  ),

  check(
    "says whether something is open: what waits, is parked or leased is, what is settled is not",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const { claim, consumer } = yield* withDeliveries(2)
      const isOpen = inbox.hasOpen(["nobody", consumer])
      assert.equal(yield* inbox.hasOpen([]), false)
      yield* settleNext(claim, { status: "processed" })
      yield* settleNext(claim, { status: "failed", retryInMillis: 60_000 })
      assert.equal(yield* isOpen, true)
      const leased = yield* withDeliveries(1)
      const row = yield* leaseNext(leased.claim, 60_000)
      assert.equal(yield* inbox.hasOpen([leased.consumer]), true)
      yield* inbox.settleLease(settlement(row, { status: "dead_letter" }), row.token)
      assert.equal(yield* inbox.hasOpen([leased.consumer]), false)
    })
  )
]

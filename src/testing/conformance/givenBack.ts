/**
 * What every store does with deliveries that are given back, and with consumers whose deliveries are held for a while.
 *
 * @internal
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import type { DeliveryKey } from "../../stores/Delivery.ts"
import { InboxStore } from "../../stores/InboxStore.ts"
import { SubscriptionStore } from "../../stores/SubscriptionStore.ts"
import { Transactor } from "../../stores/Transactor.ts"
import { checkOf } from "./Check.ts"
import { all, ordered } from "./mailbox.ts"
import { keyOf, leaseNext, settlement, unique, withDeliveries } from "./support.ts"

const inboxCheck = checkOf("InboxStore")
const subscriptionCheck = checkOf("SubscriptionStore")

/** Given back for an hour, by who has seen so many attempts. */
const later = (delivery: DeliveryKey | undefined, seenAttempts: number) =>
  settlement(keyOf(delivery), {
    ...{ seenAttempts, retryInMillis: 3_600_000, error: "not now", errorTag: "Snoozed" },
    status: "snoozed"
  })

export const givenBack = [
  subscriptionCheck(
    "what a consumer has is held until a time that was asked for, which is when it is due, or until it is resumed",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const store = yield* SubscriptionStore
      const { consumer, interest, work } = yield* ordered("a")
      const coolUntil = Effect.map(store.consumers, (states) => states.find((_) => _.consumer === consumer)?.coolUntil)
      assert.equal(yield* coolUntil, null)
      yield* store.cool(consumer, 300)
      yield* store.cool(consumer, 10)
      assert.ok((yield* coolUntil) instanceof Date)
      assert.deepEqual(yield* work(all), [])
      assert.deepEqual(yield* inbox.claim({ consumer, interest, limit: all }), [])
      const due = (yield* inbox.nextDue({ consumer, interest })) ?? 0
      assert.equal(due > 20 && due <= 300, true, String(due))
      yield* Effect.sleep(310)
      assert.deepEqual(yield* work(all), [0])
      yield* store.cool(consumer, 3_600_000)
      assert.deepEqual(yield* work(all), [])
      yield* store.setPaused(consumer, false)
      assert.equal(yield* coolUntil, null)
      assert.deepEqual(yield* work(all), [0])
      yield* store.cool(unique("nobody"), 100)
    })
  ),

  inboxCheck(
    "what is given back is as it was before, due later, and holds up what comes after it, also where delays do not",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const { consumer, deliveries, interest, work } = yield* ordered("a", "a")
      const state = Effect.map(deliveries, ([first]) => [
        ...[first?.status, first?.attemptCount, first?.isOpen, first?.lastError, first?.errorTag],
        (first?.dueInMillis ?? 0) > 0
      ])
      const claim = inbox.claim({ consumer, interest, limit: all, onDeadLetter: "park", delayed: "pass" })
      const snoozed = Effect.flatMap(claim, ([row]) => inbox.settle(later(row, 0)))
      assert.equal(yield* Transactor.withTransaction(snoozed), true)
      assert.deepEqual(yield* state, ["received", 0, true, "not now", "Snoozed", true])
      assert.deepEqual(yield* work(all, {}, "park", "pass"), [])
      assert.deepEqual(yield* work(all, {}, "park", "hold"), [])
      const [first] = yield* deliveries
      assert.deepEqual(first === undefined ? undefined : yield* inbox.attempts(first), [])
      // With attempts that counted, they stay counted.
      assert.equal(
        yield* inbox.settle(
          settlement(keyOf(first), { status: "failed", retryInMillis: 0, error: "no", errorTag: "No" })
        ),
        true
      )
      yield* Effect.sleep(20)
      assert.equal(yield* inbox.settle(later(first, 1)), true)
      assert.deepEqual(yield* state, ["failed", 1, true, "not now", "Snoozed", true])
      assert.equal(yield* inbox.settle(later(first, 0)), false)
    })
  ),

  inboxCheck(
    "a lease that is given back until later leaves its attempt uncounted",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const { claim } = yield* withDeliveries(1)
      const row = yield* leaseNext(claim, 60_000)
      const given = settlement(row, { status: "snoozed", retryInMillis: 20, error: "not now", errorTag: "Snoozed" })
      assert.equal(yield* inbox.settleLease(given, row.token), true)
      assert.equal(yield* inbox.settleLease(given, row.token), false)
      const found = yield* inbox.findById(row.deliveryId)
      assert.partialDeepStrictEqual(found, { status: "received", attemptCount: 0, isOpen: true, errorTag: "Snoozed" })
      yield* Effect.sleep(30)
      const again = yield* leaseNext(claim, 60_000)
      assert.equal(again.attemptCount, 0)
    })
  )
]

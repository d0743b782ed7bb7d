/**
 * What every inbox does for ordered consumers with deliveries that are not due yet: hold up what comes after them, or let it pass.
 *
 * @internal
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import type { Delivery } from "../../stores/Delivery.ts"
import { InboxStore } from "../../stores/InboxStore.ts"
import { OutboxStore } from "../../stores/OutboxStore.ts"
import { firstOrderingKey, type PollRequest } from "../../stores/Poll.ts"
import { SubscriptionStore } from "../../stores/SubscriptionStore.ts"
import { Transactor } from "../../stores/Transactor.ts"
import { checkOf } from "./Check.ts"
import { all, ordered } from "./mailbox.ts"
import { holder, keyOf, newEvent, settlement, unique } from "./support.ts"

const inboxCheck = checkOf("InboxStore")

const hour = 3_600_000

/** Keys of an ordered consumer that the poll finds begin with a parked delivery which nothing blocks. */
const unparkableOf = (served: PollRequest["consumers"][number]) =>
  InboxStore.use((inbox) =>
    Effect.map(
      inbox.poll({
        consumers: [served],
        parkedAfter: firstOrderingKey,
        replica: { id: "00000000-0000-4000-8000-000000000000", silentMillis: 60_000 }
      }),
      ({ unparkable }) => unparkable.map(({ key }) => key)
    )
  )

const untilFirstIsDue = <R>(
  deliveries: Effect.Effect<ReadonlyArray<Delivery>, StoreError, R>
): Effect.Effect<void, StoreError, R> =>
  Effect.flatMap(deliveries, ([first]) =>
    (first?.dueInMillis ?? 1) <= 0 ? Effect.void : Effect.delay(untilFirstIsDue(deliveries), 10)
  )

export const delayed = [
  inboxCheck(
    "what is delayed holds up its aggregate, or lets it pass",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const { consumer, deliveries, interest, work } = yield* ordered(["a", hour], "a", "a", "b")
      const place = { consumer, interest, onDeadLetter: "park", delayed: "pass" } as const
      const served = (delayed: "hold" | "pass") => ({ consumer, ...interest, onDeadLetter: "park" as const, delayed })
      assert.deepEqual(yield* work(all, {}, "park", "hold"), [3])
      assert.deepEqual(yield* work(all, { 3: "processed" }), [3])
      assert.deepEqual(yield* work(all, {}, "park", "pass"), [])
      const [key = 0n] = yield* unparkableOf(served("pass"))
      assert.deepEqual(yield* unparkableOf(served("hold")), [])
      const unpark = (delayed: "hold" | "pass") =>
        inbox.unpark({ consumer, keys: [key], onDeadLetter: "park", delayed })
      assert.deepEqual([yield* unpark("hold"), yield* unpark("pass")], [0, 1])
      const [, second] = yield* deliveries
      const alone = inbox.claimOne({ ...keyOf(second), ...place })
      assert.equal((yield* Transactor.withTransaction(alone))?.deliveryId, second?.deliveryId)
      assert.deepEqual(yield* work(1, { 1: "later" }, "park", "pass"), [1])
      assert.deepEqual(yield* work(all, {}, "park", "pass"), [])
    })
  ),

  inboxCheck(
    "what was delayed takes its place when it is due, and holds up its aggregate once it was attempted",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const { consumer, deliveries, interest, work } = yield* ordered(["a", 1000], "a", "a", "a")
      assert.ok(((yield* inbox.nextDue({ consumer, interest, delayed: "pass" })) ?? 1) <= 0)
      assert.deepEqual(yield* work(1, { 1: "processed" }, "park", "pass"), [1])
      yield* untilFirstIsDue(deliveries)
      assert.deepEqual(yield* work(all, {}, "park", "pass"), [0, 2, 3])
      assert.deepEqual(yield* work(1, { 0: "later" }, "park", "pass"), [0])
      assert.deepEqual(yield* work(all, {}, "park", "pass"), [])
      assert.equal((yield* deliveries)[2]?.dueInMillis, null)
    })
  ),

  inboxCheck(
    "what comes due while another of its aggregate is under a lease waits for that one",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const { consumer, deliveries, interest, work } = yield* ordered(["a", 1000], "a")
      const lease = Effect.gen(function* () {
        const [row] = yield* inbox.claim({ consumer, interest, limit: 1, onDeadLetter: "park", delayed: "pass" })
        return { row: keyOf(row), token: yield* inbox.lease(keyOf(row), 60_000, holder) }
      })
      const { row, token } = yield* Transactor.withTransaction(lease)
      assert.equal((yield* deliveries)[1]?.deliveryId, row.deliveryId)
      yield* untilFirstIsDue(deliveries)
      assert.deepEqual(yield* work(all, {}, "park", "pass"), [])
      assert.equal(yield* inbox.settleLease(settlement(row), token), true)
      const keys = yield* unparkableOf({ consumer, ...interest, onDeadLetter: "park", delayed: "pass" })
      yield* inbox.unpark({ consumer, keys, onDeadLetter: "park", delayed: "pass" })
      assert.deepEqual(yield* work(all, {}, "park", "pass"), [0])
    })
  ),

  inboxCheck(
    "the head start of another consumer's priority is no delay that is passed",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const [early, late, consumer] = [unique("early"), unique("late"), unique("ordered")]
      yield* SubscriptionStore.use((store) =>
        store.register([
          { consumer, event: early, priority: 0, ordering: "aggregate" },
          { consumer, event: late, priority: 0, ordering: "aggregate" },
          { consumer: unique("first"), event: early, priority: 9, ordering: "none" }
        ])
      )
      yield* OutboxStore.use((store) => store.append([newEvent(early), newEvent(late)]))
      const interest = { names: [early, late], patterns: [] }
      const claim = inbox.claim({ consumer, interest, limit: all, onDeadLetter: "park", delayed: "pass" })
      const claimed = yield* Transactor.withTransaction(claim)
      // None before the head start is over, both when it was while this ran.
      assert.ok(claimed.length === 0 || claimed.length === 2)
    })
  )
]

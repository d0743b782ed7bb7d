/**
 * What every inbox says of how much waits.
 *
 * @internal
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { InboxStore } from "../../stores/InboxStore.ts"
import { SubscriptionStore } from "../../stores/SubscriptionStore.ts"
import { checkOf } from "./Check.ts"
import { all, ordered } from "./mailbox.ts"
import { inEachState, keyOf, unique, withDeliveries } from "./support.ts"

const check = checkOf("InboxStore")

const hour = 3_600_000

/** What one consumer has, without how long the oldest has been due. */
const depthOf = (consumer: string) =>
  Effect.map(
    InboxStore.use((inbox) => inbox.depths([consumer])),
    ({ consumers: [depth] }) => {
      assert.ok(depth !== undefined)
      const { oldestMillis: _, ...rest } = depth
      return rest
    }
  )

const nothing = {
  ready: 0,
  delayed: 0,
  retrying: 0,
  leased: 0,
  parked: 0,
  deadLetters: 0,
  isPaused: false,
  isBraked: false,
  isHeld: false,
  isRecovering: false
}

export const depths = [
  check(
    "counts what waits by why it waits; what is settled is not counted",
    Effect.gen(function* () {
      const { claim, consumer } = yield* withDeliveries(8)
      assert.deepEqual(yield* depthOf(consumer), { consumer, ...nothing, ready: 8 })
      yield* inEachState(claim)
      yield* SubscriptionStore.use((subscriptions) => subscriptions.setPaused(consumer, true))
      const expected = { consumer, ...nothing, ready: 2, retrying: 1, leased: 1, deadLetters: 2, isPaused: true }
      assert.deepEqual(yield* depthOf(consumer), expected)
      yield* SubscriptionStore.use((subscriptions) => subscriptions.setPaused(consumer, false))
      yield* SubscriptionStore.use((subscriptions) => subscriptions.brake(consumer, "too much", 0))
      assert.deepEqual(yield* depthOf(consumer), { ...expected, isBraked: true })
    })
  ),
  check(
    "tells what is not due yet from what is parked, and how long the oldest has been due",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const { consumer, work } = yield* ordered(["a", hour], "a", "b")
      // Whoever looks at the second one of its aggregate parks it.
      yield* work(all, {}, "park", "hold")
      assert.deepEqual(yield* depthOf(consumer), { consumer, ...nothing, ready: 1, delayed: 1, parked: 1 })
      yield* Effect.sleep("20 millis")
      const { consumers } = yield* inbox.depths([consumer])
      const oldest = consumers[0]?.oldestMillis ?? 0
      assert.ok(oldest >= 10 && oldest < hour, `${oldest}`)
    })
  ),
  check(
    "counts what is parked by status as well, and not what was handled while it was",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const { consumer, work } = yield* ordered(["a", 100], "a", "a", "b")
      const counts = Effect.map(inbox.countByStatus, (found) =>
        found.filter((each) => each.consumer === consumer).map(({ consumer: _, ...rest }) => rest)
      )
      yield* work(all, { 3: "later" })
      assert.deepEqual(yield* counts, [
        { status: "failed", count: 1, open: 1, parked: 0 },
        { status: "received", count: 3, open: 3, parked: 2 }
      ])
      yield* Effect.sleep("150 millis")
      yield* work(all, { 0: "processed", 1: "processed" })
      assert.deepEqual(yield* counts, [
        { status: "failed", count: 1, open: 1, parked: 0 },
        { status: "processed", count: 2, open: 0, parked: 0 },
        { status: "received", count: 1, open: 1, parked: 0 }
      ])
    })
  ),
  check(
    "says of what is claimed for how long it had been due, unless it was parked",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const { consumer, interest, work } = yield* ordered(["a", 100], "a", "b")
      const claim = inbox.claim({ consumer, interest, limit: 10, onDeadLetter: "park" })
      yield* work(all, {}, "park", "hold")
      yield* Effect.sleep("150 millis")
      const late = (yield* claim).map(({ lateMillis }) => lateMillis)
      assert.equal(late.length, 3)
      assert.ok((late[0] ?? 0) >= 40 && (late[0] ?? hour) < hour, `${late}`)
      assert.ok((late[2] ?? 0) >= 140, `${late}`)
      assert.equal(late[1], null)
      const [first] = yield* claim
      const one = yield* inbox.claimOne({ ...keyOf(first), consumer, interest, onDeadLetter: "park" })
      assert.ok((one?.lateMillis ?? 0) >= (late[0] ?? hour))
    })
  ),
  check(
    "knows nothing of a consumer that there is none of, and lists them by name",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const [a, b] = [unique("a"), unique("b")]
      const { consumers } = yield* inbox.depths([b, a])
      assert.deepEqual(
        consumers,
        [a, b].map((consumer) => ({ consumer, ...nothing, oldestMillis: 0 }))
      )
      assert.deepEqual((yield* inbox.depths([])).consumers, [])
    })
  ),
  check(
    "counts subscriptions that nobody serves",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const before = (yield* inbox.depths([])).unserved
      yield* withDeliveries(1)
      assert.ok((yield* inbox.depths([])).unserved > before)
    })
  )
]

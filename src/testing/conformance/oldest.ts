/**
 * What every inbox says of what has been open for the longest time.
 *
 * @internal
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { InboxStore } from "../../stores/InboxStore.ts"
import { oldestAmong, oldestShown } from "../../stores/OldestOpen.ts"
import { OutboxStore } from "../../stores/OutboxStore.ts"
import { SubscriptionStore } from "../../stores/SubscriptionStore.ts"
import { checkOf } from "./Check.ts"
import { all, ordered } from "./mailbox.ts"
import { inEachState, newEvent, subscribe, unique, withDeliveries } from "./support.ts"

const check = checkOf("InboxStore")

const hour = 3_600_000

const oldestOf = (consumer: string) => InboxStore.use((inbox) => inbox.oldest(consumer))

/** Of each that is told its state, and how often it was attempted. */
const statesOf = (consumer: string) =>
  Effect.map(oldestOf(consumer), ({ deliveries }) =>
    deliveries.map(({ attemptCount, state }) => [state, attemptCount] as const)
  )

export const oldest = [
  check(
    "tells what is open by position, with its event and why it waits; what is settled or gave up is not open",
    Effect.gen(function* () {
      const { claim, consumer, eventIds, eventName } = yield* withDeliveries(8)
      yield* inEachState(claim)
      const inbox = yield* InboxStore
      const { deliveries, isCut } = yield* oldestOf(consumer)
      assert.deepEqual(
        deliveries.map(({ eventId, state }) => [eventId, state]),
        [
          [eventIds[2], "retrying"],
          [eventIds[5], "leased"],
          [eventIds[6], "ready"],
          [eventIds[7], "ready"]
        ]
      )
      assert.equal(isCut, false)
      const [first] = deliveries
      const [event] = yield* inbox.findByEvent(eventIds[2] ?? "")
      assert.ok(first !== undefined && event !== undefined)
      assert.ok(first.createdAt instanceof Date)
      assert.deepEqual(
        { ...first, createdAt: undefined },
        {
          deliveryId: event.deliveryId,
          eventId: event.eventId,
          eventName,
          aggregate: { module: "conformance", entityType: "Thing", entityId: "1" },
          state: "retrying",
          attemptCount: 1,
          createdAt: undefined
        }
      )
    })
  ),
  check(
    "tells of what is open what is not due yet from what is parked, and goes by position, not by due time",
    Effect.gen(function* () {
      const { consumer, work } = yield* ordered(["a", hour], "a", "b")
      yield* work(all, {}, "park", "hold")
      assert.deepEqual(yield* statesOf(consumer), [
        ["delayed", 0],
        ["parked", 0],
        ["ready", 0]
      ])
    })
  ),
  check(
    "tells of many that are open the first by position, and whether there may be older ones than those it looked at",
    Effect.gen(function* () {
      const [consumer, eventName] = [unique("consumer"), unique("event")]
      yield* subscribe(eventName, consumer)
      const append = (count: number, due?: number) =>
        OutboxStore.use((store) => store.append(Array.from({ length: count }, () => newEvent(eventName, { due }))))
      // The oldest is due last.
      const appended = yield* append(1, hour)
      yield* append(oldestAmong - 2)
      const before = yield* oldestOf(consumer)
      assert.equal(before.isCut, false)
      assert.equal(before.deliveries.length, oldestShown)
      assert.equal(before.deliveries[0]?.eventId, appended[0]?.id)
      yield* append(1)
      assert.equal((yield* oldestOf(consumer)).isCut, true)
      yield* SubscriptionStore.use((store) => store.skipOpen({ consumer, events: [eventName], except: [] }))
      assert.deepEqual(yield* oldestOf(consumer), { deliveries: [], isCut: false })
    })
  )
]

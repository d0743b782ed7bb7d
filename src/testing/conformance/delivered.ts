/**
 * What every inbox does when an event is given to a consumer by hand.
 *
 * @internal
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import { InboxStore } from "../../stores/InboxStore.ts"
import { checkOf } from "./Check.ts"
import { keyOf, unique, withDeliveries } from "./support.ts"

const check = checkOf("InboxStore")

export const delivered = [
  check(
    "an event is given to a consumer that did not subscribe to it, once",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const { consumer, eventIds, eventName } = yield* withDeliveries(1)
      const [eventId = ""] = eventIds
      const late = unique("late")
      assert.equal(yield* inbox.deliver(SecureRandom.uuidV4Unsafe(), late), false)
      const given = yield* Effect.all(
        [late, late, consumer].map((name) => inbox.deliver(eventId, name)),
        { concurrency: "unbounded" }
      )
      assert.deepEqual(given, [true, true, true])
      const found = yield* inbox.findByEvent(eventId)
      assert.deepEqual(
        found.map((delivery) => delivery.consumer),
        [consumer, late].toSorted()
      )
      const [row] = yield* inbox.claim({ consumer: late, interest: { names: [eventName], patterns: [] }, limit: 10 })
      yield* inbox.complete([keyOf(row)])
      assert.equal(yield* inbox.deliver(eventId, late), true)
      const again = yield* inbox.findById(row?.deliveryId ?? "")
      assert.equal(again?.status, "processed")
      assert.ok(again?.createdAt instanceof Date && again.processedAt instanceof Date)
      assert.equal(found.find((delivery) => delivery.consumer === late)?.processedAt, null)
    })
  ),
  check(
    "a consumer's deliveries are told in pages, by the ids of their events",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const { consumer, eventIds } = yield* withDeliveries(5)
      const ids = eventIds.toSorted()
      const page = (after: string | undefined, limit: number) =>
        Effect.map(inbox.findByConsumer(consumer, after, limit), (rows) => rows.map(({ eventId }) => eventId))
      assert.deepEqual(yield* page(undefined, 3), ids.slice(0, 3))
      assert.deepEqual(yield* page(ids[2], 3), ids.slice(3))
      assert.deepEqual(yield* page(ids[4], 3), [])
      assert.deepEqual(yield* page(undefined, 0), [])
    })
  )
]

/**
 * What every subscription store must do.
 *
 * @internal
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { InboxStore } from "../../stores/InboxStore.ts"
import { OutboxStore } from "../../stores/OutboxStore.ts"
import { ReplicaStore } from "../../stores/ReplicaStore.ts"
import { mostOpen, overlookedAmong, SubscriptionStore } from "../../stores/SubscriptionStore.ts"
import { checkOf } from "./Check.ts"
import { leaseNext, newEvent, settlement, settleNext, subscribe, unique, withDeliveries } from "./support.ts"

const check = checkOf("SubscriptionStore")

export const subscriptionStore = [
  check(
    "registering again keeps the subscription and takes over its priority",
    Effect.gen(function* () {
      const store = yield* SubscriptionStore
      const consumer = unique("again")
      yield* store.register([{ consumer, event: "a.*", priority: 1, ordering: "none" }])
      yield* store.register([
        { consumer, event: "a.*", priority: 2, ordering: "none" },
        { consumer, event: "b", priority: 0, ordering: "none" }
      ])
      yield* store.register([])
      assert.deepEqual(
        (yield* store.all).filter((_) => _.consumer === consumer),
        [
          { consumer, event: "a.*", priority: 2 },
          { consumer, event: "b", priority: 0 }
        ]
      )
    })
  ),

  check(
    "a sweep ends when nobody can publish past a subscription any more",
    Effect.gen(function* () {
      const store = yield* SubscriptionStore
      yield* subscribe("swept", unique("swept"))
      const sweep: Effect.Effect<void, unknown> = Effect.flatMap(store.sweep({ isThorough: true }), ({ isOpen }) =>
        isOpen ? sweep : Effect.void
      )
      yield* sweep
      assert.deepEqual(yield* store.sweep({ isThorough: true }), { consumers: [], isOpen: false })
    })
  ),

  check(
    "a subscription that comes while its consumer is given earlier events is given its own, all of them",
    Effect.gen(function* () {
      const store = yield* SubscriptionStore
      const inbox = yield* InboxStore
      const [first, second, consumer] = [unique("earlier"), unique("earlier"), unique("late")]
      const events = (name: string, count: number) => Array.from({ length: count }, () => newEvent(name))
      yield* OutboxStore.use((outbox) => outbox.append([...events(first, 500), ...events(second, 300)]))
      const register = (event: string) =>
        store.register([{ consumer, event, priority: 0, ordering: "none", startFrom: "beginning" }])
      const backfillAll: Effect.Effect<void, unknown> = Effect.flatMap(store.backfill, ({ isOpen }) =>
        isOpen ? backfillAll : Effect.void
      )
      yield* register(first)
      yield* Effect.all([backfillAll, register(second)], { concurrency: "unbounded" })
      yield* backfillAll
      const given = (yield* inbox.findByConsumer(consumer, undefined, 1000)).map((_) => _.eventName)
      assert.equal(given.filter((name) => name === first).length, 500)
      assert.equal(given.filter((name) => name === second).length, 300)
      assert.deepEqual(yield* store.backfill, { consumers: [], isOpen: false })
    })
  ),

  check(
    "lists and skips what is open of ended subscriptions, but not what another one still covers",
    Effect.gen(function* () {
      const store = yield* SubscriptionStore
      const inbox = yield* InboxStore
      const { claim, consumer, eventIds, eventName } = yield* withDeliveries(3)
      yield* settleNext(claim, { status: "processed" })
      const all = { consumer, events: ["event*"], except: [] }
      assert.deepEqual(
        (yield* store.open(all, 10)).map((_) => _.eventId),
        eventIds.slice(1)
      )
      assert.equal([...(yield* store.open(all, 1))].length, 1)
      assert.deepEqual(yield* store.open({ ...all, except: [eventName] }, 10), [])
      assert.deepEqual(yield* store.skipOpen({ ...all, except: [eventName] }), 0)
      assert.equal(yield* store.skipOpen(all), 2)
      assert.partialDeepStrictEqual((yield* inbox.findByEvent(eventIds[1] ?? ""))[0], {
        status: "skipped",
        isOpen: false
      })
      assert.equal(yield* store.remove(consumer, ["event*"]), 0)
      assert.equal(yield* store.remove(consumer, [eventName]), 1)
      assert.equal(yield* store.remove(consumer, [eventName]), 0)
    })
  ),

  check(
    "a leased delivery is skipped too, and its lease ends with it",
    Effect.gen(function* () {
      const store = yield* SubscriptionStore
      const inbox = yield* InboxStore
      const { claim, consumer, eventName, interest } = yield* withDeliveries(1)
      const row = yield* leaseNext(claim, -1)
      yield* store.remove(consumer, [eventName])
      yield* store.skipOpen({ consumer, events: ["*"], except: [] })
      assert.equal(yield* inbox.nextDue({ consumer, interest }), undefined)
      assert.deepEqual(yield* inbox.expired(consumer, 10, 0), [])
      assert.deepEqual(yield* inbox.renew([row], 1000), [])
      assert.equal(yield* inbox.settleLease(settlement(row), row.token), false)
      assert.equal((yield* inbox.findById(row.deliveryId))?.status, "skipped")
    })
  ),

  check(
    "open deliveries that no subscription covers are told as served by nobody, until they are skipped",
    Effect.gen(function* () {
      const store = yield* SubscriptionStore
      const { claim, consumer, eventName } = yield* withDeliveries(3)
      const served = {
        consumer,
        ordering: "none",
        names: [eventName],
        patterns: [`${eventName}*`],
        workers: 1,
        batch: 1
      } as const
      yield* ReplicaStore.use((replicas) => replicas.serve([served]))
      const told = Effect.map(store.unserved, (all) => all.filter((_) => _.consumer === consumer))
      assert.deepEqual(yield* told, [])
      yield* settleNext(claim, { status: "processed" })
      yield* store.remove(consumer, [eventName])
      assert.partialDeepStrictEqual(yield* told, [{ consumer, event: eventName, open: 2 }])
      yield* subscribe(`${eventName}*`, consumer)
      assert.deepEqual(yield* told, [])
      yield* store.remove(consumer, [`${eventName}*`])
      yield* store.skipOpen({ consumer, events: ["*"], except: [] })
      assert.deepEqual(yield* told, [])
      yield* ReplicaStore.use((replicas) => replicas.serve([]))
    })
  ),

  check(
    "what no subscription covers is told of the first that a consumer has",
    Effect.gen(function* () {
      const store = yield* SubscriptionStore
      const { claim, consumer, eventName } = yield* withDeliveries(overlookedAmong)
      const left = unique("left")
      yield* subscribe(left, consumer)
      yield* OutboxStore.use((outbox) => outbox.append([newEvent(left), newEvent(left)]))
      yield* store.remove(consumer, [left])
      const told = Effect.map(store.unserved, (all) => all.filter((_) => _.consumer === consumer))
      assert.partialDeepStrictEqual(yield* told, [{ event: eventName, open: mostOpen }])
      yield* settleNext(claim, { status: "processed" })
      const [subscribed, overlooked, ...others] = yield* told
      assert.partialDeepStrictEqual(subscribed, { event: eventName, open: overlookedAmong - 1 })
      assert.partialDeepStrictEqual(overlooked, { event: left, open: 1 })
      assert.deepEqual(others, [])
      yield* store.remove(consumer, [eventName])
      yield* store.skipOpen({ consumer, events: ["*"], except: [] })
    })
  )
]

/**
 * What every inbox and outbox store must do for consumers that ask for more: order, pauses, tiers, delays and keys.
 *
 * @internal
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { DeadLetterStore } from "../../stores/DeadLetterStore.ts"
import type { Claimed, DeliveryKey } from "../../stores/Delivery.ts"
import { InboxStore } from "../../stores/InboxStore.ts"
import { OutboxStore } from "../../stores/OutboxStore.ts"
import { longestReason, SubscriptionStore } from "../../stores/SubscriptionStore.ts"
import { Transactor } from "../../stores/Transactor.ts"
import { checkOf } from "./Check.ts"
import { keyOf, newEvent, unique } from "./support.ts"

const inboxCheck = checkOf("InboxStore")
const outboxCheck = checkOf("OutboxStore")
const subscriptionCheck = checkOf("SubscriptionStore")

/** A new consumer that is ordered, with events of these aggregates; an event that is put off is `[aggregate, millis]`. */
export const ordered = Effect.fnUntraced(function* (...aggregates: ReadonlyArray<string | readonly [string, number]>) {
  const inbox = yield* InboxStore
  const [consumer, eventName] = [unique("ordered"), unique("event")]
  yield* SubscriptionStore.use((store) =>
    store.register([{ consumer, event: eventName, priority: 0, ordering: "aggregate" }])
  )
  const events = aggregates.map((given) => {
    const [aggregateId, due] = typeof given === "string" ? [given, undefined] : given
    return newEvent(eventName, { aggregateId, due })
  })
  yield* OutboxStore.use((store) => store.append(events))
  const interest = { names: [eventName], patterns: [] }
  const placeOf = (eventId: string) => events.findIndex((event) => event.id === eventId)
  /** Claims in a transaction of its own, and settles what `outcomes` says by the place of the event. */
  const work = (
    limit: number,
    outcomes: Readonly<Record<number, "processed" | "dead_letter" | "later">> = {},
    onDeadLetter: "park" | "continue" = "park",
    delayed?: "hold" | "pass"
  ) =>
    Transactor.withTransaction(
      Effect.gen(function* () {
        const rows = yield* inbox.claim({ consumer, interest, limit, onDeadLetter, delayed })
        for (const row of rows) yield* settle(row, outcomes[placeOf(row.eventId)])
        const keys = [...new Set(rows.flatMap((row) => (row.isParking === true ? (row.orderingKey ?? []) : [])))]
        yield* inbox.unpark({ consumer, keys, onDeadLetter, delayed })
        return rows.map((row) => placeOf(row.eventId))
      })
    )
  const settle = (row: Claimed, outcome: "processed" | "dead_letter" | "later" | undefined) =>
    outcome === undefined
      ? Effect.void
      : inbox.settle({
          ...keyOf(row),
          seenAttempts: row.attemptCount,
          status: outcome === "later" ? "failed" : outcome,
          retryInMillis: outcome === "later" ? 3_600_000 : undefined,
          error: undefined,
          errorTag: undefined,
          failure: undefined
        })
  const deliveries = inbox.findByConsumer(consumer, undefined, 100)
  return { consumer, eventName, interest, work, deliveries }
})

/** A limit that no test reaches. */
export const all = 100

export const mailboxes = [
  inboxCheck(
    "keeps aggregates apart whose names run into each other",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const [consumer, eventName] = [unique("ordered"), unique("event")]
      yield* SubscriptionStore.use((store) =>
        store.register([{ consumer, event: eventName, priority: 0, ordering: "aggregate" }])
      )
      const ofAggregate = (aggregateType: string, aggregateId: string) =>
        newEvent(eventName, { aggregateType, aggregateId })
      const events = [ofAggregate("Order", "Line:7"), ofAggregate("Order:Line", "7")]
      yield* OutboxStore.use((store) => store.append(events))
      const interest = { names: [eventName], patterns: [] }
      const claim = inbox.claim({ consumer, interest, limit: 10, onDeadLetter: "park" })
      const keys = (yield* Transactor.withTransaction(claim)).map((row) => row.orderingKey)
      assert.equal(new Set(keys).size, 2)
    })
  ),
  inboxCheck(
    "takes an ordered consumer's deliveries by aggregate: the oldest, and those that follow it",
    Effect.gen(function* () {
      const { work } = yield* ordered("a", "b", "a", "a", "b")
      assert.deepEqual(yield* work(1), [0])
      assert.deepEqual(yield* work(all, { 0: "processed", 1: "processed" }), [0, 1, 2, 3, 4])
      assert.deepEqual(yield* work(all), [2, 3, 4])
    })
  ),

  inboxCheck(
    "parks what is behind a dead letter, and gives it back in order once that is requeued",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const { consumer, deliveries, interest, work } = yield* ordered("a", "a", "a", "b")
      yield* work(all, { 0: "dead_letter", 3: "processed" })
      assert.deepEqual(yield* work(all), [])
      assert.equal(yield* inbox.nextDue({ consumer, interest }), undefined)
      assert.deepEqual(
        (yield* deliveries).map((delivery) => [delivery.isOpen, delivery.dueInMillis === null]),
        [
          [false, true],
          [true, true],
          [true, true],
          [false, true]
        ]
      )
      const dead = (yield* deliveries)[0]?.deliveryId ?? ""
      assert.equal((yield* DeadLetterStore.use((letters) => letters.requeue([dead], undefined))).length, 1)
      assert.deepEqual(yield* work(all, { 0: "processed", 1: "processed", 2: "processed" }), [0, 1, 2])
    })
  ),

  inboxCheck(
    "unparks the next of an aggregate when the one that blocked it is through, or is left out",
    Effect.gen(function* () {
      const { work } = yield* ordered("a", "a", "a")
      yield* work(all, { 0: "dead_letter" })
      assert.deepEqual(yield* work(all), [])
      const other = yield* ordered("a", "a", "a")
      yield* other.work(1, { 0: "later" }, "continue")
      assert.deepEqual(yield* other.work(all, {}, "continue"), [])
      const third = yield* ordered("a", "a", "a")
      yield* third.work(1, { 0: "dead_letter" }, "continue")
      assert.deepEqual(yield* third.work(1, { 1: "processed" }, "continue"), [1])
      assert.deepEqual(yield* third.work(all, {}, "continue"), [2])
    })
  ),

  inboxCheck(
    "claims one delivery of an ordered consumer only if it is its aggregate's first",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const { consumer, deliveries, interest } = yield* ordered("a", "a")
      const [first, second] = yield* deliveries
      const claimOne = (delivery: DeliveryKey | undefined) =>
        inbox.claimOne({ ...keyOf(delivery), consumer, interest, onDeadLetter: "park" })
      assert.equal(yield* claimOne(second), undefined)
      assert.equal((yield* claimOne(first))?.deliveryId, first?.deliveryId)
    })
  ),

  subscriptionCheck(
    "a paused consumer is given nothing, and has nothing due, until it is resumed",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const store = yield* SubscriptionStore
      const { consumer, interest, work } = yield* ordered("a")
      assert.equal(yield* store.setPaused(consumer, false), false)
      assert.equal(yield* store.setPaused(consumer, true), true)
      assert.equal(yield* store.setPaused(consumer, true), false)
      assert.deepEqual(yield* work(all), [])
      assert.deepEqual(yield* inbox.claim({ consumer, interest, limit: all }), [])
      assert.equal(yield* inbox.nextDue({ consumer, interest }), undefined)
      const state = (yield* store.consumers).find((each) => each.consumer === consumer)
      assert.equal(state?.ordering, "aggregate")
      assert.ok(state?.pausedAt instanceof Date)
      assert.equal(yield* store.setPaused(consumer, false), true)
      assert.equal(yield* store.setPaused(consumer, false), false)
      yield* store.cool(consumer, 3_600_000)
      assert.equal(yield* store.setPaused(consumer, false), true)
      assert.deepEqual(yield* work(all), [0])
      assert.equal(yield* store.setPaused(unique("nobody"), true), undefined)
    })
  ),

  subscriptionCheck(
    "the brake pauses a consumer with a reason, once, and not for what failed before it was resumed",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const store = yield* SubscriptionStore
      const { consumer, interest, work } = yield* ordered("a")
      const reasonOf = Effect.map(store.consumers, (all) => {
        const state = all.find((each) => each.consumer === consumer)
        return [state?.pausedAt instanceof Date, state?.pauseReason]
      })
      const brake = (reason: string, since = 0) => store.brake(consumer, reason, since)
      assert.deepEqual(yield* reasonOf, [false, null])
      assert.deepEqual(yield* brake("first", 60_000), { isPaused: true, resumedMillisAgo: null })
      assert.deepEqual(yield* brake("second"), { isPaused: false, resumedMillisAgo: null })
      yield* store.setPaused(consumer, true)
      assert.deepEqual(yield* reasonOf, [true, "first"])
      assert.deepEqual(yield* work(all), [])
      assert.deepEqual(yield* inbox.claim({ consumer, interest, limit: all }), [])
      yield* store.setPaused(consumer, false)
      assert.deepEqual(yield* reasonOf, [false, null])
      const late = yield* brake("of before", 3_600_000)
      assert.equal(late.isPaused, false)
      assert.ok((late.resumedMillisAgo ?? -1) >= 0 && (late.resumedMillisAgo ?? 3_600_000) < 3_600_000)
      assert.deepEqual(yield* work(all), [0])
      yield* Effect.sleep("5 millis")
      assert.equal((yield* brake("long ".repeat(1000), 1)).isPaused, true)
      const [, reason] = yield* reasonOf
      assert.equal(typeof reason === "string" && reason.length, longestReason)
      yield* store.setPaused(consumer, false)
      yield* store.setPaused(consumer, true)
      assert.deepEqual(yield* reasonOf, [true, null])
      assert.deepEqual(yield* store.brake(unique("nobody"), "why", 0), { isPaused: false, resumedMillisAgo: null })
    })
  ),

  inboxCheck(
    "brings lower tiers forward when all above have been attempted",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const eventName = unique("tiers")
      const consumers = [9, 5, 5, 0].map((priority, index) => ({
        consumer: `${eventName}-${index}`,
        event: eventName,
        priority,
        ordering: "none" as const
      }))
      yield* SubscriptionStore.use((store) => store.register(consumers))
      const event = newEvent(eventName)
      yield* OutboxStore.use((store) => store.append([event]))
      const dueNow = Effect.map(inbox.findByEvent(event.id), (found) =>
        found.map((each) => (each.dueInMillis ?? 1) <= 0)
      )
      assert.deepEqual(yield* dueNow, [true, false, false, false])
      assert.deepEqual(yield* inbox.bringForward([event.id]), [])
      const attempt = (index: number) =>
        Transactor.withTransaction(
          Effect.gen(function* () {
            const interest = { names: [eventName], patterns: [] }
            const rows = yield* inbox.claim({ consumer: `${eventName}-${index}`, interest, limit: 1 })
            assert.equal(rows[0]?.tier, [0, 1, 1, 2][index])
            yield* inbox.complete(rows)
          })
        )
      yield* attempt(0)
      assert.deepEqual((yield* inbox.bringForward([event.id])).toSorted(), [`${eventName}-1`, `${eventName}-2`])
      assert.deepEqual(yield* dueNow, [false, true, true, false])
      yield* attempt(1)
      assert.deepEqual(yield* inbox.bringForward([event.id]), [])
      yield* attempt(2)
      assert.deepEqual(yield* inbox.bringForward([event.id]), [`${eventName}-3`])
    })
  ),

  outboxCheck(
    "an event that is put off is stored at once and due at its time",
    Effect.gen(function* () {
      const store = yield* OutboxStore
      const inbox = yield* InboxStore
      const { eventName } = yield* ordered()
      const at = new Date("2999-01-01T00:00:00.000Z")
      const [delayed, dated] = [newEvent(eventName, { due: 3_600_000 }), newEvent(eventName, { due: at })]
      yield* store.append([delayed, dated])
      const [delivery] = yield* inbox.findByEvent(delayed.id)
      assert.ok((delivery?.dueInMillis ?? 0) > 3_500_000)
      assert.deepEqual((yield* store.findById(dated.id))?.availableAt, at)
    })
  ),

  outboxCheck(
    "an event whose key is taken is not stored, and the one that has it comes back",
    Effect.gen(function* () {
      const store = yield* OutboxStore
      const { consumer, eventName } = yield* ordered()
      const [first, second] = [newEvent(eventName, { dedupeKey: "k" }), newEvent(eventName, { dedupeKey: "k" })]
      const [stored] = yield* store.append([first])
      const [plain, again, third] = yield* store.append([
        newEvent(eventName),
        second,
        newEvent(unique("other"), { dedupeKey: "k" })
      ])
      assert.equal(stored?.existing, undefined)
      assert.equal(again?.id, first.id)
      assert.deepEqual(again?.consumers, [consumer])
      assert.partialDeepStrictEqual(again?.existing, { id: first.id, dedupeKey: "k", payload: { a: 1 } })
      assert.equal(yield* store.findById(second.id), undefined)
      assert.equal(third?.existing, undefined)
      assert.ok((plain?.position ?? 0n) > (stored?.position ?? 0n))
      assert.deepEqual(
        (yield* store.findByName(eventName, 0n, 10)).map((row) => row.id),
        [first.id, plain?.id]
      )
    })
  )
]

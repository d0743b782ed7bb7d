/**
 * What every inbox does with leases.
 *
 * @internal
 */
import assert from "node:assert/strict"
import { Deferred, Effect, Fiber } from "effect"
import { DeadLetterStore } from "../../stores/DeadLetterStore.ts"
import type { Leased } from "../../stores/Delivery.ts"
import { InboxStore } from "../../stores/InboxStore.ts"
import { OutboxStore } from "../../stores/OutboxStore.ts"
import { SubscriptionStore } from "../../stores/SubscriptionStore.ts"
import { Transactor } from "../../stores/Transactor.ts"
import { checkOf } from "./Check.ts"
import { holder, leaseNext, newEvent, settlement, unique, withDeliveries } from "./support.ts"

const check = checkOf("InboxStore")

/** An ordered consumer whose dead letters hold up nothing, and what is done with its leases. */
const inOrder = Effect.gen(function* () {
  const inbox = yield* InboxStore
  const [consumer, eventName] = [unique("leased"), unique("event")]
  yield* SubscriptionStore.use((store) =>
    store.register([{ consumer, event: eventName, priority: 0, ordering: "aggregate" }])
  )
  const onDeadLetter = "continue" as const
  const claim = inbox.claim({ consumer, interest: { names: [eventName], patterns: [] }, onDeadLetter, limit: 10 })
  const keysOf = (row: Leased) => (row.orderingKey === undefined ? [] : [row.orderingKey])
  const unpark = (row: Leased) => inbox.unpark({ consumer, keys: keysOf(row), onDeadLetter, waits: true })
  return {
    append: OutboxStore.use((store) => store.append([newEvent(eventName)])),
    claimed: Effect.map(claim, (rows) => rows.map(({ eventId }) => eventId)),
    /** Claims, and leases the first. */
    lease: Transactor.withTransaction(
      Effect.gen(function* () {
        const [row] = yield* claim
        assert.ok(row !== undefined)
        return { ...row, token: yield* inbox.lease(row, 60_000, holder) }
      })
    ),
    unpark,
    settle: (row: Leased, status: "processed" | "dead_letter") =>
      Transactor.withTransaction(Effect.andThen(inbox.settleLease(settlement(row, { status }), row.token), unpark(row)))
  }
})

export const leases = [
  check(
    "a leased delivery is given to nobody else; its attempt is counted, and settled by its token alone",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const { claim } = yield* withDeliveries(1)
      const row = yield* leaseNext(claim, 60_000)
      const { deliveryId, token } = row
      assert.deepEqual(yield* claim(10), [])
      assert.partialDeepStrictEqual(yield* inbox.findById(deliveryId), {
        status: "processing",
        isOpen: true,
        attemptCount: 1,
        dueInMillis: null
      })
      const other = "00000000-0000-4000-8000-000000000000"
      assert.equal(yield* inbox.settleLease(settlement(row), other), false)
      assert.equal(yield* inbox.settle(settlement(row, { seenAttempts: 1 })), false)
      assert.equal(yield* inbox.settleLease(settlement(row), token), true)
      assert.equal(yield* inbox.settleLease(settlement(row), token), false)
      assert.partialDeepStrictEqual(yield* inbox.findById(deliveryId), { status: "processed", attemptCount: 1 })
    })
  ),

  check(
    "a lease that ran out, of a process that has ended, is found, and still holds until somebody has ended it; one that is renewed does not run out",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const { claim, consumer, interest } = yield* withDeliveries(2)
      const lost = yield* leaseNext(claim, -1)
      const kept = yield* leaseNext(claim, -1)
      assert.ok(((yield* inbox.nextDue({ consumer, interest })) ?? 1) <= 0)
      assert.equal(yield* inbox.nextDue({ consumer, interest }, { leases: false }), undefined)
      assert.deepEqual(
        yield* inbox.renew([kept, { ...lost, token: kept.token }, { ...kept, token: lost.token }], 60_000),
        [kept.token]
      )
      const expired = yield* inbox.expired(consumer, 10, 60_000)
      assert.deepEqual(
        expired.map(({ attemptCount, deliveryId, isHolderRunning, token }) => ({
          attemptCount,
          deliveryId,
          isHolderRunning,
          token
        })),
        [{ attemptCount: 0, deliveryId: lost.deliveryId, isHolderRunning: false, token: lost.token }]
      )
      assert.ok(((yield* inbox.nextDue({ consumer, interest })) ?? 1) <= 0)
      assert.equal(yield* inbox.settleLease(settlement(lost, { status: "failed", retryInMillis: 0 }), lost.token), true)
      assert.deepEqual(yield* inbox.expired(consumer, 10, 60_000), [])
      assert.deepEqual(
        (yield* claim(10)).map((row) => [row.deliveryId, row.attemptCount]),
        [[lost.deliveryId, 1]]
      )
    })
  ),

  check(
    "what is given back is due at once, with its attempt not counted",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const { claim } = yield* withDeliveries(1)
      const row = yield* leaseNext(claim, 60_000)
      const { deliveryId, token } = row
      assert.equal(yield* inbox.giveBack(row, token), true)
      assert.equal(yield* inbox.giveBack(row, token), false)
      assert.partialDeepStrictEqual(yield* inbox.findById(deliveryId), { status: "received", attemptCount: 0 })
      const again = yield* leaseNext(claim, 60_000)
      assert.notEqual(again.token, token)
      const retry = settlement(row, { status: "failed", retryInMillis: 0 })
      assert.equal(yield* inbox.settleLease(retry, again.token), true)
      const third = yield* leaseNext(claim, 60_000)
      assert.equal(yield* inbox.giveBack(third, third.token), true)
      assert.partialDeepStrictEqual(yield* inbox.findById(deliveryId), {
        status: "failed",
        attemptCount: 1,
        isOpen: true
      })
    })
  ),

  check(
    "nothing of an aggregate is given, nor unparked, while one of its deliveries is leased, also what comes before it",
    Effect.gen(function* () {
      const { append, claimed, lease, settle, unpark } = yield* inOrder
      yield* append
      yield* append
      const dead = yield* lease
      yield* settle(dead, "dead_letter")
      const held = yield* lease
      yield* DeadLetterStore.use((letters) => letters.requeue([dead.deliveryId], undefined))
      assert.deepEqual(yield* claimed, [])
      assert.equal(yield* unpark(held), 0)
      assert.deepEqual(yield* claimed, [])
      yield* settle(held, "processed")
      assert.deepEqual(yield* claimed, [dead.eventId])
    })
  )
]

/** For stores that can have several transactions open at once. */
export const leasesConcurrent = [
  check(
    "an event of an aggregate that is committed late waits for the lease of a later one",
    Effect.gen(function* () {
      const { append, claimed, lease, settle } = yield* inOrder
      const [hasAppended, go] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const late = yield* append.pipe(
        Effect.tap(Deferred.succeed(hasAppended, undefined)),
        Effect.tap(Deferred.await(go)),
        Transactor.withTransaction,
        Effect.forkChild
      )
      yield* Deferred.await(hasAppended)
      yield* append
      const held = yield* lease
      yield* Deferred.succeed(go, undefined)
      const [first] = yield* Fiber.join(late)
      assert.deepEqual(yield* claimed, [])
      yield* settle(held, "processed")
      assert.deepEqual(yield* claimed, [first?.id])
    })
  ),

  check(
    "who settles a lease waits for who is parking behind it, and unparks what was parked",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const [consumer, eventName] = [unique("leased"), unique("event")]
      yield* SubscriptionStore.use((store) =>
        store.register([{ consumer, event: eventName, priority: 0, ordering: "aggregate" }])
      )
      yield* OutboxStore.use((store) => store.append([newEvent(eventName), newEvent(eventName)]))
      const interest = { names: [eventName], patterns: [] }
      const claim = inbox.claim({ consumer, interest, onDeadLetter: "park", limit: 1 })
      const { row, token } = yield* Transactor.withTransaction(
        Effect.gen(function* () {
          const [first] = yield* claim
          assert.ok(first !== undefined)
          return { row: first, token: yield* inbox.lease(first, 60_000, holder) }
        })
      )
      const [hasParked, go] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
      const parking = yield* claim.pipe(
        Effect.tap(Deferred.succeed(hasParked, undefined)),
        Effect.tap(Deferred.await(go)),
        Transactor.withTransaction,
        Effect.forkChild
      )
      yield* Deferred.await(hasParked)
      const settling = yield* Effect.gen(function* () {
        yield* inbox.settleLease(settlement(row), token)
        const keys = row.orderingKey === undefined ? [] : [row.orderingKey]
        return yield* inbox.unpark({ consumer, keys, onDeadLetter: "park", waits: true })
      }).pipe(Transactor.withTransaction, Effect.forkChild)
      // Time for it to pass the key over, as it would without waiting.
      yield* Effect.sleep("50 millis")
      yield* Deferred.succeed(go, undefined)
      assert.deepEqual(yield* Fiber.join(parking), [])
      assert.equal(yield* Fiber.join(settling), 1)
      assert.equal([...(yield* claim)].length, 1)
    })
  )
]

/**
 * What every inbox store must do.
 *
 * @internal
 */
import assert from "node:assert/strict"
import { Deferred, Effect, Fiber } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import type { DeliveryKey } from "../../stores/Delivery.ts"
import { InboxStore } from "../../stores/InboxStore.ts"
import { OutboxStore } from "../../stores/OutboxStore.ts"
import { firstOrderingKey } from "../../stores/Poll.ts"
import { Transactor } from "../../stores/Transactor.ts"
import { checkOf } from "./Check.ts"
import { keyOf, newEvent, settlement, settleNext, subscribe, unique, withDeliveries } from "./support.ts"

const check = checkOf("InboxStore")

export const inboxStore = [
  check(
    "claims what is due, oldest first, with its event, at most the limit",
    Effect.gen(function* () {
      const { claim, eventIds, eventName } = yield* withDeliveries(5)
      const rows = yield* claim(3)
      assert.deepEqual(
        rows.map((_) => _.eventId),
        eventIds.slice(0, 3)
      )
      assert.partialDeepStrictEqual(rows[0], {
        attemptCount: 0,
        eventName,
        schemaVersion: 1,
        sourceModule: "conformance",
        aggregateType: "Thing",
        aggregateId: "1",
        payload: { a: 1 },
        metadata: null
      })
      assert.equal([...(yield* claim(100))].length, 5)
    })
  ),

  check(
    "a transaction does not claim again what it has settled",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const { consumer, eventName } = yield* withDeliveries(3)
      const again = Effect.map(
        inbox.claim({ consumer, interest: { names: [eventName], patterns: [] }, limit: 10 }),
        (rows) => rows.map(keyOf)
      )
      yield* Effect.gen(function* () {
        const [first, ...others] = yield* again
        yield* inbox.complete([keyOf(first)])
        assert.deepEqual(yield* again, others)
      }).pipe(Transactor.withTransaction)
    })
  ),

  check(
    "claims nothing of other consumers, of events or versions not asked for, or after a position",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const { appended, claim, consumer, eventName } = yield* withDeliveries(3)
      const claimed = (request: Partial<Parameters<typeof inbox.claim>[0]>) =>
        Effect.map(
          inbox.claim({ consumer, interest: { names: [eventName], patterns: [] }, limit: 10, ...request }),
          (rows) => rows.length
        )
      assert.equal(yield* claimed({ consumer: "somebody else" }), 0)
      assert.equal(yield* claimed({ interest: { names: ["another"], patterns: [] } }), 0)
      assert.equal(yield* claimed({ interest: { names: [], patterns: [] } }), 0)
      assert.equal(yield* claimed({ interest: { names: [], patterns: ["event*"] } }), 3)
      assert.equal(yield* claimed({ interest: { names: [], patterns: ["*"] } }), 3)
      assert.equal(yield* claimed({ idleMillis: 30_000, lockWait: { one: 50, several: 20 } }), 3)
      assert.equal(yield* claimed({ interest: { names: ["x"], patterns: ["event_*"] } }), 0)
      const reading = (version: number) => ({ names: [eventName], patterns: ["*"], versions: { [eventName]: version } })
      assert.equal(yield* claimed({ interest: reading(1) }), 3)
      assert.equal(yield* claimed({ interest: reading(0) }), 0)
      assert.equal(yield* claimed({ interest: reading(0), onDeadLetter: "park" }), 0)
      assert.equal(yield* inbox.nextDue({ consumer, interest: reading(0) }), undefined)
      assert.equal([...(yield* claim(10, appended[1]?.position))].length, 2)
      assert.equal(yield* inbox.lastPosition(consumer), appended[2]?.position)
      assert.equal(yield* inbox.lastPosition("somebody else"), 0n)
    })
  ),

  check(
    "completes claimed deliveries with their attempt counted",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const { claim, eventIds } = yield* withDeliveries(3)
      yield* Transactor.withTransaction(Effect.flatMap(claim(2), inbox.complete))
      assert.deepEqual(
        (yield* claim(10)).map((_) => _.eventId),
        eventIds.slice(2)
      )
      const [delivery] = yield* inbox.findByEvent(eventIds[0] ?? "")
      assert.partialDeepStrictEqual(delivery, { status: "processed", isOpen: false, attemptCount: 1, lastError: null })
      yield* inbox.complete([])
    })
  ),

  check(
    "finds a delivery by its id, among those of a list that was published at once",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const { claim } = yield* withDeliveries(50)
      const rows = yield* claim(50)
      const found = yield* Effect.forEach(rows, ({ deliveryId }) => inbox.findById(deliveryId))
      assert.deepEqual(
        found.map((delivery) => delivery?.eventId),
        rows.map(({ eventId }) => eventId)
      )
      assert.equal(yield* inbox.findById(SecureRandom.uuidV4Unsafe()), undefined)
    })
  ),

  check(
    "puts a failed delivery off until its retry is due, and counts the attempt",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const { claim, consumer, eventIds, interest } = yield* withDeliveries(1)
      const row = yield* settleNext(claim, { status: "failed", retryInMillis: 60_000, error: "later" })
      assert.deepEqual(yield* claim(10), [])
      assert.equal(yield* inbox.claimOne({ ...keyOf(row), interest }), undefined)
      const wait = yield* inbox.nextDue({ consumer, interest })
      assert.equal(wait !== undefined && wait > 50_000 && wait <= 60_000, true)
      const [delivery] = yield* inbox.findByEvent(eventIds[0] ?? "")
      assert.partialDeepStrictEqual(delivery, {
        status: "failed",
        isOpen: true,
        attemptCount: 1,
        lastError: "later",
        errorTag: "Tag"
      })
    })
  ),

  check(
    "a retry that is due comes back with the attempts it had",
    Effect.gen(function* () {
      const { claim } = yield* withDeliveries(1)
      yield* settleNext(claim, { status: "failed", retryInMillis: 0, error: "again" })
      assert.deepEqual(
        (yield* claim(10)).map((_) => _.attemptCount),
        [1]
      )
    })
  ),

  check(
    "what gave up is settled, whatever it is called",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      for (const status of ["failed", "dead_letter", "skipped"] as const) {
        const { claim, consumer, eventIds, interest } = yield* withDeliveries(1)
        yield* settleNext(claim, { status, error: "no" })
        assert.deepEqual(yield* claim(10), [])
        assert.equal(yield* inbox.nextDue({ consumer, interest }), undefined)
        const [delivery] = yield* inbox.findByEvent(eventIds[0] ?? "")
        assert.partialDeepStrictEqual(delivery, { status, isOpen: false, attemptCount: 1, lastError: "no" })
      }
    })
  ),

  check(
    "settles only what is open and has the attempts that were seen",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const { claim, eventIds } = yield* withDeliveries(1)
      const [row] = yield* claim(1)
      assert.ok(row !== undefined)
      assert.equal(yield* inbox.settle(settlement(row, { seenAttempts: 1, status: "dead_letter" })), false)
      assert.equal(yield* inbox.settle(settlement(row, { status: "failed", retryInMillis: 0, error: "one" })), true)
      assert.equal(yield* inbox.settle(settlement(row, { status: "dead_letter" })), false)
      assert.equal(yield* inbox.settle(settlement(row, { seenAttempts: 1 })), true)
      assert.equal(yield* inbox.settle(settlement(row, { seenAttempts: 2, status: "dead_letter" })), false)
      assert.partialDeepStrictEqual((yield* inbox.findByEvent(eventIds[0] ?? ""))[0], {
        status: "processed",
        attemptCount: 2
      })
    })
  ),

  check(
    "keeps the beginning of an error that is too long, and never refuses one",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const { claim, eventIds } = yield* withDeliveries(1)
      yield* settleNext(claim, { status: "dead_letter", error: `\u0000\ud800${"😀".repeat(3000)}` })
      const [delivery] = yield* inbox.findByEvent(eventIds[0] ?? "")
      assert.equal([...[...(delivery?.lastError ?? "")]].length, 1023)
      assert.equal(delivery?.lastError?.startsWith("\\u0000\ufffd😀"), true)
    })
  ),

  check(
    "keeps the history of failed attempts: when they began and ended, what became of them, and the error",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const { claim, eventIds } = yield* withDeliveries(1)
      const failure = { durationMillis: 5000, detail: "Error: no\n    at handler (file.ts:1)" }
      const row = yield* settleNext(claim, { status: "failed", retryInMillis: 0, error: "first", failure })
      yield* settleNext(claim, { status: "dead_letter", error: "second", failure: { ...failure, detail: "last" } })
      const [delivery] = yield* inbox.findByEvent(eventIds[0] ?? "")
      const attempts = yield* inbox.attempts(keyOf(delivery))
      assert.deepEqual(
        attempts.map(({ finishedAt, startedAt, ...rest }) => ({
          ...rest,
          took: (finishedAt?.getTime() ?? 0) - startedAt.getTime()
        })),
        [
          { attempt: 1, outcome: "retry", errorTag: "Tag", error: failure.detail, took: 5000 },
          { attempt: 2, outcome: "dead_letter", errorTag: "Tag", error: "last", took: 5000 }
        ]
      )
      // What was refused, because somebody else had settled it, is no attempt.
      assert.equal(yield* inbox.settle(settlement(row, { status: "failed", failure })), false)
      assert.equal([...(yield* inbox.attempts(row))].length, 2)
    })
  ),

  check(
    "answers a poll: who has work and when, settings, and what has to be swept",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const due = yield* withDeliveries(2)
      const later = yield* withDeliveries(1)
      yield* settleNext(later.claim, { status: "failed", retryInMillis: 60_000, error: "later" })
      const idle = { consumer: unique("idle"), names: ["nothing"], patterns: [], onDeadLetter: undefined }
      const answer = yield* inbox.poll({
        consumers: [
          { consumer: due.consumer, ...due.interest, onDeadLetter: undefined },
          { consumer: later.consumer, names: [], patterns: ["event*"], onDeadLetter: undefined },
          idle
        ],
        parkedAfter: firstOrderingKey,
        replica: { id: "00000000-0000-4000-8000-000000000000", silentMillis: 60_000 }
      })
      assert.deepEqual(answer.due.map((_) => _.consumer).toSorted(), [due.consumer, later.consumer].toSorted())
      assert.ok((answer.due.find((_) => _.consumer === due.consumer)?.inMillis ?? 1) <= 0)
      assert.ok((answer.due.find((_) => _.consumer === later.consumer)?.inMillis ?? 0) > 50_000)
    })
  ),

  check(
    "an event given to a consumer later than to others has one delivery of each",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const eventName = unique("ids")
      yield* subscribe(eventName, `${eventName}-a`, `${eventName}-b`)
      const event = newEvent(eventName, { id: SecureRandom.uuidV4Unsafe() })
      yield* OutboxStore.use((store) => store.append([event]))
      const ids = (yield* inbox.findByEvent(event.id)).map((_) => _.deliveryId)
      assert.equal([...new Set(ids)].length, 2)
    })
  )
]

/** For stores that can have several transactions open at once, beside those of `inboxStore`. */
export const inboxStoreConcurrent = [
  check(
    "gives a delivery to exactly one of two transactions, and frees it with a rollback",
    Effect.gen(function* () {
      const inbox = yield* InboxStore
      const { claim, consumer, interest } = yield* withDeliveries(10)
      const held = yield* Deferred.make<ReadonlyArray<DeliveryKey>>()
      const go = yield* Deferred.make<void>()
      const holder = yield* claim(6).pipe(
        Effect.tap((rows) => Deferred.succeed(held, rows.map(keyOf))),
        Effect.andThen(Deferred.await(go)),
        Effect.andThen(Effect.fail("rolled back")),
        Transactor.withTransaction,
        Effect.ignore,
        Effect.forkChild
      )
      const ids = yield* Deferred.await(held)
      assert.equal([...(yield* claim(10))].length, 4)
      assert.equal(yield* inbox.claimOne({ ...keyOf(ids[0]), consumer, interest }), undefined)
      yield* Deferred.succeed(go, undefined)
      yield* Fiber.join(holder)
      assert.equal([...(yield* claim(10))].length, 10)
      assert.notEqual(yield* inbox.claimOne({ ...keyOf(ids[0]), consumer, interest }), undefined)
    })
  )
]

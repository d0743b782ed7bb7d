/**
 * What every outbox store must do.
 *
 * @internal
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import { InboxStore } from "../../stores/InboxStore.ts"
import { type NewEvent, OutboxStore } from "../../stores/OutboxStore.ts"
import { Transactor } from "../../stores/Transactor.ts"
import { checkOf } from "./Check.ts"
import { holder, keyOf, newEvent, settleNext, subscribe, unique, withDeliveries } from "./support.ts"

const check = checkOf("OutboxStore")

export const outboxStore = [
  check(
    "stores events in the order given, and gives them back as they were",
    Effect.gen(function* () {
      const store = yield* OutboxStore
      const eventName = unique("order")
      const events = Array.from({ length: 20 }, (_, index) =>
        newEvent(eventName, {
          payload: `{"index":${index}}`,
          metadata: '{"m":true}',
          correlationId: "c",
          causationId: "d",
          traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`,
          schemaVersion: 3
        })
      )
      const appended = yield* store.append(events)
      assert.deepEqual(
        appended.map((_) => _.id),
        events.map((_) => _.id)
      )
      assert.equal(
        appended.every((_, index) => index === 0 || _.position > (appended[index - 1]?.position ?? 0n)),
        true
      )
      assert.partialDeepStrictEqual(yield* store.findById(events[7]?.id ?? ""), {
        eventName,
        payload: { index: 7 },
        metadata: { m: true },
        correlationId: "c",
        causationId: "d",
        traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`,
        origin: null,
        schemaVersion: 3,
        isRouted: true
      })
      assert.equal(yield* store.findById(SecureRandom.uuidV7Unsafe()), undefined)
    })
  ),

  check(
    "gives each consumer whose name or pattern matches one delivery, and only those",
    Effect.gen(function* () {
      const store = yield* OutboxStore
      const inbox = yield* InboxStore
      const base = unique("match")
      yield* subscribe(`${base}.a_b`, "exact")
      yield* subscribe(`${base}.*`, "exact", "pattern")
      yield* subscribe(`${base}.a%`, "percent")
      yield* subscribe(`${base}.a*c`, "other")
      const [first, second] = yield* store.append([newEvent(`${base}.a_b`), newEvent(`${base}.axb`)])
      assert.deepEqual(first?.consumers.toSorted(), ["exact", "pattern"])
      assert.deepEqual(second?.consumers.toSorted(), ["exact", "pattern"])
      const deliveries = yield* inbox.findByEvent(first?.id ?? "")
      assert.deepEqual(
        deliveries.map((_) => [_.consumer, _.status, _.isOpen, _.attemptCount]),
        [
          ["exact", "received", true, 0],
          ["pattern", "received", true, 0]
        ]
      )
      assert.notEqual(deliveries[0]?.deliveryId, deliveries[1]?.deliveryId)
      // `_` is no wildcard: the consumer of a_b got axb through the pattern alone.
      yield* subscribe(`${base}-only.a_b`, "underscore")
      const [literal] = yield* store.append([newEvent(`${base}-only.axb`)])
      assert.deepEqual(literal?.consumers, [])
    })
  ),

  check(
    "an event nobody is interested in is processed at once",
    Effect.gen(function* () {
      const store = yield* OutboxStore
      const [appended] = yield* store.append([newEvent(unique("nobody"))])
      assert.partialDeepStrictEqual(appended, { status: "processed", consumers: [] })
      const row = yield* store.findById(appended?.id ?? "")
      assert.equal(row?.status, "processed")
      assert.notEqual(row?.processedAt, null)
    })
  ),

  check(
    "joins the caller's transaction and savepoint",
    Effect.gen(function* () {
      const store = yield* OutboxStore
      const [kept, undone, lost] = [newEvent("kept"), newEvent("undone"), newEvent("lost")]
      const failing = (event: NewEvent) =>
        Effect.andThen(store.append([event]), Effect.fail("no")).pipe(Transactor.withTransaction, Effect.ignore)
      yield* Transactor.withTransaction(Effect.andThen(store.append([kept]), failing(undone)))
      yield* failing(lost)
      assert.notEqual(yield* store.findById(kept.id), undefined)
      assert.equal(yield* store.findById(undone.id), undefined)
      assert.equal(yield* store.findById(lost.id), undefined)
    })
  ),

  check(
    "an event has the status that its deliveries have at this moment: dead letter before failed before processed",
    Effect.gen(function* () {
      const store = yield* OutboxStore
      const inbox = yield* InboxStore
      const outcomes = [
        [["processed", "processed"], "processed"],
        [["processed", "skipped"], "processed"],
        [["failed", "processed"], "failed"],
        [["failed", "dead_letter"], "dead_letter"]
      ] as const
      for (const [statuses, expected] of outcomes) {
        const eventName = unique("derived")
        const consumers = statuses.map((_, index) => `${eventName}-${index}`)
        yield* subscribe(eventName, ...consumers)
        const event = newEvent(eventName)
        yield* store.append([event])
        for (const [index, status] of statuses.entries()) {
          assert.partialDeepStrictEqual(yield* store.findById(event.id), { status: "pending", processedAt: null })
          const consumer = consumers[index] ?? ""
          yield* settleNext(
            (limit) => inbox.claim({ consumer, interest: { names: [eventName], patterns: [] }, limit }),
            {
              status,
              ...(status === "processed" ? {} : { error: `${status} it was` })
            }
          )
        }
        const found = yield* store.findById(event.id)
        assert.partialDeepStrictEqual(found, { status: expected, attemptCount: 1 })
        assert.ok((found?.processedAt?.getTime() ?? 0) >= (found?.createdAt.getTime() ?? 0))
        assert.equal(
          found?.lastError,
          expected === "processed" ? (statuses[1] === "skipped" ? "skipped it was" : null) : `${expected} it was`
        )
        assert.deepEqual(yield* store.findByName(eventName, 0n, 10), [found])
      }
    })
  ),

  check(
    "an event without deliveries is processed from the start",
    Effect.gen(function* () {
      const store = yield* OutboxStore
      const event = newEvent(unique("unwanted"))
      const [appended] = yield* store.append([event])
      assert.equal(appended?.status, "processed")
      const found = yield* store.findById(event.id)
      assert.partialDeepStrictEqual(found, { status: "processed", attemptCount: 0, lastError: null, isRouted: true })
      assert.ok(Math.abs((found?.processedAt?.getTime() ?? 0) - (appended?.createdAt.getTime() ?? 0)) < 1000)
    })
  ),

  check(
    "a delivery that waits for its retry keeps its event pending, one under a lease has it processing",
    Effect.gen(function* () {
      const store = yield* OutboxStore
      const inbox = yield* InboxStore
      const { claim, eventIds } = yield* withDeliveries(2)
      yield* settleNext(claim, { status: "failed", retryInMillis: 60_000, error: "later" })
      assert.partialDeepStrictEqual(yield* store.findById(eventIds[0] ?? ""), {
        status: "pending",
        attemptCount: 1,
        lastError: "later"
      })
      const [row] = yield* claim(1)
      const before = yield* store.countByStatus
      const token = yield* inbox.lease(keyOf(row), 60_000, holder)
      assert.equal((yield* store.findById(eventIds[1] ?? ""))?.status, "processing")
      const after = yield* store.countByStatus
      assert.equal((after.processing ?? 0) - (before.processing ?? 0), 1)
      assert.equal((after.pending ?? 0) - (before.pending ?? 0), -1)
      yield* inbox.giveBack(keyOf(row), token)
      assert.equal((yield* store.findById(eventIds[1] ?? ""))?.status, "pending")
    })
  ),

  check(
    "counts events by status",
    Effect.gen(function* () {
      const store = yield* OutboxStore
      const before = yield* store.countByStatus
      const { claim } = yield* withDeliveries(4)
      yield* store.append([newEvent(unique("counted"))])
      yield* settleNext(claim, { status: "processed" })
      yield* settleNext(claim, { status: "failed", error: "no" })
      yield* settleNext(claim, { status: "dead_letter", error: "no" })
      const after = yield* store.countByStatus
      const more = (status: "pending" | "processed" | "failed" | "dead_letter") =>
        (after[status] ?? 0) - (before[status] ?? 0)
      assert.deepEqual([more("pending"), more("processed"), more("failed"), more("dead_letter")], [1, 2, 1, 1])
    })
  )
]

/**
 * What every `DeadLetterStore` does.
 *
 * @internal
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { AuditStore } from "../../stores/AuditStore.ts"
import { DeadLetterStore, discardedTag, type Seen } from "../../stores/DeadLetterStore.ts"
import { InboxStore } from "../../stores/InboxStore.ts"
import { OutboxStore } from "../../stores/OutboxStore.ts"
import { SubscriptionStore } from "../../stores/SubscriptionStore.ts"
import { checkOf } from "./Check.ts"
import { settleNext, unique, withDeliveries } from "./support.ts"

const check = checkOf("DeadLetterStore")

/** A consumer with deliveries that gave up, and one that has not. */
const withDead = Effect.fnUntraced(function* (count: number) {
  const made = yield* withDeliveries(count + 1)
  for (let n = 0; n < count; n++) {
    const hasDeadLetters = n % 2 === 0
    yield* settleNext(made.claim, {
      status: hasDeadLetters ? "dead_letter" : "failed",
      error: `error ${n}`,
      failure: { durationMillis: 1, detail: "" }
    })
  }
  const deliveries = yield* InboxStore.use((inbox) => inbox.findByConsumer(made.consumer, undefined, 100))
  return { ...made, deliveries, ids: deliveries.map(({ deliveryId }) => deliveryId) }
})

export const deadLetterStore = [
  check(
    "counts what gave up, by the filter of a list",
    Effect.gen(function* () {
      const store = yield* DeadLetterStore
      const { consumer, eventName, ids } = yield* withDead(3)
      assert.equal(yield* store.count({ consumer }), 3)
      assert.equal(yield* store.count({ consumer, eventName: `${eventName}*` }), 3)
      assert.equal(yield* store.count({ consumer, errorTag: "another" }), 0)
      assert.equal(yield* store.count({ deliveryIds: ids.slice(0, 2) }), 2)
      assert.equal(yield* store.count({ consumer, until: new Date(0) }), 0)
    })
  ),

  check(
    "lists what gave up, the last first, page by page, and nothing else",
    Effect.gen(function* () {
      const store = yield* DeadLetterStore
      const { consumer, deliveries, eventName } = yield* withDead(5)
      const all = yield* store.list({ consumer }, undefined, 100)
      assert.deepEqual(all.map((_) => _.lastError).toSorted(), ["error 0", "error 1", "error 2", "error 3", "error 4"])
      const times = all.map((_) => _.gaveUpAt.getTime())
      assert.deepEqual(
        times,
        times.toSorted((a, b) => b - a)
      )
      assert.partialDeepStrictEqual(
        all.find((_) => _.lastError === "error 0"),
        {
          eventId: deliveries[0]?.eventId,
          deliveryId: deliveries[0]?.deliveryId,
          eventName,
          consumer,
          aggregate: { module: "conformance", entityType: "Thing", entityId: "1" },
          status: "dead_letter",
          attemptCount: 1,
          errorTag: "Tag",
          isUndecodable: false,
          isEdited: false
        }
      )
      const first = yield* store.list({ consumer }, undefined, 2)
      const second = yield* store.list({ consumer }, first[1]?.cursor, 2)
      const third = yield* store.list({ consumer }, second[1]?.cursor, 2)
      assert.deepEqual([...first, ...second, ...third], all)
    })
  ),

  check(
    "lists by event name or pattern, error tag, aggregate, time, and whether the payload could be decoded",
    Effect.gen(function* () {
      const store = yield* DeadLetterStore
      const { consumer, eventName } = yield* withDead(3)
      const count = (filter: Parameters<typeof store.list>[0]) =>
        Effect.map(store.list({ consumer, ...filter }, undefined, 10), (rows) => rows.length)
      const [last] = yield* store.list({ consumer }, undefined, 1)
      const aggregate = { module: "conformance", entityType: "Thing", entityId: "1" }
      assert.deepEqual(
        yield* Effect.all([
          count({ eventName }),
          count({ eventName: `${eventName.slice(0, -2)}*` }),
          count({ eventName: `${eventName}-other` }),
          count({ errorTag: "Tag" }),
          count({ errorTag: "Other" }),
          count({ isUndecodable: true }),
          count({ isUndecodable: false }),
          count({ aggregate }),
          count({ aggregate: { ...aggregate, entityId: "2" } }),
          count({ since: new Date((last?.gaveUpAt.getTime() ?? 0) - 60_000) }),
          count({ until: new Date((last?.gaveUpAt.getTime() ?? 0) - 60_000) })
        ]),
        [3, 3, 0, 3, 0, 0, 3, 3, 0, 3, 0]
      )
    })
  ),

  check(
    "requeues what gave up, once, and its event with it",
    Effect.gen(function* () {
      const store = yield* DeadLetterStore
      const outbox = yield* OutboxStore
      const { claim, consumer, eventIds, ids } = yield* withDead(2)
      assert.equal((yield* outbox.findById(eventIds[0] ?? ""))?.status, "dead_letter")
      const requeued = yield* store.requeue(ids, undefined)
      assert.deepEqual(
        requeued.map(({ consumer, deliveryId, eventId }) => [consumer, deliveryId, eventId]).toSorted(),
        [0, 1].map((n) => [consumer, ids[n], eventIds[n]]).toSorted()
      )
      assert.deepEqual(yield* store.requeue(ids, undefined), [])
      assert.equal((yield* outbox.findById(eventIds[0] ?? ""))?.status, "pending")
      assert.deepEqual(
        (yield* claim(10)).map((row) => row.attemptCount),
        [0, 0, 0]
      )
      assert.equal(yield* store.find(ids[0] ?? ""), undefined)
    })
  ),

  check(
    "requeues what gave up in the order its consumer has by now",
    Effect.gen(function* () {
      const store = yield* DeadLetterStore
      const inbox = yield* InboxStore
      const { claim, consumer, eventIds, eventName, ids, interest } = yield* withDead(1)
      const reorder = (ordering: "none" | "aggregate") =>
        SubscriptionStore.use((subscriptions) =>
          subscriptions.register([{ consumer, event: eventName, priority: 0, ordering }])
        )
      yield* reorder("aggregate")
      yield* store.requeue(ids, undefined)
      const inOrder = yield* inbox.claim({ consumer, interest, limit: 10, onDeadLetter: "park" })
      assert.deepEqual(
        inOrder.map((row) => row.eventId),
        eventIds
      )
      assert.equal(new Set(inOrder.map((row) => row.orderingKey)).size, 1)
      yield* settleNext(claim, { status: "dead_letter" })
      yield* reorder("none")
      yield* store.requeue(ids, undefined)
      assert.deepEqual(
        (yield* claim(10)).map((row) => row.orderingKey),
        [undefined, undefined]
      )
    })
  ),

  check(
    "gives a requeued delivery another payload, and keeps that of the event",
    Effect.gen(function* () {
      const store = yield* DeadLetterStore
      const { claim, eventIds, ids } = yield* withDead(1)
      yield* store.requeue(ids, '{"a":2}')
      const rows = yield* claim(10)
      assert.deepEqual(rows.find((row) => row.eventId === eventIds[0])?.payload, { a: 2 })
      assert.deepEqual((yield* OutboxStore.use((outbox) => outbox.findById(eventIds[0] ?? "")))?.payload, { a: 1 })
      for (let n = 0; n < 2; n++) yield* settleNext(claim, { status: "dead_letter", error: "again" })
      const found = yield* store.find(ids[0] ?? "")
      assert.partialDeepStrictEqual(found, { payload: { a: 2 }, originalPayload: { a: 1 }, isEdited: true })
    })
  ),

  check(
    "keeps every digit of a payload's numbers, and gives both payloads as text",
    Effect.gen(function* () {
      const store = yield* DeadLetterStore
      const { claim, ids } = yield* withDead(1)
      const before = yield* store.find(ids[0] ?? "")
      assert.deepEqual(JSON.parse(before?.payloadText ?? ""), { a: 1 })
      assert.equal(before?.originalPayloadText, before?.payloadText)
      yield* store.requeue(ids, '{"a":[12345678901234567890.123,9007199254740993,0.10]}')
      for (let n = 0; n < 2; n++) yield* settleNext(claim, { status: "dead_letter", error: "again" })
      const found = yield* store.find(ids[0] ?? "")
      assert.equal(found?.payloadText?.replaceAll(" ", ""), '{"a":[12345678901234567890.123,9007199254740993,0.10]}')
      assert.deepEqual(JSON.parse(found?.originalPayloadText ?? ""), { a: 1 })
    })
  ),

  check(
    "leaves what is not as it was seen, and writes down what was changed",
    Effect.gen(function* () {
      const store = yield* DeadLetterStore
      const { ids } = yield* withDead(2)
      const [id = "", other = ""] = ids
      const letter = yield* store.find(id)
      assert.ok(letter !== undefined)
      const audit = {
        who: unique("who"),
        role: "operator",
        action: "deadLetters.requeue",
        target: id,
        reason: null,
        affected: null,
        outcome: "done" as const,
        details: null
      }
      const { attemptCount, gaveUpAt } = letter
      const requeue = (seen: Seen) =>
        Effect.map(store.requeue([id], undefined, { audit, seen }), ({ length }) => length)
      assert.equal(yield* requeue({ attemptCount: attemptCount + 1 }), 0)
      assert.equal(yield* requeue({ attemptCount, gaveUpAt: new Date(gaveUpAt.getTime() - 1) }), 0)
      assert.equal(yield* requeue({ attemptCount, gaveUpAt }), 1)
      assert.equal(yield* requeue({}), 0)
      assert.equal((yield* store.discard([id, other], undefined, { audit })).length, 1)
      const { entries } = yield* AuditStore.use((store) => store.list({ who: audit.who }, undefined, 10))
      assert.deepEqual(
        entries.map(({ affected }) => affected),
        [1, 1]
      )
    })
  ),

  check(
    "discards what gave up, once: it is skipped, and keeps its last error or gets the reason",
    Effect.gen(function* () {
      const store = yield* DeadLetterStore
      const inbox = yield* InboxStore
      const outbox = yield* OutboxStore
      const { eventIds, ids } = yield* withDead(2)
      assert.equal((yield* store.discard([ids[0] ?? ""], undefined)).length, 1)
      assert.equal((yield* store.discard(ids, "not needed")).length, 1)
      assert.equal((yield* store.discard(ids, "again")).length, 0)
      const rows = yield* Effect.forEach(ids.slice(0, 2), (id) => inbox.findById(id))
      assert.deepEqual(
        rows.map((row) => [row?.status, row?.isOpen, row?.lastError, row?.errorTag]),
        [
          ["skipped", false, "error 0", discardedTag],
          ["skipped", false, "not needed", discardedTag]
        ]
      )
      assert.equal((yield* outbox.findById(eventIds[0] ?? ""))?.status, "processed")
      assert.equal((yield* store.requeue(ids, undefined)).length, 0)
    })
  )
]

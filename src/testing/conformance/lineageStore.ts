/**
 * What every lineage store must do, and every outbox store about messages of other services.
 *
 * @internal
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import { InboxStore } from "../../stores/InboxStore.ts"
import { LineageStore } from "../../stores/LineageStore.ts"
import { OutboxStore, type ReceivedEvent } from "../../stores/OutboxStore.ts"
import { Transactor } from "../../stores/Transactor.ts"
import { checkOf } from "./Check.ts"
import { newEvent, subscribe, unique, withDeliveries } from "./support.ts"

const check = checkOf("LineageStore")

const checkOutbox = checkOf("OutboxStore")

const received = (eventName: string, source: string, messageId: string, more: Partial<ReceivedEvent> = {}) => {
  const { dedupeKey: _, ...event } = newEvent(eventName)
  return { ...event, source, messageId, origin: "elsewhere", ...more } satisfies ReceivedEvent
}

const anHour = 3_600_000

export const lineageStore = [
  check(
    "finds events by their ids, without their documents, and those caused by them",
    Effect.gen(function* () {
      const store = yield* LineageStore
      const outbox = yield* OutboxStore
      const eventName = unique("lineage")
      const cause = newEvent(eventName, {
        correlationId: "c",
        traceparent: `00-${"a".repeat(32)}-${"b".repeat(16)}-01`
      })
      const caused = [1, 2, 3].map(() => newEvent(eventName, { causationId: cause.id }))
      yield* outbox.append([cause, ...caused, newEvent(eventName, { causationId: unique("other") })])
      const [found, ...others] = yield* store.find([cause.id, "no id", SecureRandom.uuidV7Unsafe()])
      assert.deepEqual(others, [])
      const { createdAt, position, ...rest } = found ?? assert.fail("it is not there")
      assert.equal(position > 0n, true)
      assert.deepEqual(rest, {
        id: cause.id,
        eventName,
        schemaVersion: 1,
        sourceModule: "conformance",
        aggregateType: "Thing",
        aggregateId: "1",
        correlationId: "c",
        causationId: null,
        traceparent: cause.traceparent,
        origin: null
      })
      const around = (from: number, until: number, limit: number) =>
        Effect.map(
          store.causedBy({
            causes: [cause.id, "no id"],
            from: new Date(createdAt.getTime() + from),
            until: new Date(createdAt.getTime() + until),
            limit
          }),
          (events) => events.map(({ id }) => id)
        )
      const ids = caused.map(({ id }) => id)
      assert.deepEqual(yield* around(-anHour, anHour, 10), ids)
      assert.deepEqual(yield* around(-anHour, anHour, 2), ids.slice(0, 2))
      assert.deepEqual(yield* around(-anHour, -1, 10), [])
      assert.deepEqual(yield* around(anHour, 2 * anHour, 10), [])
    })
  ),

  check(
    "finds the deliveries of events, and their failed attempts",
    Effect.gen(function* () {
      const store = yield* LineageStore
      const inbox = yield* InboxStore
      const { claim, consumer, eventIds } = yield* withDeliveries(2)
      const fail = Effect.flatMap(claim(1), ([row]) => {
        if (row === undefined) return assert.fail("nothing to claim")
        const { attemptCount: seenAttempts, deliveryId, eventId } = row
        const failure = { durationMillis: 5, detail: `attempt ${seenAttempts + 1}` }
        const texts = { error: "no", errorTag: "No", failure }
        return inbox.settle({
          ...{ deliveryId, eventId, consumer, seenAttempts, status: "failed", retryInMillis: 0 },
          ...texts
        })
      })
      yield* Transactor.withTransaction(fail)
      yield* Transactor.withTransaction(fail)
      const deliveries = yield* store.deliveriesOf(eventIds)
      assert.deepEqual(
        deliveries.map((delivery) => [delivery.eventId, delivery.consumer]),
        eventIds.map((id) => [id, consumer])
      )
      const attempts = yield* store.attemptsOf(eventIds, 10)
      assert.deepEqual(
        attempts.map((attempt) => [attempt.consumer, attempt.outcome, attempt.errorTag]),
        [1, 2].map(() => [consumer, "retry", "No"])
      )
      assert.equal(
        attempts.every(({ eventId }) => eventIds.includes(eventId)),
        true
      )
      assert.deepEqual(yield* store.attemptsOf(eventIds, 1), attempts.slice(1))
      assert.deepEqual(yield* store.deliveriesOf([]), [])
    })
  ),

  checkOutbox(
    "stores a message of another service once, also when its event is gone",
    Effect.gen(function* () {
      const outbox = yield* OutboxStore
      const [eventName, source, consumer] = [unique("received"), unique("source"), unique("consumer")]
      yield* subscribe(eventName, consumer)
      const first = received(eventName, source, "1", { metadata: '{"m":1}', correlationId: "c", causationId: "d" })
      assert.deepEqual(yield* outbox.receive([first]), [{ id: first.id, result: "stored", consumers: [consumer] }])
      assert.partialDeepStrictEqual(yield* outbox.findById(first.id), {
        ...{ payload: { a: 1 }, metadata: { m: 1 }, correlationId: "c", causationId: "d", origin: "elsewhere" },
        ...{ isRouted: true, status: "pending" }
      })
      const again = received(eventName, source, "1")
      const second = received(eventName, source, "2")
      const results = yield* outbox.receive([again, second, received(eventName, source, "2")])
      assert.deepEqual(results, [
        { id: first.id, result: "duplicate", consumers: [] },
        { id: second.id, result: "stored", consumers: [consumer] },
        { id: second.id, result: "duplicate", consumers: [] }
      ])
      // From another source it is another message, of the same event if it has the same id.
      const elsewhere = received(eventName, unique("source"), "1", { id: first.id })
      assert.deepEqual(yield* outbox.receive([elsewhere]), [{ id: first.id, result: "duplicate", consumers: [] }])
      const inbox = yield* InboxStore
      assert.equal((yield* inbox.findByConsumer(consumer, undefined, 10)).length, 2)
    })
  ),

  checkOutbox(
    "notes no message whose id is that of an event of another name, nor one of a transaction that is rolled back",
    Effect.gen(function* () {
      const outbox = yield* OutboxStore
      const [eventName, source] = [unique("received"), unique("source")]
      const event = newEvent(eventName)
      yield* outbox.append([event])
      const other = received(unique("received"), source, "1", { id: event.id })
      const conflict = [{ id: event.id, result: "conflict" as const, consumers: [] }]
      assert.deepEqual(yield* outbox.receive([other]), conflict)
      assert.deepEqual(yield* outbox.receive([other]), conflict)
      // Also when it comes with that event.
      const [first, second] = [received(eventName, source, "a"), received(unique("received"), source, "b")]
      const together = yield* outbox.receive([first, { ...second, id: first.id }])
      assert.deepEqual(
        together.map(({ result }) => result),
        ["stored", "conflict"]
      )
      assert.equal((yield* outbox.receive([second]))[0]?.result, "stored")
      const message = received(eventName, source, "1")
      yield* Effect.ignore(Transactor.withTransaction(Effect.andThen(outbox.receive([message]), Effect.fail("no"))))
      assert.equal((yield* outbox.receive([message]))[0]?.result, "stored")
    })
  ),

  checkOutbox(
    "forgets messages that were received long ago, and only those",
    Effect.gen(function* () {
      const outbox = yield* OutboxStore
      const [eventName, source] = [unique("received"), unique("source")]
      const message = received(eventName, source, "1")
      yield* outbox.receive([message, received(eventName, source, "2")])
      assert.equal(yield* outbox.forgetReceived(1, 1000), 0)
      assert.equal((yield* outbox.receive([message]))[0]?.result, "duplicate")
      yield* Effect.sleep(20)
      // Of all who share the store; some of them are ours.
      assert.equal(yield* outbox.forgetReceived(0, 1), 1)
      while ((yield* outbox.forgetReceived(0, 1000)) > 0);
      assert.equal((yield* outbox.receive([received(eventName, source, "1")]))[0]?.result, "stored")
    })
  )
]

/**
 * What every store in which events are looked for must do about one event, and about the story of one aggregate.
 *
 * @internal
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import { DeadLetterStore } from "../../stores/DeadLetterStore.ts"
import { EventSearchStore } from "../../stores/EventSearchStore.ts"
import { InboxStore } from "../../stores/InboxStore.ts"
import { OutboxStore } from "../../stores/OutboxStore.ts"
import { checkOf } from "./Check.ts"
import { ordered } from "./mailbox.ts"
import { leaseNext, newEvent, settleNext, subscribe, unique, withDeliveries } from "./support.ts"

const check = checkOf("EventSearchStore")

/** More digits than JavaScript has, and zeros that PostgreSQL keeps. */
const numbers = '{"large": 9007199254740993, "price": 1.50, "small": 1.5e-3, "zero": -0, "thousand": 1e3}'

export const eventStories = [
  check(
    "shows an event whole: documents to the digit, deliveries as they stand, and what a handler gets instead",
    Effect.gen(function* () {
      const store = yield* EventSearchStore
      const { claim, consumer, eventIds } = yield* withDeliveries(1)
      const id = eventIds[0] as string
      const waiting = yield* store.find(id.toUpperCase())
      assert.partialDeepStrictEqual(waiting, { id, payloadText: '{"a": 1}', payload: { a: 1 }, metadataText: null })
      assert.partialDeepStrictEqual(waiting?.deliveries[0], {
        ...{ consumer, status: "received", isOpen: true, isParked: false, isEdited: false, payloadOverride: null },
        ...{ leasedUntil: null, processedAt: null, lastError: null }
      })
      assert.ok((waiting?.deliveries[0]?.availableAt?.getTime() ?? Number.POSITIVE_INFINITY) <= Date.now() + 60_000)
      yield* settleNext(claim, { status: "dead_letter", error: "no" })
      const deliveryId = waiting?.deliveries[0]?.deliveryId ?? ""
      yield* DeadLetterStore.use((letters) => letters.requeue([deliveryId], '{"b":1.0,"a":9007199254740993}'))
      yield* leaseNext(claim, 60_000)
      const edited = yield* store.find(id)
      assert.partialDeepStrictEqual(edited?.deliveries[0], {
        ...{ deliveryId, eventId: id, status: "processing", isEdited: true, availableAt: null },
        payloadOverride: '{"a": 9007199254740993, "b": 1.0}'
      })
      assert.ok((edited?.deliveries[0]?.leasedUntil?.getTime() ?? 0) > Date.now())
      assert.equal(edited?.status, "processing")
      const documents = { payload: numbers, metadata: '{"m":"\\u0001\\t"}', correlationId: "c" }
      const exact = newEvent(unique("exact"), documents)
      yield* OutboxStore.use((outbox) => outbox.append([exact]))
      const found = yield* store.find(exact.id)
      assert.partialDeepStrictEqual(found, {
        payloadText: '{"zero": 0, "large": 9007199254740993, "price": 1.50, "small": 0.0015, "thousand": 1000}',
        ...{
          metadataText: '{"m": "\\u0001\\t"}',
          metadata: { m: "\u0001\t" },
          correlationId: "c",
          oversizeBytes: null
        },
        ...{ deliveries: [], status: "processed", sourceModule: "conformance" }
      })
      assert.equal(JSON.parse(JSON.stringify(found)).position, String(found?.position))
      assert.equal(yield* store.find(SecureRandom.uuidV7Unsafe()), undefined)
      assert.equal(yield* store.find("no id"), undefined)
    })
  ),

  check(
    "tells what a parked delivery waits for: what is to be retried, and what gave up",
    Effect.gen(function* () {
      const store = yield* EventSearchStore
      const { deliveries, eventName, work } = yield* ordered("a", "a", "a", "b", "b")
      const [first, second, third, fourth, fifth] = (yield* deliveries).map(({ eventId }) => eventId)
      yield* work(10, { 0: "dead_letter", 3: "later" })
      yield* work(10)
      const heldUp = Effect.fnUntraced(function* (eventId: string | undefined) {
        const [delivery] = (yield* store.find(eventId ?? ""))?.deliveries ?? []
        return delivery?.waitsFor
      })
      const dead = { eventId: first, eventName, status: "dead_letter", isOpen: false, isParked: false, attemptCount: 1 }
      assert.partialDeepStrictEqual(yield* heldUp(second), { ...dead, availableAt: null })
      assert.partialDeepStrictEqual(yield* heldUp(third), dead)
      const later = yield* heldUp(fifth)
      assert.partialDeepStrictEqual(later, { eventId: fourth, status: "failed", isOpen: true, attemptCount: 1 })
      assert.ok((later?.availableAt?.getTime() ?? 0) > Date.now() + 60_000)
      assert.equal(yield* heldUp(first), null)
      assert.equal(yield* heldUp(fourth), null)
    })
  ),

  check(
    "tells what happened to aggregates, in the order of time, page by page",
    Effect.gen(function* () {
      const store = yield* EventSearchStore
      const consumer = unique("consumer")
      const eventName = unique("life")
      const aggregateId = unique("aggregate")
      yield* subscribe(eventName, consumer)
      const events = [1, 2].map(() => newEvent(eventName, { aggregateId }))
      yield* OutboxStore.use((outbox) => outbox.append(events))
      const inbox = yield* InboxStore
      const interest = { names: [eventName], patterns: [] }
      const claim = (limit: number) => inbox.claim({ consumer, interest, limit })
      yield* settleNext(claim, { status: "processed" })
      yield* settleNext(claim, { status: "dead_letter", error: "no" })
      const aggregate = { module: "conformance", entityType: "Thing", entityId: aggregateId }
      const aggregates = [aggregate, aggregate, { ...aggregate, entityId: unique("another") }]
      const all = yield* store.moments({ aggregates, after: undefined, limit: 10 })
      assert.equal(all.isCut, false)
      assert.deepEqual(
        all.moments.map(({ eventId, rank, settled }) => [rank, eventId, settled?.status]).toSorted(),
        [
          ...events.map(({ id }) => [0, id, undefined]),
          [1, events[0]?.id, "processed"],
          [1, events[1]?.id, "dead_letter"]
        ].toSorted()
      )
      assert.partialDeepStrictEqual(
        all.moments.find(({ settled }) => settled?.status === "dead_letter"),
        {
          ...{ aggregate, eventName },
          settled: { consumer, status: "dead_letter", attemptCount: 1, lastError: "no" }
        }
      )
      const times = all.moments.map(({ micros }) => micros)
      assert.deepEqual(
        times,
        times.toSorted((a, b) => (a < b ? -1 : 1))
      )
      const pages = []
      for (let after: (typeof all.moments)[number] | undefined, n = 0; n < 4; n++) {
        const { moments }: typeof all = yield* store.moments({ aggregates, after, limit: 1 })
        pages.push(...moments)
        after = moments[0]
      }
      assert.deepEqual(pages, all.moments)
      assert.deepEqual(yield* store.moments({ aggregates, after: pages[3], limit: 1 }), { moments: [], isCut: false })
      assert.deepEqual(yield* store.moments({ aggregates: [], after: undefined, limit: 1 }), {
        moments: [],
        isCut: false
      })
    })
  )
]

/**
 * What every replica store must do. A store is one process: checks that use it say anew what it serves.
 *
 * @internal
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import { InboxStore } from "../../stores/InboxStore.ts"
import { OutboxStore } from "../../stores/OutboxStore.ts"
import { firstOrderingKey, type ReplicaCondition } from "../../stores/Poll.ts"
import { type Replica, ReplicaStore, type Served } from "../../stores/ReplicaStore.ts"
import { SubscriptionStore } from "../../stores/SubscriptionStore.ts"
import { Transactor } from "../../stores/Transactor.ts"
import { checkOf } from "./Check.ts"
import { keyOf, newEvent, subscribe, unique, withDeliveries } from "./support.ts"

const check = checkOf("ReplicaStore")

const serving = (consumer: string, more: Partial<Served>): Served => ({
  consumer,
  ordering: "none",
  names: [],
  patterns: [],
  workers: 1,
  batch: 10,
  ...more
})

const about = { version: "1.2.3", applicationVersion: undefined, maxBatches: 5 }

/** This process, as the store knows it. */
const self = ReplicaStore.use((store) => Effect.map(store.all, (all) => all.find(({ id }) => id === store.id)))

/** Whether a poll says that a consumer is to be registered again, when it is asked by a process that serves it so. */
const isReordered = (consumer: string, ordering: Served["ordering"]) =>
  Effect.gen(function* () {
    const { id } = yield* ReplicaStore
    const { disputed, reordered } = yield* InboxStore.use((inbox) =>
      inbox.poll({
        consumers: [{ consumer, names: [], patterns: [], onDeadLetter: ordering === "none" ? undefined : "park" }],
        parkedAfter: firstOrderingKey,
        replica: { id, silentMillis: 60_000 }
      })
    )
    assert.deepEqual(disputed, [])
    return reordered.includes(consumer)
  })

const orderingOf = (consumer: string) =>
  SubscriptionStore.use((store) =>
    Effect.map(store.consumers, (all) => all.find((each) => each.consumer === consumer)?.ordering)
  )

/** What is said to be served by nobody of a consumer's subscriptions. */
const unservedOf = (consumer: string) =>
  SubscriptionStore.use((store) =>
    Effect.map(store.unserved, (all) =>
      all.filter((_) => _.consumer === consumer).map(({ event, open }) => [event, open])
    )
  )

export const replicaStore = [
  check(
    "knows that this process runs, what it serves now, and that it has left",
    Effect.gen(function* () {
      const store = yield* ReplicaStore
      const [one, two] = [unique("a"), unique("b")]
      yield* store.join(about)
      assert.partialDeepStrictEqual(yield* self, { status: "running", stoppedAt: null })
      yield* store.serve([serving(two, { names: ["x"] }), serving(one, { patterns: ["y*"] })])
      assert.deepEqual((yield* self)?.consumers, [one, two])
      yield* store.serve([serving(one, { names: ["z"] })])
      assert.deepEqual((yield* self)?.consumers, [one])
      yield* store.leave
      const left = yield* self
      assert.equal(left?.status, "stopped")
      assert.ok(left?.stoppedAt instanceof Date)
      yield* store.join(about)
      yield* store.reap(0)
      assert.equal((yield* self)?.status, "running")
      yield* store.serve([])
      assert.deepEqual((yield* self)?.consumers, [])
    })
  ),

  check(
    "keeps what a process says of itself when it starts, and how it is when it polls",
    Effect.gen(function* () {
      const store = yield* ReplicaStore
      const poll = (condition: Partial<ReplicaCondition>) =>
        InboxStore.use((inbox) =>
          inbox.poll({
            consumers: [],
            parkedAfter: firstOrderingKey,
            replica: { id: store.id, silentMillis: 60_000, ...condition }
          })
        )
      const isKnown = (expected: Partial<Replica>) =>
        Effect.map(self, (known) => assert.partialDeepStrictEqual(known, expected))
      yield* store.join(about)
      yield* isKnown({ version: "1.2.3", applicationVersion: null, maxBatches: 5 })
      yield* store.join({ ...about, applicationVersion: "v".repeat(300) })
      assert.equal((yield* self)?.applicationVersion?.length, 255)
      yield* poll({ isListening: false, batches: 0 })
      yield* poll({ isListening: true, batches: 3 })
      yield* isKnown({ isListening: true, batches: 3 })
      yield* poll({})
      yield* isKnown({ isListening: true, batches: 3 })
      yield* poll({ isListening: false, batches: 2 })
      yield* isKnown({ isListening: false, batches: 2, version: "1.2.3" })
    })
  ),

  check(
    "tells which processes serve a consumer, and what of it, but of none that is silent or has left",
    Effect.gen(function* () {
      const store = yield* ReplicaStore
      const consumer = unique("serving")
      const here = (names: ReadonlyArray<string>, patterns: ReadonlyArray<string> = []) =>
        Effect.map(store.serving(consumer, 60_000), (found) =>
          assert.deepEqual(
            found.map(({ id, pid, served }) => [id, pid, served.names, served.patterns]),
            names.length + patterns.length === 0 ? [] : [[store.id, process.pid, names, patterns]]
          )
        )
      yield* store.serve([serving(unique("other"), { names: ["a"] })])
      yield* here([])
      yield* store.serve([serving(consumer, { names: ["a"], patterns: ["b*"] })])
      yield* here(["a"], ["b*"])
      assert.deepEqual(yield* store.serving(consumer, 0), [])
      yield* store.leave
      yield* here([])
      yield* store.join(about)
      yield* here(["a"], ["b*"])
      const told = serving(consumer, {
        names: ["a"],
        versions: { a: 2 },
        options: { mode: "leased", retryBaseDelayMs: 250, hasRetrySchedule: true }
      })
      yield* store.serve([told])
      assert.deepEqual(
        (yield* store.serving(consumer, 60_000)).map(({ served }) => served),
        [told]
      )
      yield* store.serve([])
      yield* here([])
    })
  ),

  check(
    "a consumer stays in order as long as a process that runs serves it so, and a poll tells of one that is not as it is served",
    Effect.gen(function* () {
      const store = yield* ReplicaStore
      const consumer = unique("ordering")
      const register = (ordering: Served["ordering"]) =>
        SubscriptionStore.use((subscriptions) =>
          subscriptions.register([{ consumer, event: unique("event"), priority: 0, ordering }])
        )
      yield* register("none")
      assert.equal(yield* isReordered(consumer, "none"), false)
      assert.equal(yield* isReordered(consumer, "aggregate"), true)
      yield* store.serve([serving(consumer, { ordering: "aggregate", names: ["a"] })])
      yield* register("none")
      assert.equal(yield* orderingOf(consumer), "aggregate")
      assert.equal(yield* isReordered(consumer, "aggregate"), false)
      assert.equal(yield* isReordered(consumer, "none"), true)
      yield* store.serve([])
      yield* register("none")
      assert.equal(yield* orderingOf(consumer), "none")
    })
  ),

  check(
    "subscriptions are unserved as long as no process that runs serves them, with what waits for them",
    Effect.gen(function* () {
      const store = yield* ReplicaStore
      const { appended, consumer, eventName } = yield* withDeliveries(2)
      yield* subscribe("other.*", consumer)
      const [first, second] = [
        [eventName, 2],
        ["other.*", 0]
      ]
      const since = (yield* SubscriptionStore.use((subscriptions) => subscriptions.unserved))
        .filter((each) => each.consumer === consumer)
        .map((each) => each.since)
      const stored = appended[0]?.createdAt.getTime() ?? 0
      assert.ok(since[0] instanceof Date && Math.abs(since[0].getTime() - stored) < 1000, `${since[0]}, ${stored}`)
      assert.equal(since[1], null)
      assert.deepEqual(yield* unservedOf(consumer), [first, second])
      yield* store.serve([serving(consumer, { names: [eventName], patterns: ["other.*"] })])
      assert.deepEqual(yield* unservedOf(consumer), [])
      yield* store.serve([
        serving(consumer, { patterns: ["other.*"] }),
        serving(unique("else"), { names: [eventName] })
      ])
      assert.deepEqual(yield* unservedOf(consumer), [first])
      yield* store.serve([serving(consumer, { names: [eventName], patterns: ["other.*"] })])
      yield* store.leave
      assert.deepEqual(yield* unservedOf(consumer), [first, second])
      yield* store.join(about)
      yield* store.serve([])
    })
  )
]

export const replicaStoreDurable = [
  check(
    "keeps the note of an attempt until it is erased, whose erasure commits with its transaction",
    Effect.gen(function* () {
      const store = yield* ReplicaStore
      const { claim, eventName } = yield* withDeliveries(1)
      const [row] = yield* Transactor.withTransaction(claim(1))
      const delivery = keyOf(row)
      const consumer = unique("others")
      yield* subscribe(eventName, consumer)
      const event = newEvent(eventName)
      yield* OutboxStore.use((outbox) => outbox.append([event]))
      const all = yield* InboxStore.use((inbox) => inbox.findByEvent(event.id))
      const others = keyOf(all.find((each) => each.consumer === consumer))
      const sibling = keyOf(all.find((each) => each.consumer !== consumer))
      assert.deepEqual(yield* store.findStarted([delivery]), [])
      yield* store.noteStarted([{ ...delivery, attemptCount: 0 }])
      const [note] = yield* store.findStarted([delivery])
      assert.ok(note !== undefined && note.ageMillis >= 0)
      assert.partialDeepStrictEqual(note, { eventId: delivery.eventId, isAlone: true })
      yield* Effect.ignore(
        Transactor.withTransaction(Effect.andThen(store.eraseStarted([delivery]), Effect.fail("undone")))
      )
      assert.equal([...(yield* store.findStarted([delivery]))].length, 1)
      yield* store.eraseStarted([delivery])
      assert.deepEqual(yield* store.findStarted([delivery]), [])
      yield* store.noteStarted([
        { ...delivery, attemptCount: 1 },
        { ...sibling, attemptCount: 0 }
      ])
      assert.deepEqual(yield* store.findStarted([others]), [])
      yield* store.eraseStarted([others])
      const isAlone = Effect.map(
        store.findStarted([delivery, sibling]),
        (notes) => new Map(notes.map((each) => [each.eventId, each.isAlone]))
      )
      assert.deepEqual(
        yield* isAlone,
        new Map([
          [delivery.eventId, false],
          [sibling.eventId, false]
        ])
      )
      // Since then it has begun alone.
      yield* store.noteStarted([{ ...sibling, attemptCount: 0 }])
      assert.deepEqual(
        yield* isAlone,
        new Map([
          [delivery.eventId, false],
          [sibling.eventId, true]
        ])
      )
      yield* store.eraseStarted([delivery, sibling])
      assert.deepEqual(yield* store.findStarted([delivery, sibling]), [])
    })
  ),

  check(
    "a recovering consumer is told which deliveries are suspect, until none of them is due",
    Effect.gen(function* () {
      const store = yield* ReplicaStore
      const inbox = yield* InboxStore
      const { claim, consumer, eventName } = yield* withDeliveries(2)
      const claimed = Transactor.withTransaction(Effect.tap(claim(10), inbox.complete))
      yield* store.serve([serving(consumer, { names: [eventName] })])
      yield* store.startRecovery(consumer)
      yield* store.endRecovery([consumer])
      assert.deepEqual(
        (yield* claimed).map(({ recovery }) => [recovery?.isRecovering, recovery?.isSuspect]),
        [
          [true, true],
          [true, true]
        ]
      )
      yield* store.endRecovery([consumer])
      yield* OutboxStore.use((outbox) => outbox.append([newEvent(eventName), newEvent(eventName)]))
      assert.deepEqual(
        (yield* claimed).map(({ recovery }) => recovery?.isRecovering ?? false),
        [false, false]
      )
      yield* store.serve([])
    })
  )
]

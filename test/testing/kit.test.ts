/** The test kit itself: in memory under TestClock, and on databases with the real clock. */
import { assert, describe, it, layer as withLayer } from "@effect/vitest"
import { Clock, Context, DateTime, Deferred, Duration, Effect, Layer, Schema } from "effect"
import { TestClock } from "effect/testing"
import {
  Consumer,
  DomainEvent,
  InboxStore,
  IntegrationMemory,
  LinkStore,
  MemoryDatabase,
  Publisher,
  Subscriber,
  Transactor
} from "../../src/index.ts"
import { keyOf, settlement } from "../../src/testing/conformance/support.ts"
import * as Testing from "../../src/testing.ts"
import { runtimes } from "../support/databases.ts"
import { eventsOf, serve, unpolled } from "../support/scenario.ts"

const { Followed, Happened } = eventsOf("kit")

/** What a transaction of the engine did. */
const Leasing = Context.Reference<{ hasLeased: boolean }>("test/Leasing", {
  defaultValue: () => ({ hasLeased: false })
})

const statuses = (consumer: string) =>
  Effect.map(Testing.deliveries(consumer), (all) => all.map((delivery) => [delivery.status, delivery.attemptCount]))

/** A subscriber that counts its runs and keeps a sum that rolls back. */
const summing = Effect.fnUntraced(function* (consumer: Consumer.Consumer | string) {
  const sum = yield* MemoryDatabase.ref(0)
  const runs: Array<number> = []
  const subscriber = Subscriber.make({
    consumer,
    event: Happened,
    handler: Effect.fnUntraced(function* ({ attempt, payload }) {
      runs.push(attempt)
      yield* sum.update((value) => value + payload.n)
      yield* Publisher.publish(Followed, payload)
    })
  })
  return { sum, runs, subscriber }
})

describe("in memory, under TestClock", () => {
  it.effect("twenty retries and two dead letters take no time, and the time they should", () =>
    Effect.gen(function* () {
      const consumer = Consumer.make("retries", { maxAttempts: 12, retryBaseDelay: "1 minute" })
      const { subscriber, sum } = yield* summing(consumer)
      const never = Array.from({ length: 12 }, (_, index) => index + 1)
      yield* serve(Testing.withFaults(subscriber, { fail: never }))
      const before = yield* Clock.currentTimeMillis
      for (const n of [1, 2]) yield* Publisher.publish(Happened, { n })
      yield* Testing.settled()
      assert.deepStrictEqual(yield* statuses("retries"), [
        ["dead_letter", 12],
        ["dead_letter", 12]
      ])
      // 1 + 2 + 4 … minutes, an hour at most: six steps up to 32, then five hours.
      const minutes = ((yield* Clock.currentTimeMillis) - before) / 60_000
      assert.approximately(minutes, 63 + 5 * 60, 0.1)
      assert.strictEqual(yield* sum.get, 0)
      assert.isEmpty(yield* Testing.published(Followed))
    }).pipe(Effect.provide(IntegrationMemory))
  )

  it.effect("published is typed, in order, and sees its own transaction", () =>
    Effect.gen(function* () {
      yield* Publisher.publish(Happened, { n: 1 }, { metadata: { a: true }, correlationId: "c", dedupeKey: "k" })
      yield* Effect.ignore(
        Transactor.withTransaction(
          Effect.gen(function* () {
            yield* Publisher.publish(Happened, { n: 2 })
            assert.lengthOf(yield* Testing.published(Happened), 2)
            return yield* Effect.fail("no")
          })
        )
      )
      yield* Publisher.publish(Happened, { n: 3 }, { delay: "1 hour" })
      const [first, second, ...rest] = yield* Testing.published(Happened)
      assert.isEmpty(rest)
      const sum: number = (first?.payload.n ?? 0) + (second?.payload.n ?? 0)
      assert.strictEqual(sum, 4)
      assert.deepInclude(first, { metadata: { a: true }, correlationId: "c", dedupeKey: "k", status: "processed" })
      assert.deepStrictEqual(
        second?.availableAt,
        DateTime.addDuration(second?.timestamp ?? DateTime.makeUnsafe(0), "1 hour") as DateTime.Utc
      )
      yield* Publisher.publishEvent({
        eventName: Happened.name,
        sourceModule: "tests",
        aggregateType: "Thing",
        aggregateId: "1",
        payload: { n: "three" }
      })
      const bad = yield* Effect.flip(Testing.published(Happened))
      assert.strictEqual(bad._tag, "EventDecodingError")
    }).pipe(Effect.provide(IntegrationMemory))
  )

  it.effect("deliver makes one attempt, settled goes on to the end", () =>
    Effect.gen(function* () {
      const { runs, subscriber, sum } = yield* summing("once")
      yield* serve(Testing.withFaults(subscriber, { fail: [1, 2], error: new Error("twice") }))
      const [delivery] = yield* Testing.deliver(DomainEvent.publication(Happened, { n: 5 }))
      assert.deepInclude(delivery, { status: "failed", isOpen: true, attemptCount: 1, lastError: "Error: twice" })
      assert.deepStrictEqual(delivery?.dueInMillis, 1000)
      yield* Testing.settled()
      assert.deepStrictEqual(yield* statuses("once"), [["processed", 3]])
      assert.deepStrictEqual([runs, yield* sum.get], [[3], 5])
      const stored = yield* Publisher.publish(Happened, { n: 1 })
      assert.deepInclude((yield* Testing.deliver(stored))[0], { status: "failed", attemptCount: 1 })
    }).pipe(Effect.provide(IntegrationMemory))
  )

  it.effect.each(["sleeps", "cannot be interrupted"])(
    "a handler that still runs at the end of a test, and %s, does not hold it up",
    (how) =>
      Effect.gen(function* () {
        const hasBegun = yield* Deferred.make<void>()
        const waiting = how === "sleeps" ? Effect.sleep("1 hour") : Effect.uninterruptible(Effect.never)
        yield* serve(
          Subscriber.make({
            consumer: "unfinished",
            event: Happened,
            handler: () => Effect.andThen(Deferred.succeed(hasBegun, undefined), waiting)
          })
        )
        yield* Publisher.publish(Happened, { n: 1 })
        yield* Deferred.await(hasBegun)
      }).pipe(Effect.scoped, Effect.provide(IntegrationMemory))
  )

  it.effect("a crash undoes the handler's work and charges nothing, a duplicate run shows nothing", () =>
    Effect.gen(function* () {
      const crashing = yield* summing("crashing")
      const doubling = yield* summing("doubling")
      yield* serve(
        Testing.withFaults(crashing.subscriber, { crash: 1 }),
        Testing.withFaults(doubling.subscriber, { duplicate: true })
      )
      yield* Publisher.publish(Happened, { n: 7 })
      yield* Testing.settled()
      assert.deepStrictEqual(crashing.runs, [1, 1])
      assert.deepStrictEqual(doubling.runs, [1, 1])
      assert.deepStrictEqual(yield* statuses("crashing"), [["processed", 1]])
      assert.deepStrictEqual(yield* statuses("doubling"), [["processed", 1]])
      assert.deepStrictEqual([yield* crashing.sum.get, yield* doubling.sum.get], [7, 7])
      assert.lengthOf(yield* Testing.published(Followed), 2)
    }).pipe(Effect.provide(IntegrationMemory))
  )

  it.effect("handlers that sleep are waited for, and time out in virtual time", () =>
    Effect.gen(function* () {
      const { runs, subscriber } = yield* summing("sleeping")
      const late = yield* summing(Consumer.make("late", { timeout: "1 second", maxAttempts: 1 }))
      yield* serve(
        Testing.withFaults(subscriber, { delay: "3 seconds" }),
        Testing.withFaults(late.subscriber, { delay: "1 minute" })
      )
      yield* Publisher.publish(Happened, { n: 1 })
      yield* Testing.settled()
      assert.deepStrictEqual(runs, [1])
      assert.deepStrictEqual(yield* statuses("late"), [["dead_letter", 1]])
      assert.isEmpty(late.runs)
    }).pipe(Effect.provide(IntegrationMemory))
  )

  it.effect("what does not settle is named, and nothing is waited for that will not happen", () =>
    Effect.gen(function* () {
      const { subscriber } = yield* summing(Consumer.make("patient", { maxAttempts: 99, retryBaseDelay: "1 hour" }))
      yield* serve(Testing.withFaults(subscriber, { fail: 1 }))
      yield* Publisher.publish(Happened, { n: 1 })
      const error = yield* Effect.flip(Testing.settled({ within: "10 minutes" }))
      assert.strictEqual(
        error.message,
        "Not everything was settled within 600000 ms. Still open:\n  patient: kit.happened, 1 attempts"
      )
    }).pipe(Effect.provide(IntegrationMemory))
  )

  it.effect("delays and retries follow the test's own clock too", () =>
    Effect.gen(function* () {
      const { runs, subscriber } = yield* summing("clocked")
      yield* serve(Testing.withFaults(subscriber, { fail: 1 }))
      yield* Publisher.publish(Happened, { n: 1 }, { delay: "10 minutes" })
      yield* TestClock.adjust("9 minutes")
      assert.deepStrictEqual(yield* statuses("clocked"), [["received", 0]])
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* statuses("clocked"), [["failed", 1]])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* statuses("clocked"), [["processed", 2]])
      assert.deepStrictEqual(runs, [2])
    }).pipe(Effect.provide(IntegrationMemory))
  )

  it.effect("a consumer of lower priority waits for the attempts of those above, and not for the clock", () =>
    Effect.gen(function* () {
      const order: Array<string> = []
      const at = (consumer: string, priority: number, fail: ReadonlyArray<number> = []) =>
        Testing.withFaults(
          Subscriber.make({
            consumer,
            event: Happened,
            priority,
            handler: () => Effect.sync(() => order.push(consumer))
          }),
          { fail }
        )
      yield* serve(at("low", 0), at("middle", 5, [1]), at("high", 9))
      const before = yield* Clock.currentTimeMillis
      yield* Testing.deliver(DomainEvent.publication(Happened, { n: 1 }))
      assert.deepStrictEqual(order, ["high", "low"])
      assert.isBelow((yield* Clock.currentTimeMillis) - before, 1000)
      yield* Testing.settled()
      assert.deepStrictEqual(order, ["high", "low", "middle"])
    }).pipe(Effect.provide(IntegrationMemory))
  )

  it.effect(
    "transactions of a user's own state: seen after the commit, undone by a failure, safe from each other",
    () =>
      Effect.gen(function* () {
        const [one, two] = [yield* MemoryDatabase.ref(0), yield* MemoryDatabase.ref(0)]
        const inside = Transactor.withTransaction(
          Effect.gen(function* () {
            yield* one.set(1)
            yield* Effect.ignore(Transactor.withTransaction(Effect.andThen(one.set(2), Effect.fail("no"))))
            return yield* one.get
          })
        )
        assert.strictEqual(yield* inside, 1)
        yield* Effect.ignore(Transactor.withTransaction(Effect.andThen(one.set(9), Effect.fail("no"))))
        assert.strictEqual(yield* one.get, 1)
        const add = Transactor.withTransaction(
          Effect.gen(function* () {
            yield* one.update((value) => value + 1)
            yield* Effect.yieldNow
            yield* two.update((value) => value + 1)
          })
        )
        yield* Effect.all(
          Array.from({ length: 50 }, () => add),
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual([yield* one.get, yield* two.get], [51, 50])
        const crossing = (first: typeof one, second: typeof one) =>
          Transactor.withTransaction(
            first
              .update((value) => value)
              .pipe(Effect.andThen(Effect.yieldNow), Effect.andThen(second.update((value) => value + 100)))
          )
        const results = yield* Effect.all([Effect.result(crossing(one, two)), Effect.result(crossing(two, one))], {
          concurrency: "unbounded"
        })
        assert.deepStrictEqual(results.map((result) => result._tag).toSorted(), ["Failure", "Success"])
        assert.strictEqual((yield* one.get) + (yield* two.get), 201)
        assert.strictEqual(yield* one.modify((value) => [value > 0, 0]), true)
      }).pipe(Effect.provide(IntegrationMemory))
  )
})

describe.each(runtimes)("on $name, with the real clock", ({ layer }) => {
  withLayer(layer({ settings: { ...unpolled, retryBaseDelayMs: 1000 } }), {
    excludeTestServices: true,
    timeout: "60 seconds"
  })("the kit", (it) => {
    it.effect("delivers, waits for retries, and finds what was published", () =>
      Effect.gen(function* () {
        const Asked = DomainEvent.define("kit.asked", {
          sourceModule: "tests",
          aggregateType: "Thing",
          aggregateId: () => "1",
          payload: Schema.Struct({ at: Schema.DateTimeUtc })
        })
        const answering = Subscriber.make({
          consumer: "kit",
          event: Asked,
          handler: (event) =>
            LinkStore.create({ source: event.aggregate, target: event.aggregate, linkType: "reference" })
        })
        yield* serve(Testing.withFaults(answering, { fail: 1, crash: 2, duplicate: true, delay: Duration.millis(1) }))
        const at = DateTime.makeUnsafe("2026-01-02T03:04:05Z")
        const [delivery] = yield* Testing.deliver(DomainEvent.publication(Asked, { at }))
        assert.strictEqual(delivery?.status, "failed")
        yield* Testing.settled()
        assert.deepStrictEqual(yield* statuses("kit"), [["processed", 2]])
        assert.deepStrictEqual(
          (yield* Testing.published(Asked)).map((event) => event.payload),
          [{ at }]
        )
      })
    )

    it.effect("settled waits for a leased handler, from before it begins", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("kit-leased")
        const transactor = yield* Transactor
        const { abortableTransaction, withTransaction } = transactor
        const inbox = yield* InboxStore
        const { lease } = inbox
        const isLeased = yield* Deferred.make<void>()
        // Between the lease and its handler, as after a long pause of the process.
        const slowly = <A, E, R>(transaction: Effect.Effect<A, E, R>) => {
          const mine = { hasLeased: false }
          return Effect.tap(Effect.provideService(transaction, Leasing, mine), () =>
            mine.hasLeased
              ? Effect.andThen(Deferred.succeed(isLeased, undefined), Effect.sleep("200 millis"))
              : Effect.void
          )
        }
        Object.assign(inbox, {
          lease: (...given: Parameters<typeof lease>) =>
            Effect.tap(lease(...given), () =>
              Effect.map(Leasing, (transaction) => {
                transaction.hasLeased = true
              })
            )
        })
        yield* serve(
          Subscriber.make({
            consumer: Consumer.make("kit-leased", { mode: "leased" }),
            event: Happened,
            handler: () => Effect.sleep("200 millis")
          })
        )
        Object.assign(transactor, {
          abortableTransaction: (...[effect, abort]: Parameters<typeof abortableTransaction>) =>
            slowly(abortableTransaction(effect, abort)),
          withTransaction: (...[effect]: Parameters<typeof withTransaction>) => slowly(withTransaction(effect))
        })
        yield* Publisher.publish(Happened, { n: 1 })
        yield* Deferred.await(isLeased)
        yield* Testing.settled({ within: "10 seconds" })
        Object.assign(inbox, { lease })
        Object.assign(transactor, { abortableTransaction, withTransaction })
        assert.deepStrictEqual(yield* statuses("kit-leased"), [["processed", 1]])
      })
    )

    it.effect("settled waits for a leased handler of another process", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("kit-elsewhere")
        const inbox = yield* InboxStore
        const consumer = Consumer.make("kit-elsewhere", { mode: "leased" })
        const subscriber = Subscriber.make({ consumer, event: Happened, handler: () => Effect.void })
        yield* Effect.scoped(serve(subscriber))
        const event = yield* Publisher.publish(Happened, { n: 1 })
        const delivery = keyOf((yield* inbox.findByEvent(event.id))[0])
        const token = yield* inbox.lease(delivery, 60_000, crypto.randomUUID())
        yield* serve(subscriber)
        const elsewhere = Effect.andThen(Effect.sleep("300 millis"), inbox.settleLease(settlement(delivery), token))
        const [, isSettled] = yield* Effect.all([Testing.settled({ within: "10 seconds" }), elsewhere], {
          concurrency: 2
        })
        assert.isTrue(isSettled)
        assert.deepStrictEqual(yield* statuses("kit-elsewhere"), [["processed", 1]])
      })
    )
  })
})

it("starts in milliseconds, many at once", () =>
  Effect.runPromise(
    Effect.gen(function* () {
      const counts = yield* Effect.forEach(
        Array.from({ length: 50 }, (_, n) => n),
        (n) =>
          Effect.gen(function* () {
            const { subscriber, sum } = yield* summing("apart")
            yield* serve(subscriber)
            yield* Testing.deliver(DomainEvent.publication(Happened, { n }))
            return yield* sum.get
          }).pipe(Effect.scoped, Effect.provide(Layer.fresh(IntegrationMemory))),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(
        counts,
        Array.from({ length: 50 }, (_, n) => n)
      )
    })
  ))

/** Order by aggregate, around what fails, waits, or is handled nowhere; on every store alike. */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import {
  DeadLetters,
  InboxStore,
  Processor,
  Publisher,
  Subscriber,
  SubscriptionStore,
  Transactor
} from "../../src/index.ts"
import { keyOf } from "../../src/testing/conformance/support.ts"
import { runtimes } from "../support/databases.ts"
import { type Event, logged, logging, ordered, publishFor, untilStatuses } from "../support/mailboxes.ts"
import { eventsOf, serve, unpolled, until } from "../support/scenario.ts"

describe.each(runtimes)("on $name", ({ layer, name }) => {
  const live = layer({ settings: { ...unpolled, retryBaseDelayMs: 100 } })

  withLayer(live, { excludeTestServices: true, timeout: "60 seconds" })("order by aggregate", (it) => {
    it.effect("a dead letter parks what comes after it, and requeueing it restores the order", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("parks")
        const processor = yield* Processor
        const log: Array<number> = []
        let isBroken = true
        const fails = (event: Event) => (isBroken && event.payload.n === 2 ? Effect.fail("broken") : Effect.void)
        yield* serve(logging(ordered("parks"), Happened, log, { fails }))
        yield* publishFor(Happened, "a", 1, 2, 3, 4)
        yield* publishFor(Happened, "b", 10, 11)
        yield* processor.drain
        yield* untilStatuses("parks", ["processed", "dead_letter", "received", "received", "processed", "processed"])
        yield* publishFor(Happened, "a", 5)
        yield* processor.drain
        assert.notInclude(log, 3)
        assert.notInclude(log, 5)
        const inbox = yield* InboxStore
        const [, dead, parked] = yield* inbox.findByConsumer("parks", undefined, 100)
        assert.isNull(parked?.dueInMillis)
        assert.isTrue(parked?.isOpen)
        isBroken = false
        log.length = 0
        yield* DeadLetters.use((letters) => letters.requeue(dead?.deliveryId ?? ""))
        yield* processor.drain
        yield* untilStatuses(
          "parks",
          Array.from({ length: 7 }, () => "processed")
        )
        yield* logged(log, [2, 3, 4, 5])
      })
    )

    it.effect('with onDeadLetter "continue" an aggregate goes on without what gave up', () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("continues")
        const processor = yield* Processor
        const log: Array<number> = []
        const fails = (event: Event) => (event.payload.n === 1 ? Effect.fail("broken") : Effect.void)
        const consumer = ordered("continues", { onDeadLetter: "continue", maxAttempts: 2 })
        yield* serve(logging(consumer, Happened, log, { fails }))
        yield* publishFor(Happened, "a", 1, 2, 3)
        yield* processor.drain
        yield* untilStatuses("continues", ["dead_letter", "processed", "processed"])
        yield* logged(log, [2, 3])
      })
    )

    it.effect("a handler that times out for good lets its aggregate go on, when it is to continue", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("overdue")
        const log: Array<number> = []
        const fails = (event: Event) => (event.payload.n === 1 ? Effect.never : Effect.void)
        const consumer = ordered("overdue", { onDeadLetter: "continue", timeout: 50 })
        yield* serve(logging(consumer, Happened, log, { fails }))
        yield* publishFor(Happened, "a", 1, 2)
        yield* untilStatuses("overdue", ["dead_letter", "processed"])
      })
    )

    it.effect("what waits for its retry is not overtaken; other aggregates go on", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("retries")
        const processor = yield* Processor
        const log: Array<number> = []
        const fails = (event: Event) =>
          event.payload.n === 1 && event.attempt === 1 ? Effect.fail("not yet") : Effect.void
        yield* serve(logging(ordered("retries", { maxAttempts: 3 }), Happened, log, { fails }))
        yield* publishFor(Happened, "a", 1, 2, 3)
        yield* publishFor(Happened, "b", 10)
        yield* processor.drain
        yield* untilStatuses("retries", ["processed", "processed", "processed", "processed"])
        yield* until(
          Effect.sync(() => log.length),
          (length) => length >= 4
        )
        assert.deepStrictEqual(
          log.filter((n) => n < 10),
          [1, 2, 3]
        )
        assert.include(log, 10)
      })
    )

    it.effect("what is delayed holds up its aggregate until its time", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("delays")
        const processor = yield* Processor
        const log: Array<number> = []
        yield* serve(logging(ordered("delays"), Happened, log))
        yield* Publisher.publish(Happened, { n: 1 }, { aggregateId: "a", delay: "1 hour" })
        yield* Publisher.publish(Happened, { n: 3 }, { aggregateId: "b", delay: 100 })
        yield* publishFor(Happened, "a", 2)
        yield* publishFor(Happened, "b", 4)
        yield* processor.drain
        yield* untilStatuses("delays", ["received", "processed", "received", "processed"])
        yield* logged(log, [3, 4])
      })
    )

    it.effect("what nobody handles here holds up its aggregate, and is not moved", () =>
      Effect.gen(function* () {
        const { Followed, Happened } = eventsOf("unhandled")
        const processor = yield* Processor
        const log: Array<number> = []
        const consumer = ordered("unhandled")
        // A process that handles both was here once.
        yield* Effect.scoped(serve(logging(consumer, Happened, log), logging(consumer, Followed, log)))
        yield* serve(logging(consumer, Happened, log))
        yield* publishFor(Followed, "a", 1)
        yield* publishFor(Happened, "a", 2, 3)
        yield* processor.drain
        assert.deepStrictEqual(log, [])
        const inbox = yield* InboxStore
        const waiting = yield* inbox.findByConsumer("unhandled", undefined, 10)
        assert.deepStrictEqual(
          waiting.map((delivery) => delivery.dueInMillis === null),
          [false, true, true]
        )
        yield* serve(logging(consumer, Followed, log))
        yield* untilStatuses("unhandled", ["processed", "processed", "processed"])
        yield* logged(log, [1, 2, 3])
      })
    )

    it.effect("what does not decode parks its aggregate within the batch", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("undecodable")
        const processor = yield* Processor
        const log: Array<number> = []
        yield* Effect.scoped(serve(logging(ordered("undecodable"), Happened, log)))
        const untyped = (n: unknown, aggregateId: string) => ({
          eventName: Happened.name,
          sourceModule: Happened.sourceModule,
          aggregateType: Happened.aggregateType,
          aggregateId,
          payload: { n }
        })
        yield* Publisher.publishEvents([untyped("bad", "a"), untyped(2, "a"), untyped(3, "b")])
        yield* serve(logging(ordered("undecodable"), Happened, log))
        yield* processor.drain
        yield* untilStatuses("undecodable", ["dead_letter", "received", "processed"])
        yield* logged(log, [3])
      })
    )

    it.effect(
      "a consumer that becomes ordered keeps the order of what is waiting, one that ceases to be lets it go",
      () =>
        Effect.gen(function* () {
          const { Happened } = eventsOf("changes")
          const processor = yield* Processor
          const log: Array<number> = []
          const fails = (event: Event) => (event.payload.n === 1 ? Subscriber.fatal("no") : Effect.void)
          yield* Effect.scoped(serve(logging("changes", Happened, log)))
          yield* publishFor(Happened, "a", 1, 2, 3)
          yield* Effect.scoped(
            Effect.gen(function* () {
              yield* serve(logging(ordered("changes"), Happened, log, { fails }))
              yield* processor.drain
              yield* untilStatuses("changes", ["dead_letter", "received", "received"])
            })
          )
          log.length = 0
          yield* serve(logging("changes", Happened, log))
          yield* processor.drain
          yield* untilStatuses("changes", ["dead_letter", "processed", "processed"])
          yield* until(
            Effect.sync(() => log.toSorted()),
            (all) => all.length >= 2
          )
          assert.deepStrictEqual(log.toSorted(), [2, 3])
        })
    )

    // A registration waits for every transaction of PGlite's single session.
    it.effect.skipIf(name === "PGlite")(
      "what was published by a transaction that was open when its consumer became ordered is handled",
      () =>
        Effect.gen(function* () {
          const { Happened } = eventsOf("becomes")
          const subscriptions = yield* SubscriptionStore
          const processor = yield* Processor
          const log: Array<number> = []
          const subscription = { consumer: "becomes", event: Happened.name, priority: 0 }
          yield* subscriptions.register([{ ...subscription, ordering: "none" }])
          const published = yield* Deferred.make<void>()
          const commit = yield* Deferred.make<void>()
          const publishing = yield* publishFor(Happened, "a", 1).pipe(
            Effect.andThen(Deferred.succeed(published, undefined)),
            Effect.andThen(Deferred.await(commit)),
            Transactor.withTransaction,
            Effect.forkChild
          )
          yield* Deferred.await(published)
          yield* serve(logging(ordered("becomes"), Happened, log))
          yield* Deferred.succeed(commit, undefined)
          yield* Fiber.join(publishing)
          yield* until(subscriptions.sweep({ isThorough: true }), ({ isOpen }) => !isOpen)
          yield* processor.drain
          yield* untilStatuses("becomes", ["processed"])
          yield* logged(log, [1])
        })
    )

    it.effect(
      "a dead letter from before its consumer became ordered is handled once it is requeued, first of its key",
      () =>
        Effect.gen(function* () {
          const { Happened } = eventsOf("before")
          const processor = yield* Processor
          const letters = yield* DeadLetters
          const log: Array<number> = []
          const fails = (event: Event) => (event.payload.n < 3 ? Subscriber.fatal("no") : Effect.void)
          yield* Effect.scoped(
            Effect.gen(function* () {
              yield* serve(logging("before", Happened, log, { fails }))
              yield* publishFor(Happened, "a", 1, 2)
              yield* processor.drain
              yield* untilStatuses("before", ["dead_letter", "dead_letter"])
            })
          )
          yield* serve(logging(ordered("before"), Happened, log))
          yield* until(
            SubscriptionStore.use((subscriptions) => subscriptions.sweep({ isThorough: true })),
            ({ isOpen }) => !isOpen
          )
          yield* Transactor.withTransaction(
            Effect.andThen(publishFor(Happened, "a", 3), letters.requeueAll({ consumer: "before" }))
          )
          yield* processor.drain
          yield* untilStatuses("before", ["processed", "processed", "processed"])
          yield* logged(log, [1, 2, 3])
        })
    )

    // A registration waits for every transaction of PGlite's single session.
    it.effect.skipIf(name === "PGlite")(
      "what was requeued by a transaction that was open when its consumer became ordered is handled",
      () =>
        Effect.gen(function* () {
          const { Happened } = eventsOf("requeued")
          const subscriptions = yield* SubscriptionStore
          const processor = yield* Processor
          const letters = yield* DeadLetters
          const log: Array<number> = []
          yield* Effect.scoped(
            Effect.gen(function* () {
              yield* serve(logging("requeued", Happened, log, { fails: () => Subscriber.fatal("no") }))
              yield* publishFor(Happened, "a", 1)
              yield* processor.drain
              yield* untilStatuses("requeued", ["dead_letter"])
            })
          )
          const opened = yield* Deferred.make<void>()
          const commit = yield* Deferred.make<void>()
          const requeueing = yield* letters
            .requeueAll({ consumer: "requeued" })
            .pipe(
              Effect.andThen(Deferred.succeed(opened, undefined)),
              Effect.andThen(Deferred.await(commit)),
              Transactor.withTransaction,
              Effect.forkChild
            )
          yield* Deferred.await(opened)
          yield* serve(logging(ordered("requeued"), Happened, log))
          yield* Deferred.succeed(commit, undefined)
          yield* Fiber.join(requeueing)
          yield* until(subscriptions.sweep({ isThorough: true }), ({ isOpen }) => !isOpen)
          yield* processor.drain
          yield* untilStatuses("requeued", ["processed"])
          yield* logged(log, [1])
        })
    )

    it.effect("what was parked, and is leased now, is not given to anybody else", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("held")
        const inbox = yield* InboxStore
        const subscription = { consumer: "held", event: Happened.name, priority: 0, ordering: "aggregate" as const }
        yield* SubscriptionStore.use((store) => store.register([subscription]))
        const interest = { names: [Happened.name], patterns: [] }
        const claim = inbox.claim({ consumer: "held", interest, limit: 1, onDeadLetter: "park" })
        const lease = Transactor.withTransaction(
          Effect.gen(function* () {
            const [row] = yield* claim
            if (row === undefined) return undefined
            return { row, token: yield* inbox.lease(row, 60_000, "00000000-0000-0000-0000-000000000000") }
          })
        )
        yield* publishFor(Happened, "a", 1, 2)
        const first = yield* lease
        // Parks the second, as the first is being handled.
        assert.isUndefined(yield* lease)
        const done = { status: "processed", retryInMillis: undefined, error: undefined, errorTag: undefined } as const
        const settlement = { ...keyOf(first?.row), ...done, seenAttempts: 0, failure: undefined }
        assert.isTrue(yield* inbox.settleLease(settlement, first?.token ?? ""))
        yield* publishFor(Happened, "a", 3)
        assert.deepStrictEqual((yield* lease)?.row.payload, { n: 2 })
        assert.isUndefined(yield* lease)
      })
    )

    it.effect("what was parked and is blocked by nothing any more is found by the poll", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("swept")
        const inbox = yield* InboxStore
        const processor = yield* Processor
        const log: Array<number> = []
        const fails = (event: Event) => (event.payload.n === 1 ? Subscriber.fatal("no") : Effect.void)
        yield* serve(logging(ordered("swept"), Happened, log, { fails }))
        yield* publishFor(Happened, "a", 1, 2)
        yield* processor.drain
        yield* untilStatuses("swept", ["dead_letter", "received"])
        const interest = { names: [Happened.name], patterns: [] }
        const ask = (onDeadLetter: "park" | "continue") =>
          Effect.map(
            inbox.poll({
              consumers: [{ consumer: "swept", ...interest, onDeadLetter }],
              parkedAfter: -(2n ** 63n),
              replica: { id: "00000000-0000-4000-8000-000000000000", silentMillis: 60_000 }
            }),
            (answer) => answer.unparkable
          )
        assert.deepStrictEqual(yield* ask("park"), [])
        const [releasable] = yield* ask("continue")
        assert.strictEqual(releasable?.consumer, "swept")
        const keys = [releasable?.key ?? 0n]
        assert.strictEqual(yield* inbox.unpark({ consumer: "swept", keys, onDeadLetter: "park" }), 0)
        assert.strictEqual(yield* inbox.unpark({ consumer: "swept", keys, onDeadLetter: "continue" }), 1)
        assert.strictEqual((yield* inbox.findByConsumer("swept", undefined, 10))[1]?.dueInMillis === null, false)
      })
    )
  })
})

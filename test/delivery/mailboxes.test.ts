/** What a mailbox can be asked for: order, pauses, head starts, delays, keys, batches; on every store alike. */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { DateTime, Effect, Exit } from "effect"
import {
  Consumer,
  DeadLetters,
  DomainEvent,
  InboxStore,
  OutboxStore,
  Processor,
  Publisher,
  Subscriber,
  Transactor
} from "../../src/index.ts"
import { runtimes } from "../support/databases.ts"
import { eventsOf, serve, type Thing, unpolled, until } from "../support/scenario.ts"

type Event = DomainEvent.DomainEvent<string, { readonly n: number }>

/** A subscriber that writes down what was committed, and fails as long as `fails` says so. */
const logging = (
  consumer: Consumer.Consumer | string,
  event: Thing,
  log: Array<number>,
  options: { readonly priority?: number; readonly fails?: (event: Event) => Effect.Effect<unknown, unknown> } = {}
) =>
  Subscriber.make({
    consumer,
    event,
    ...(options.priority === undefined ? {} : { priority: options.priority }),
    handler: Effect.fnUntraced(function* (given: Event) {
      const transactor = yield* Transactor
      yield* options.fails?.(given) ?? Effect.void
      yield* transactor.afterCommit(Effect.sync(() => log.push(given.payload.n)))
    })
  })

/** Waits for what was committed: a status can be seen before its worker has gone on. */
const logged = Effect.fnUntraced(function* (log: ReadonlyArray<number>, expected: ReadonlyArray<number>) {
  yield* until(
    Effect.sync(() => log.length),
    (length) => length >= expected.length
  )
  assert.deepStrictEqual(log, expected)
})

const ordered = (name: string, options: Consumer.Options = {}) =>
  Consumer.make(name, { ordering: "aggregate", maxAttempts: 1, ...options })

/** Publishes events of one aggregate. */
const publishFor = (event: Thing, aggregateId: string, ...numbers: ReadonlyArray<number>) =>
  Publisher.publishAll(numbers.map((n) => DomainEvent.publication(event, { n }, { aggregateId })))

const statusesOf = (consumer: string) =>
  InboxStore.use((inbox) =>
    Effect.map(inbox.findByConsumer(consumer, 0n, 100), (deliveries) => deliveries.map((delivery) => delivery.status))
  )

const untilStatuses = (consumer: string, expected: ReadonlyArray<string>) =>
  until(statusesOf(consumer), (statuses) => JSON.stringify(statuses) === JSON.stringify(expected))

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
        const [, dead, parked] = yield* inbox.findByConsumer("parks", 0n, 100)
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
        const waiting = yield* inbox.findByConsumer("unhandled", 0n, 10)
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
              rollUpPosition: 0n,
              rollUpLimit: 1,
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
        assert.strictEqual((yield* inbox.findByConsumer("swept", 0n, 10))[1]?.dueInMillis === null, false)
      })
    )
  })

  withLayer(live, { excludeTestServices: true, timeout: "60 seconds" })("pausing", (it) => {
    it.effect("a paused consumer is given nothing until it is resumed; others go on", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("pauses")
        const processor = yield* Processor
        const [log, other]: [Array<number>, Array<number>] = [[], []]
        yield* serve(logging("pauses", Happened, log), logging("pauses-not", Happened, other))
        yield* processor.pause("pauses")
        yield* processor.pause("pauses")
        yield* publishFor(Happened, "a", 1, 2)
        yield* untilStatuses("pauses-not", ["processed", "processed"])
        assert.strictEqual(yield* processor.drain, 0)
        assert.deepStrictEqual(log, [])
        assert.deepStrictEqual(
          (yield* processor.consumers).filter((_) => _.consumer.startsWith("pauses")).map((_) => _.pausedAt !== null),
          [true, false]
        )
        yield* processor.resume("pauses")
        yield* untilStatuses("pauses", ["processed", "processed"])
        yield* logged(log, [1, 2])
      })
    )

    it.effect("a pause outlives the subscriber, and an unknown consumer is named", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("outlives")
        const processor = yield* Processor
        const log: Array<number> = []
        yield* Effect.scoped(serve(logging("outlives", Happened, log)))
        yield* processor.pause("outlives")
        yield* publishFor(Happened, "a", 1)
        yield* serve(logging("outlives", Happened, log))
        assert.strictEqual(yield* processor.drain, 0)
        assert.deepStrictEqual(log, [])
        const unknown = yield* Effect.flip(processor.pause("outlive"))
        assert.strictEqual(
          unknown.message,
          'There is no consumer "outlive". Consumers exist from the first registration of a subscriber on; Processor.consumers lists them.'
        )
      })
    )
  })

  withLayer(live, { excludeTestServices: true, timeout: "60 seconds" })("priority", (it) => {
    it.effect("higher priorities have a head start, which ends when all of them have tried", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("tiers")
        const inbox = yield* InboxStore
        const order: Array<string> = []
        const at = (consumer: string, priority: number) =>
          Subscriber.make({
            consumer,
            event: Happened,
            priority,
            handler: () => Effect.sync(() => order.push(consumer))
          })
        yield* serve(at("tiers-low", -5), at("tiers-high", 7), at("tiers-high-too", 7), at("tiers-middle", 0))
        const event = yield* Transactor.withTransaction(
          Effect.tap(Publisher.publish(Happened, { n: 1 }), (stored) =>
            Effect.gen(function* () {
              const waits = (yield* inbox.findByEvent(stored.id)).map((_) => [_.consumer, _.dueInMillis ?? 0] as const)
              const tierOf = new Map(
                waits.map(([consumer, millis]) => [consumer, Math.max(0, Math.ceil(millis / 1000))])
              )
              assert.deepStrictEqual(
                ["tiers-high", "tiers-high-too", "tiers-middle", "tiers-low"].map((_) => tierOf.get(_)),
                [0, 0, 1, 2]
              )
            })
          )
        )
        yield* Processor.use((processor) => processor.settled(event.id))
        assert.deepStrictEqual(order.slice(0, 2).toSorted(), ["tiers-high", "tiers-high-too"])
        assert.deepStrictEqual(order.slice(2), ["tiers-middle", "tiers-low"])
      })
    )

    it.effect("a failed attempt ends the head start too, and absence does not block", () =>
      Effect.gen(function* () {
        const { Followed, Happened } = eventsOf("absent")
        const [high, low]: [Array<number>, Array<number>] = [[], []]
        const fails = () => Effect.fail("never works")
        yield* serve(
          logging(Consumer.make("absent-high", { retryBaseDelay: "1 hour" }), Happened, high, { priority: 1, fails }),
          logging("absent-low", Happened, low)
        )
        yield* Effect.scoped(serve(logging("absent-gone", Followed, high, { priority: 1 })))
        yield* serve(logging("absent-here", Followed, low))
        yield* Publisher.publish(Happened, { n: 1 })
        yield* untilStatuses("absent-low", ["processed"])
        yield* Publisher.publish(Followed, { n: 2 })
        yield* untilStatuses("absent-here", ["processed"])
        yield* logged(low, [1, 2])
        assert.isEmpty(high)
      })
    )

    it.effect("of several subscriptions of a consumer the highest priority counts", () =>
      Effect.gen(function* () {
        const inbox = yield* InboxStore
        const { Happened } = eventsOf("highest")
        const log: Array<number> = []
        yield* Effect.scoped(
          serve(
            logging("highest-a", Happened, log, { priority: 1 }),
            logging("highest-b", Happened, log, { priority: 1 })
          )
        )
        // The same consumer, once by name and once by pattern, as two versions of an application do.
        yield* Effect.scoped(
          serve(
            Subscriber.make({ consumer: "highest-b", event: "highest.*", priority: -9, handler: () => Effect.void })
          )
        )
        const event = yield* Publisher.publish(Happened, { n: 1 })
        const waits = (yield* inbox.findByEvent(event.id)).map((delivery) => (delivery.dueInMillis ?? 1) <= 0)
        assert.deepStrictEqual(waits, [true, true])
      })
    )
  })

  withLayer(live, { excludeTestServices: true, timeout: "60 seconds" })("publishing options", (it) => {
    it.effect("a delayed event waits for its time, and is delivered then without a poll", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("later")
        const inbox = yield* InboxStore
        const processor = yield* Processor
        const log: Array<number> = []
        yield* serve(logging("later", Happened, log))
        const at = DateTime.makeUnsafe("2999-01-01T00:00:00Z")
        const never = yield* Publisher.publishEvent({
          eventName: Happened.name,
          sourceModule: Happened.sourceModule,
          aggregateType: Happened.aggregateType,
          aggregateId: "1",
          payload: { n: 2 },
          availableAt: at
        })
        assert.strictEqual(yield* processor.drain, 0)
        const [soon] = yield* Publisher.publishAll([
          DomainEvent.publication(Happened, { n: 1 }, { delay: "200 millis" })
        ])
        yield* processor.settled(soon.id)
        yield* logged(log, [1])
        const [waiting] = yield* inbox.findByEvent(never.id)
        assert.isAbove(waiting?.dueInMillis ?? 0, 1e12)
        const stored = yield* OutboxStore.use((outbox) => outbox.findById(never.id))
        assert.deepStrictEqual(stored?.availableAt, new Date("2999-01-01T00:00:00Z"))
      })
    )

    it.effect("refuses delays and times that make no sense", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("senseless")
        const refusal = (options: DomainEvent.PublishOptions) =>
          Effect.map(Effect.flip(Publisher.publish(Happened, { n: 1 }, options)), (error) => error.message)
        assert.strictEqual(
          yield* refusal({ delay: -1 }),
          'Option delay of event "senseless.happened" is -1, expected a duration from zero to 800 years.'
        )
        assert.include(yield* refusal({ delay: "soon" as "1 second" }), "is soon, expected a duration")
        assert.include(yield* refusal({ delay: Number.POSITIVE_INFINITY }), "expected a duration")
        assert.include(yield* refusal({ availableAt: "not a time" }), "is not a time, expected a time up to")
        assert.include(
          yield* refusal({ availableAt: new Date(), delay: 1 }),
          "expected to be left out, as availableAt is given"
        )
        assert.include(yield* refusal({ dedupeKey: "" }), "dedupeKey of event")
        assert.include(yield* refusal({ dedupeKey: "x".repeat(256) }), "has 256 characters")
      })
    )

    it.effect("a key makes an event once: publishing again returns the first, and writes nothing", () =>
      Effect.gen(function* () {
        const { Followed, Happened } = eventsOf("keyed")
        const processor = yield* Processor
        const log: Array<number> = []
        yield* serve(logging("keyed", Happened, log))
        const keyed = { dedupeKey: "order-1", metadata: { a: 1 }, correlationId: "c" }
        const first = yield* Publisher.publish(Happened, { n: 1 }, keyed)
        const second = yield* Publisher.publish(Happened, { n: 2 }, { dedupeKey: "order-1" })
        assert.deepStrictEqual(second, { ...first, isDuplicate: true })
        assert.isFalse(first.isDuplicate)
        const other = yield* Publisher.publish(Followed, { n: 3 }, { dedupeKey: "order-1" })
        assert.isFalse(other.isDuplicate)
        const list = yield* Publisher.publishAll([
          DomainEvent.publication(Happened, { n: 4 }, { dedupeKey: "z" }),
          DomainEvent.publication(Happened, { n: 5 }),
          DomainEvent.publication(Happened, { n: 6 }, { dedupeKey: "order-1" }),
          DomainEvent.publication(Happened, { n: 7 }, { dedupeKey: "a" }),
          DomainEvent.publication(Happened, { n: 8 }, { dedupeKey: "z" })
        ])
        assert.deepStrictEqual(
          list.map((event) => [event.payload.n, event.isDuplicate]),
          [
            [4, false],
            [5, false],
            [1, true],
            [7, false],
            [4, true]
          ]
        )
        assert.strictEqual(list[4].id, list[0].id)
        assert.isTrue(list[0].position < list[1].position && list[1].position < list[3].position)
        yield* processor.drain
        yield* untilStatuses("keyed", ["processed", "processed", "processed", "processed"])
        yield* logged(log, [1, 4, 5, 7])
      })
    )

    it.effect("a key that was rolled back is free again, and of many at once one wins", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("race")
        const publish = (n: number) => Publisher.publish(Happened, { n }, { dedupeKey: "only" })
        yield* publish(0).pipe(Effect.andThen(Effect.fail("no")), Transactor.withTransaction, Effect.ignore)
        const all = yield* Effect.forEach([1, 2, 3, 4, 5], publish, { concurrency: "unbounded" })
        assert.lengthOf(new Set(all.map((event) => event.id)), 1)
        assert.lengthOf(
          all.filter((event) => !event.isDuplicate),
          1
        )
        assert.notStrictEqual(all[0]?.payload.n, 0)
      })
    )
  })

  withLayer(live, { excludeTestServices: true, timeout: "60 seconds" })("batch subscribers", (it) => {
    /** Calls of a batch handler, as the numbers it was given. */
    const calling = (
      consumer: Consumer.Consumer | string,
      event: Thing,
      calls: Array<ReadonlyArray<number>>,
      outcome: (event: Event) => ReadonlyArray<Subscriber.ItemOutcome> = (each) => [Subscriber.processed(each)]
    ) =>
      Subscriber.batch({
        consumer,
        event,
        handler: (events) =>
          Effect.sync(() => {
            calls.push(events.map((each) => each.payload.n))
            return events.flatMap(outcome)
          })
      })
    const publish = (event: Thing, ...numbers: ReadonlyArray<number>) =>
      Publisher.publishAll(numbers.map((n) => DomainEvent.publication(event, { n })))

    it.effect("get what was claimed in one call", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("call")
        const processor = yield* Processor
        const calls: Array<ReadonlyArray<number>> = []
        const skipThird = (event: Event) => [
          event.payload.n === 3 ? Subscriber.skipped(event, "not three") : Subscriber.processed(event)
        ]
        yield* Effect.scoped(serve(calling("call", Happened, calls)))
        yield* publish(Happened, 1, 2, 3, 4)
        yield* serve(calling("call", Happened, calls, skipThird))
        yield* processor.drain
        yield* untilStatuses("call", ["processed", "processed", "skipped", "processed"])
        assert.deepStrictEqual(calls, [[1, 2, 3, 4]])
      })
    )

    it.effect("a failed item rolls its call back and is repeated alone; one without an outcome has failed", () =>
      Effect.gen(function* () {
        const { Followed, Happened } = eventsOf("item")
        const processor = yield* Processor
        const inbox = yield* InboxStore
        const calls: Array<ReadonlyArray<number>> = []
        const consumer = Consumer.make("item", { maxAttempts: 1 })
        const outcome = (event: Event) =>
          event.payload.n === 2
            ? [Subscriber.failed(event, new Error("two"))]
            : event.payload.n === 3
              ? []
              : event.payload.n === 4
                ? [Subscriber.failed(event, "four", { isFatal: true })]
                : [Subscriber.processed(event)]
        const publishing = Subscriber.batch({
          consumer,
          event: Happened,
          handler: Effect.fnUntraced(function* (events) {
            calls.push(events.map((each) => each.payload.n))
            for (const each of events) yield* Publisher.publish(Followed, each.payload)
            return events.flatMap(outcome)
          })
        })
        yield* Effect.scoped(serve(publishing))
        yield* publish(Happened, 1, 2, 3, 4, 5)
        yield* serve(publishing)
        yield* processor.drain
        yield* untilStatuses("item", ["processed", "dead_letter", "dead_letter", "dead_letter", "processed"])
        assert.deepStrictEqual(calls.slice(0, 4), [[1, 2, 3, 4, 5], [2], [3], [4]])
        assert.deepStrictEqual(
          (yield* inbox.findByConsumer("item", 0n, 10)).map((_) => [_.attemptCount, _.lastError]),
          [
            [1, null],
            [1, "Error: two"],
            [
              1,
              'MissingOutcome: The batch handler of consumer "item" returned no outcome for an event "item.happened". Return Subscriber.processed, skipped or failed for each event of the call.'
            ],
            [1, "four"],
            [1, null]
          ]
        )
        const followed = yield* OutboxStore.use((outbox) => outbox.findByName(Followed.name, 0n, 100))
        assert.deepStrictEqual(
          followed.map((row) => row.payload),
          [{ n: 1 }, { n: 5 }]
        )
      })
    )

    it.effect("a call that fails is repeated one delivery per call", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("broken")
        const processor = yield* Processor
        const sizes: Array<number> = []
        const breaking = Subscriber.batch({
          consumer: "broken",
          event: Happened,
          handler: (events) =>
            Effect.suspend(() => {
              sizes.push(events.length)
              return events.length > 1
                ? Effect.die(new Error("too many"))
                : Effect.succeed(events.map(Subscriber.processed))
            })
        })
        yield* Effect.scoped(serve(breaking))
        yield* publish(Happened, 1, 2, 3)
        yield* serve(breaking)
        yield* processor.drain
        yield* untilStatuses("broken", ["processed", "processed", "processed"])
        assert.deepStrictEqual(sizes, [3, 1, 1, 1])
      })
    )

    it.effect("keep the order of an ordered consumer, around what fails", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("chain")
        const processor = yield* Processor
        const committed: Array<number> = []
        const chained = Subscriber.batch({
          consumer: ordered("chain", { maxAttempts: 3 }),
          event: Happened,
          handler: Effect.fnUntraced(function* (events) {
            const transactor = yield* Transactor
            for (const { payload } of events) {
              yield* transactor.afterCommit(Effect.sync(() => committed.push(payload.n)))
            }
            return events.map((event) =>
              event.payload.n === 3 && event.attempt === 1
                ? Subscriber.failed(event, "three", { retryAfter: 50 })
                : Subscriber.processed(event)
            )
          })
        })
        yield* Effect.scoped(serve(chained))
        yield* publishFor(Happened, "a", 1, 2, 3, 4, 5)
        yield* serve(chained)
        yield* processor.drain
        yield* untilStatuses(
          "chain",
          Array.from({ length: 5 }, () => "processed")
        )
        yield* logged(committed, [1, 2, 3, 4, 5])
      })
    )

    it.effect("what cannot be decoded is not handed over", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("mixed-bag")
        const processor = yield* Processor
        const calls: Array<ReadonlyArray<number>> = []
        yield* Effect.scoped(serve(calling("mixed-bag", Happened, calls)))
        const untyped = (n: unknown) => ({
          eventName: Happened.name,
          sourceModule: Happened.sourceModule,
          aggregateType: Happened.aggregateType,
          aggregateId: "1",
          payload: { n }
        })
        yield* Publisher.publishEvents([untyped(1), untyped("two"), untyped(3)])
        yield* serve(calling("mixed-bag", Happened, calls))
        yield* processor.drain
        yield* untilStatuses("mixed-bag", ["processed", "dead_letter", "processed"])
        assert.deepStrictEqual(calls, [[1, 3]])
      })
    )
  })

  if (name === "memory") {
    withLayer(live, { excludeTestServices: true })("in memory", (it) => {
      it.effect("a transaction that ended cannot be used", () =>
        Effect.gen(function* () {
          const { Happened } = eventsOf("ended")
          const context = yield* Transactor.withTransaction(Effect.context<Publisher>())
          const late = yield* Effect.exit(Effect.provideContext(Publisher.publish(Happened, { n: 1 }), context))
          assert.isTrue(Exit.isFailure(late))
        })
      )
    })
  }
})

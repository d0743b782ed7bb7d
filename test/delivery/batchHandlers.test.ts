/** Handlers that get a batch in one call, and say what became of each event; on every store alike. */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { Effect } from "effect"
import {
  Consumer,
  DomainEvent,
  InboxStore,
  OutboxStore,
  Processor,
  Publisher,
  Subscriber,
  Transactor
} from "../../src/index.ts"
import { runtimes } from "../support/databases.ts"
import { type Event, logged, ordered, publishFor, untilStatuses } from "../support/mailboxes.ts"
import { eventsOf, serve, type Thing, unpolled } from "../support/scenario.ts"

describe.each(runtimes)("on $name", ({ layer }) => {
  const live = layer({ settings: { ...unpolled, retryBaseDelayMs: 100 } })

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
          (yield* inbox.findByConsumer("item", undefined, 10)).map((_) => [_.attemptCount, _.lastError]),
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
})

/** Events around a registration, and what may be registered. */
import { assert, layer } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { SqlClient } from "effect/sql"
import {
  Consumer,
  type DomainEvent,
  Processor,
  Publisher,
  Registry,
  Subscriber,
  SubscriptionStore,
  Transactor
} from "../../src/index.ts"
import { postgres } from "../support/databases.ts"
import { eventsOf, noted, noting, serve, services, type Thing, until } from "../support/scenario.ts"

/** A transaction that waits before and after it publishes. */
const slowly = Effect.fnUntraced(function* (publish: Effect.Effect<DomainEvent.Stored, unknown>) {
  const opened = yield* Deferred.make<void>()
  const go = yield* Deferred.make<void>()
  const published = yield* Deferred.make<void>()
  const commit = yield* Deferred.make<void>()
  const sql = yield* SqlClient.SqlClient
  const fiber = yield* Effect.gen(function* () {
    yield* sql`SELECT 1`
    yield* Deferred.succeed(opened, undefined)
    yield* Deferred.await(go)
    const event = yield* publish
    yield* Deferred.succeed(published, undefined)
    yield* Deferred.await(commit)
    return event
  }).pipe(Transactor.withTransaction, Effect.forkChild)
  yield* Deferred.await(opened)
  return {
    publish: Effect.andThen(Deferred.succeed(go, undefined), Deferred.await(published)),
    commit: Effect.andThen(Deferred.succeed(commit, undefined), Fiber.join(fiber))
  }
})

const sweptAt = (consumer: string) =>
  SqlClient.SqlClient.use((sql) =>
    Effect.map(
      sql<{ at: Date | null }>`SELECT swept_at AS at FROM integration_subscription WHERE consumer_name = ${consumer}`,
      ([row]) => row?.at ?? undefined
    )
  )

const quickPolls = { settings: { pollingIntervalMs: 100, idlePollingIntervalMs: 100 } }

layer(services(postgres(), quickPolls), { excludeTestServices: true, timeout: "60 seconds" })("registration", (it) => {
  it.effect("a slow transaction that began before a fast one and commits after it is delivered too", () =>
    Effect.gen(function* () {
      const { Happened } = eventsOf("slow")
      yield* serve(noting("slow", Happened))
      const publisher = yield* Publisher
      const processor = yield* Processor
      const slow = yield* slowly(publisher.publish(Happened, { n: 1 }))
      yield* slow.publish
      const fast = yield* publisher.publish(Happened, { n: 2 })
      yield* processor.settled(fast.id)
      assert.deepStrictEqual(yield* noted("slow"), [2])
      const event = yield* slow.commit
      assert.isTrue(event.position < fast.position)
      yield* processor.settled(event.id)
      assert.deepStrictEqual(yield* noted("slow"), [1, 2])
    })
  )

  it.effect("a publish whose transaction straddles the registration is delivered, and the sweep ends after it", () =>
    Effect.gen(function* () {
      const { Happened } = eventsOf("straddle")
      const publisher = yield* Publisher
      const slow = yield* slowly(publisher.publish(Happened, { n: 1 }))
      yield* slow.publish
      yield* serve(noting("straddle", Happened))
      // Sweeps run while the transaction is open, and do not end.
      assert.isTrue((yield* SubscriptionStore.use((store) => store.sweep({ isThorough: true }))).isOpen)
      assert.isUndefined(yield* sweptAt("straddle"))
      const event = yield* slow.commit
      assert.deepStrictEqual(event.consumers, [])
      yield* until(noted("straddle"), (numbers) => numbers.length === 1)
      yield* until(sweptAt("straddle"), (at) => at !== undefined)
      const [row] = yield* SqlClient.SqlClient.use(
        (sql) => sql`SELECT count(*)::int AS count FROM inbox_event WHERE consumer_name = 'straddle'`
      )
      assert.deepStrictEqual(row, { count: 1 })
    })
  )

  it.effect("so is a publish of a REPEATABLE READ transaction whose snapshot is older than the registration", () =>
    Effect.gen(function* () {
      const { Happened } = eventsOf("repeatable")
      const publisher = yield* Publisher
      const slow = yield* slowly(publisher.publish(Happened, { n: 1 })).pipe(
        Effect.provideService(SqlClient.BeginTransaction, "BEGIN ISOLATION LEVEL REPEATABLE READ")
      )
      yield* serve(noting("repeatable", Happened))
      assert.isTrue((yield* SubscriptionStore.use((store) => store.sweep({ isThorough: true }))).isOpen)
      // It has no xid yet, only its snapshot keeps the sweep open.
      yield* slow.publish
      assert.isUndefined(yield* sweptAt("repeatable"))
      assert.deepStrictEqual((yield* slow.commit).consumers, [])
      yield* until(noted("repeatable"), (numbers) => numbers.length === 1)
      yield* until(sweptAt("repeatable"), (at) => at !== undefined)
    })
  )

  it.effect("a sweep that has ended is not repeated by the next start", () =>
    Effect.gen(function* () {
      const { Happened } = eventsOf("restart")
      yield* Effect.scoped(
        Effect.andThen(
          serve(noting("restart", Happened)),
          until(sweptAt("restart"), (at) => at !== undefined)
        )
      )
      const before = yield* sweptAt("restart")
      yield* serve(noting("restart", Happened))
      const event = yield* Publisher.publish(Happened, { n: 1 })
      yield* (yield* Processor).settled(event.id)
      assert.deepStrictEqual(yield* sweptAt("restart"), before)
    })
  )

  it.effect("two handlers of one consumer for one event are refused, and nothing of the refused layer stays", () =>
    Effect.gen(function* () {
      const { Followed, Happened } = eventsOf("twice")
      const registry = yield* Registry
      yield* serve(noting("twice", Happened))
      const refused = yield* Effect.flip(serve(noting("twice", Followed), noting("twice", Happened)))
      assert.match(
        refused.message,
        /^Consumer "twice" already handles "twice\.happened" \(scenario\.ts:\d+\), and is to do so again \(scenario\.ts:\d+\)\. A consumer handles an event once: give this subscriber another consumer name\.$/
      )
      assert.isFalse(yield* registry.hasHandlers(Followed.name))
      const overlapping = yield* Effect.flip(
        serve(Subscriber.make({ consumer: "twice", event: "*.happened", handler: () => Effect.void }))
      )
      assert.include(overlapping.message, 'already handles "twice.happened"')
      assert.include(overlapping.message, 'which overlaps with "*.happened"')
    })
  )

  it.effect("contradictory, unknown and impossible options are refused with what to do", () =>
    Effect.gen(function* () {
      const { Followed, Happened } = eventsOf("options")
      const refusal = (consumer: Consumer.Consumer, event: Thing = Happened) =>
        Effect.map(Effect.flip(Effect.scoped(serve(noting(consumer, event)))), (error) => error.message)
      // biome-ignore lint/suspicious/noExplicitAny: options of later versions
      const later = Consumer.make("options-a", { rateLimit: 5 } as any)
      assert.strictEqual(
        yield* refusal(later),
        'Consumer "options-a": option rateLimit is not supported by this version and would have no effect. Remove it. Supported: concurrency, maxAttempts, retryBaseDelay, retryMaxDelay, retryJitter, retrySchedule, retryable, maxFailureRate, failureMinAttempts, failureWindow, timeout, batchSize, ordering, onDeadLetter, delayed, mode, isolation, startFrom.'
      )
      assert.strictEqual(
        yield* refusal(Consumer.make("options-f", { mode: "rented" as "leased" })),
        'Option mode of consumer "options-f" is rented, expected "transactional" or "leased".'
      )
      assert.strictEqual(
        yield* refusal(Consumer.make("options-g", { onDeadLetter: "park" })),
        'Option onDeadLetter of consumer "options-g" is park, expected to be given with ordering "aggregate" only.'
      )
      assert.strictEqual(
        yield* refusal(Consumer.make("options-j", { delayed: "pass" })),
        'Option delayed of consumer "options-j" is pass, expected to be given with ordering "aggregate" only.'
      )
      assert.strictEqual(
        yield* refusal(Consumer.make("options-k", { ordering: "aggregate", delayed: "later" as "pass" })),
        'Option delayed of consumer "options-k" is later, expected "hold" or "pass".'
      )
      assert.strictEqual(
        yield* refusal(Consumer.make("options-h", { ordering: "global" as "aggregate" })),
        'Option ordering of consumer "options-h" is global, expected "none" or "aggregate".'
      )
      assert.strictEqual(
        yield* refusal(Consumer.make("options-b", { concurrency: 0 })),
        'Option concurrency of consumer "options-b" is 0, expected an integer from 1 to 100.'
      )
      assert.strictEqual(
        yield* refusal(Consumer.make("options-c", { timeout: "no time" as "1 second" })),
        'Option timeout of consumer "options-c" is no time, expected a duration above zero, up to 1717986917 milliseconds (19 days).'
      )
      assert.strictEqual(
        yield* refusal(Consumer.make("options-c", { timeout: "30 days" })),
        'Option timeout of consumer "options-c" is 30 days, expected a duration above zero, up to 1717986917 milliseconds (19 days).'
      )
      assert.strictEqual(
        yield* refusal(Consumer.make("options-c", { retryMaxDelay: "300000 days" })),
        'Option retryMaxDelay of consumer "options-c" is 300000 days, expected a duration above zero, up to 800 years.'
      )
      assert.strictEqual(yield* refusal(Consumer.make("")), "Invalid consumer name: is empty. Nothing was written.")
      yield* serve(noting(Consumer.make("options-d", { maxAttempts: 5 }), Happened))
      assert.strictEqual(
        yield* refusal(Consumer.make("options-d", { maxAttempts: 6 }), Followed),
        'Consumer "options-d" is registered already with another maxAttempts. Make it once with Consumer.make and share the value.'
      )
      const odd = { consumer: "options-e", event: Happened, handler: () => Effect.void, mode: "leased" }
      const refused = yield* Effect.flip(serve(Subscriber.make(odd)))
      assert.include(refused.message, 'Subscriber of consumer "options-e": option mode is not supported')
    })
  )

  it.effect("what is left out where there are no types is named when it is registered", () =>
    Effect.gen(function* () {
      const { Happened } = eventsOf("missing")
      const handler = () => Effect.void
      const whole = { consumer: "missing", event: Happened, handler }
      const messages = yield* Effect.forEach(
        [
          { event: Happened, handler },
          { consumer: "missing", handler },
          { consumer: "missing", event: Happened },
          { consumer: "missing", event: undefined, handler },
          { consumerName: "missing", eventName: "missing.happened", handler }
        ],
        (options) =>
          Effect.map(
            Effect.flip(Effect.scoped(serve(Subscriber.make(options as typeof whole)))),
            (error) => error.message
          )
      )
      assert.deepStrictEqual(messages, [
        'Option consumer of a subscriber for "missing.happened" is undefined, expected a Consumer, or its name. Given: event, handler.',
        'Option event of the subscriber of consumer "missing" is undefined, expected a definition, several, or a pattern. Given: consumer, handler.',
        'Option handler of the subscriber of consumer "missing" for "missing.happened" is undefined, expected a function from the event to an Effect. Given: consumer, event.',
        'Option event of the subscriber of consumer "missing" is undefined, expected a definition, several, or a pattern. If it is imported, look for a circular import.',
        "Option consumer of a subscriber is undefined, expected a Consumer, or its name. Given: consumerName, eventName, handler. Did you mean consumer and event?"
      ])
      const settled = yield* Effect.flip(Processor.use((processor) => processor.allSettled(["nobody"])))
      assert.include(settled.message, 'There is no consumer "nobody"')
    })
  )

  it.effect("the registry answers for this process, by priority", () =>
    Effect.gen(function* () {
      const { Followed, Happened } = eventsOf("answers")
      const registry = yield* Registry
      const before = yield* registry.handlerCount()
      const at = (consumer: string, priority: number, event: DomainEvent.Definition.Any) =>
        Subscriber.make({ consumer, event, priority, handler: () => Effect.void })
      yield* registry.register([
        at("answers-low", 1, Happened),
        at("answers-high", 9, Happened),
        at("answers-other", 5, Followed)
      ])
      const names = Effect.map(registry.handlersOf(Happened.name), (handlers) => handlers.map((_) => _.consumer.name))
      assert.deepStrictEqual(yield* names, ["answers-high", "answers-low"])
      assert.isTrue(yield* registry.hasHandlers(Followed.name))
      assert.isFalse(yield* registry.hasHandlers("answers.nothing"))
      assert.includeMembers([...(yield* registry.eventNames)], [Happened.name, Followed.name])
      assert.strictEqual(yield* registry.handlerCount(Happened.name), 2)
      assert.strictEqual(yield* registry.handlerCount(), before + 3)
      // A consumer that nobody but the registry knows gets workers all the same.
      const event = yield* Publisher.publish(Followed, { n: 1 })
      yield* (yield* Processor).settled(event.id)
      assert.strictEqual(yield* registry.removeByConsumerPrefix("answers-"), 3)
      assert.strictEqual(yield* registry.handlerCount(), before)
      const kept = yield* Publisher.publish(Happened, { n: 1 })
      assert.deepStrictEqual(kept.consumers.toSorted(), ["answers-high", "answers-low"])
      yield* registry.clear
      assert.strictEqual(yield* registry.handlerCount(), 0)
    })
  )
})

/** Consumers that are paused as too many of their attempts fail: on every store alike. */
import { assert, describe, it as one, layer as withLayer } from "@effect/vitest"
import { Cause, type Context, Effect, Layer, Logger } from "effect"
import { FailureWindow } from "../../src/delivery/failureWindow.ts"
import { Consumer, Integration, Processor, Publisher, Subscriber } from "../../src/index.ts"
import { ReplicaStore } from "../../src/stores/ReplicaStore.ts"
import { clientFor, runtimes, uniqueSchema, withSchema } from "../support/databases.ts"
import { type Event, publishFor } from "../support/mailboxes.ts"
import { eventsOf, NotToday, serve, type Thing, unpolled, until } from "../support/scenario.ts"

/** What was said as an error about a consumer that is paused. */
const said: Array<string> = []
const listening = Logger.layer([
  Logger.make(({ logLevel, message }) => {
    const text = String(Array.isArray(message) ? message[0] : message)
    if (logLevel === "Error" && text.includes("is paused, in all processes")) said.push(text)
  })
])

const saidOf = (consumer: string) => said.filter((text) => text.startsWith(`Consumer "${consumer}" `))

const stateOf = (consumer: string) =>
  Processor.use((processor) => Effect.map(processor.consumers, (all) => all.find((each) => each.consumer === consumer)))

const countsOf = (consumer: string) =>
  Processor.use((processor) => Effect.map(processor.stats, ({ deliveries }) => deliveries[consumer]))

const untilPaused = (consumer: string) => until(stateOf(consumer), (state) => state?.pausedAt != null)

/** A subscriber that fails while it is told to. */
const failing = (
  name: string,
  event: Thing,
  options: Consumer.Options,
  fails: (n: number) => boolean,
  error: (n: number) => unknown = (n) => new NotToday({ why: `no ${n}` })
) =>
  Subscriber.make({
    consumer: Consumer.make(name, { maxAttempts: 1, maxFailureRate: 0.5, failureMinAttempts: 6, ...options }),
    event,
    handler: (given: Event) => (fails(given.payload.n) ? Effect.fail(error(given.payload.n)) : Effect.void)
  })

const numbers = (count: number) => Array.from({ length: count }, (_, n) => n)

describe.each(runtimes)("on $name", ({ layer, name: store }) => {
  const live = layer({ settings: { ...unpolled, retryBaseDelayMs: 100 } }).pipe(Layer.provideMerge(listening))

  withLayer(live, { excludeTestServices: true, timeout: "120 seconds" })("the brake", (it) => {
    for (const concurrency of [1, 4, 16]) {
      for (const mode of ["transactional", "leased"] as const) {
        it.effect(`a storm of dead letters is stopped: ${mode}, ${concurrency} at once, said once`, () =>
          Effect.gen(function* () {
            const name = `storm.${store}.${mode}.${concurrency}`
            const { Happened } = eventsOf(name)
            let isBroken = true
            yield* serve(failing(name, Happened, { mode, concurrency }, () => isBroken))
            yield* publishFor(Happened, "a", ...numbers(80))
            yield* untilPaused(name)
            assert.strictEqual(yield* Processor.use((processor) => processor.drain), 0)
            const counts = yield* until(countsOf(name), (found) => found?.processing === 0)
            const dead = counts?.dead_letter ?? 0
            // What was under way when it was paused has ended.
            assert.isAtLeast(dead, 6)
            assert.isAtMost(dead, 6 + 2 * concurrency)
            assert.strictEqual(counts?.received, 80 - dead)
            assert.lengthOf(saidOf(name), 1)
            assert.match(
              saidOf(name)[0] ?? "",
              /is paused, in all processes: \d+ of \d+ attempts failed within 60 s, more than maxFailureRate 0\.5 allows; the last: NotToday: no \d+\. What it has is kept\. When that is mended, go on with Processor\.resume\("storm\.[^"]+"\)\.$/
            )
            const pauseReason = (yield* stateOf(name))?.pauseReason ?? null
            assert.match(pauseReason ?? "", /^\d+ of \d+ attempts failed within 60 s, .*NotToday: no \d+$/)
            const [paused] = (yield* Processor.use((processor) => processor.stats)).paused
            assert.deepInclude(paused, { consumer: name, reason: pauseReason })
            isBroken = false
            yield* Processor.use((processor) => processor.resume(name))
            yield* until(countsOf(name), (found) => found?.processed === 80 - dead)
            assert.isNull((yield* stateOf(name))?.pauseReason)
            assert.lengthOf(saidOf(name), 1)
          })
        )
      }
    }

    it.effect("counts batches too: what failed is charged once, and the others are their successes", () =>
      Effect.gen(function* () {
        const name = `mixed.${store}`
        const { Happened } = eventsOf(name)
        const { drain } = yield* Processor
        // A quarter of them fails, and half of them may.
        yield* serve(failing(name, Happened, { failureMinAttempts: 12 }, (n) => n % 4 === 3))
        yield* publishFor(Happened, "a", ...numbers(40))
        yield* until(countsOf(name), (counts) => counts?.received === 0)
        assert.deepInclude(yield* countsOf(name), { processed: 30, dead_letter: 10 })
        assert.isNull((yield* stateOf(name))?.pausedAt)
        yield* publishFor(Happened, "a", ...numbers(40).map(() => 3))
        yield* untilPaused(name)
        yield* drain
        // The twenty-first of them is one more than half of all.
        assert.match((yield* stateOf(name))?.pauseReason ?? "", /^31 of 61 attempts failed/)
        assert.deepInclude(yield* countsOf(name), { dead_letter: 31, received: 19 })
      })
    )

    it.effect("a batch handler that fails for all of a call is stopped as well", () =>
      Effect.gen(function* () {
        const name = `calls.${store}`
        const { Happened } = eventsOf(name)
        yield* serve(
          Subscriber.batch({
            consumer: Consumer.make(name, { maxAttempts: 1, maxFailureRate: 0, failureMinAttempts: 5, batchSize: 50 }),
            event: Happened,
            handler: () => Effect.fail("none of them")
          })
        )
        yield* publishFor(Happened, "a", ...numbers(60))
        yield* untilPaused(name)
        yield* Processor.use((processor) => processor.drain)
        const counts = yield* countsOf(name)
        assert.deepInclude(counts, { dead_letter: 5, received: 55 })
        assert.lengthOf(saidOf(name), 1)
      })
    )

    it.effect("what is handled with care after a crash counts as well", () =>
      Effect.gen(function* () {
        const name = `recovering.${store}`
        const { Happened } = eventsOf(name)
        yield* Effect.scoped(serve(failing(name, Happened, {}, () => true)))
        yield* publishFor(Happened, "a", ...numbers(30))
        yield* ReplicaStore.use((replicas) => replicas.startRecovery(name))
        yield* serve(failing(name, Happened, {}, () => true))
        yield* untilPaused(name)
        yield* Processor.use((processor) => processor.drain)
        assert.deepInclude(yield* countsOf(name), { dead_letter: 6, received: 24 })
      })
    )

    it.effect("nothing happens below the least number of attempts, nor without the option", () =>
      Effect.gen(function* () {
        const [few, free] = [`few.${store}`, `free.${store}`]
        const { Happened } = eventsOf(few)
        yield* serve(
          Subscriber.make({
            consumer: Consumer.make(few, { maxAttempts: 1, maxFailureRate: 0 }),
            event: Happened,
            handler: () => Effect.fail("no")
          }),
          Subscriber.make({
            consumer: Consumer.make(free, { maxAttempts: 1 }),
            event: Happened,
            handler: () => Effect.fail("no")
          })
        )
        yield* publishFor(Happened, "a", ...numbers(19))
        yield* until(countsOf(few), (counts) => counts?.dead_letter === 19)
        assert.isNull((yield* stateOf(few))?.pausedAt)
        yield* publishFor(Happened, "a", ...numbers(10))
        yield* untilPaused(few)
        yield* until(countsOf(free), (counts) => counts?.dead_letter === 29)
        assert.deepInclude(yield* countsOf(few), { dead_letter: 20, received: 9 })
        assert.isNull((yield* stateOf(free))?.pausedAt)
      })
    )

    it.effect("counting begins anew when it is resumed", () =>
      Effect.gen(function* () {
        const name = `anew.${store}`
        const { Happened } = eventsOf(name)
        yield* serve(failing(name, Happened, {}, () => true))
        const [stored] = yield* publishFor(Happened, "a", ...numbers(20)).pipe(Effect.map((all) => all.toReversed()))
        yield* untilPaused(name)
        yield* Processor.use((processor) => processor.drain)
        const waiting = yield* Effect.flip(
          Processor.use((processor) => processor.settled(stored?.id ?? "", { timeout: "10 millis" }))
        )
        assert.match(waiting.message, /paused since [^ ]+Z: 6 of 6 attempts failed within 60 s, /)
        const before = (yield* countsOf(name))?.dead_letter ?? 0
        yield* Processor.use((processor) => processor.resume(name))
        yield* untilPaused(name)
        yield* Processor.use((processor) => processor.drain)
        assert.isAtLeast((yield* countsOf(name))?.dead_letter ?? 0, before + 6)
        assert.lengthOf(saidOf(name), 2)
      })
    )

    it.effect("what is given back or skipped is no failure; what cannot be read is one", () =>
      Effect.gen(function* () {
        const [name, unreadable] = [`given.${store}`, `unreadable.${store}`]
        const { Happened } = eventsOf(name)
        yield* serve(
          Subscriber.make({
            consumer: Consumer.make(name, { maxFailureRate: 0, failureMinAttempts: 1 }),
            event: Happened,
            handler: ({ payload: { n } }) => (n % 2 === 0 ? Subscriber.snooze("1 hour") : Subscriber.skip("odd"))
          }),
          Subscriber.make({
            consumer: Consumer.make(unreadable, { maxFailureRate: 0, failureMinAttempts: 1 }),
            event: Happened,
            handler: () => Effect.void
          })
        )
        yield* publishFor(Happened, "a", ...numbers(10))
        yield* until(countsOf(name), (counts) => counts?.skipped === 5)
        assert.isNull((yield* stateOf(name))?.pausedAt)
        yield* Publisher.publishEvent({
          eventName: Happened.name,
          sourceModule: "tests",
          aggregateType: "Thing",
          aggregateId: "a",
          payload: { n: "one" }
        })
        yield* untilPaused(unreadable)
        assert.match((yield* stateOf(unreadable))?.pauseReason ?? "", /of \d+ attempts failed .*"n"|at n/)
      })
    )

    it.effect("options that mean nothing are refused", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf(`wrong.${store}`)
        const refused = (options: Consumer.Options) =>
          Effect.scoped(
            serve(
              Subscriber.make({
                consumer: Consumer.make("wrong", options),
                event: Happened,
                handler: () => Effect.void
              })
            )
          ).pipe(
            Effect.sandbox,
            Effect.flip,
            Effect.map((cause) => (Cause.squash(cause) as Error).message)
          )
        assert.strictEqual(
          yield* refused({ maxFailureRate: 50 }),
          'Option maxFailureRate of consumer "wrong" is 50, expected a number from 0 to below 1, as 0.5 for a half.'
        )
        assert.strictEqual(
          yield* refused({ failureMinAttempts: 5 }),
          'Option failureMinAttempts of consumer "wrong" is 5, expected to be given with maxFailureRate only.'
        )
        assert.strictEqual(
          yield* refused({ maxFailureRate: 0.5, failureWindow: "2 days" }),
          'Option failureWindow of consumer "wrong" is 2 days, expected a duration above zero, up to one day.'
        )
      })
    )
  })
})

one.live("each process counts by itself, and pauses for all of them; one says so", () =>
  Effect.gen(function* () {
    const schema = uniqueSchema()
    const { Happened } = eventsOf("everywhere")
    const settings = { settings: { ...unpolled, pollingIntervalMs: 100, idlePollingIntervalMs: 100 } }
    const consumer = (fails: () => boolean) =>
      failing("everywhere", Happened, { concurrency: 2, failureMinAttempts: 10, maxFailureRate: 0 }, fails)
    const process = Effect.fnUntraced(function* (fails: () => boolean) {
      const live = Integration.layer(settings).pipe(
        Layer.provideMerge(clientFor(schema)),
        Layer.provideMerge(listening)
      )
      const context = yield* Layer.build(live)
      yield* Effect.provideContext(serve(consumer(fails)), context)
      return context
    })
    yield* Layer.build(withSchema(schema).pipe(Layer.provide(clientFor(schema))))
    const a = yield* process(() => true)
    const b = yield* process(() => true)
    const inA = Effect.provideContext(a as Context.Context<Processor | Publisher>)
    const inB = Effect.provideContext(b as Context.Context<Processor | Publisher>)
    yield* inA(publishFor(Happened, "a", ...numbers(200)))
    yield* inB(untilPaused("everywhere"))
    // What was under way ends; then nobody goes on.
    yield* inA(Processor.use((processor) => processor.drain))
    yield* inB(Processor.use((processor) => processor.drain))
    const counts = yield* inA(countsOf("everywhere"))
    // Each has its own count: neither knows of the other's failures.
    assert.isAtLeast(counts?.dead_letter ?? 0, 10)
    assert.isAtMost(counts?.dead_letter ?? 0, 2 * (9 + 2) + 4)
    assert.lengthOf(saidOf("everywhere"), 1)
    // What each of them saw fail before it was resumed does not count any more.
    yield* inB(Processor.use((processor) => processor.resume("everywhere")))
    yield* inA(untilPaused("everywhere"))
    yield* inA(Processor.use((processor) => processor.drain))
    yield* inB(Processor.use((processor) => processor.drain))
    assert.isAtLeast((yield* inA(countsOf("everywhere")))?.dead_letter ?? 0, (counts?.dead_letter ?? 0) + 10)
    assert.lengthOf(saidOf("everywhere"), 2)
  }).pipe(Effect.scoped)
)

one("a window counts what has not left it", () => {
  const window = new FailureWindow()
  window.add(0, 60_000, 10, 5)
  window.add(999, 60_000, 1, 1)
  window.add(30_000, 60_000, 4, 0)
  assert.deepStrictEqual(window.counts, { attempts: 15, failures: 6 })
  assert.strictEqual(window.startedAt(31_000), 0)
  window.add(60_001, 60_000, 1, 1)
  assert.deepStrictEqual(window.counts, { attempts: 5, failures: 1 })
  window.forget(Number.POSITIVE_INFINITY)
  assert.deepStrictEqual(window.counts, { attempts: 0, failures: 0 })
})

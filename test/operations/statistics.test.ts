/** Figures of what was published and delivered, on every store alike. */
import { assert, describe, it, layer as withLayer } from "@effect/vitest"
import { Effect, Logger } from "effect"
import { SqlClient } from "effect/sql"
import { TestClock } from "effect/testing"
import {
  Consumer,
  DomainEvent,
  Integration,
  IntegrationMemory,
  Processor,
  Publisher,
  StatisticStore,
  Statistics,
  Subscriber,
  Transactor
} from "../../src/index.ts"
import { quantile, type StatisticsError } from "../../src/operations/Statistics.ts"
import { distributionBounds } from "../../src/stores/StatisticStore.ts"
import { postgres, runtimes } from "../support/databases.ts"
import { eventsOf, serve, services, unpolled, until } from "../support/scenario.ts"

const minute = 60_000

const lastHour = () => ({ from: new Date(Date.now() - 60 * minute), to: new Date(Date.now() + minute) })

const total = (counts: ReadonlyArray<number> = []) => counts.reduce((sum, count) => sum + count, 0)

/** What an event came to, in the last hour: nulls are what was published. */
const flowsOf = (eventName: string) =>
  Effect.map(
    Statistics.use((statistics) => statistics.flows(lastHour())),
    (flows) =>
      flows
        .filter((flow) => flow.eventName === eventName)
        .map(({ consumer, gaveUp, processed, published, retried, skipped }) => [
          consumer,
          { published, processed, retried, skipped, gaveUp }
        ])
  )

const none = { published: 0, processed: 0, retried: 0, skipped: 0, gaveUp: 0 }

const publishedOf = (eventName: string) =>
  Effect.map(
    Statistics.use((statistics) => statistics.series({ ...lastHour(), eventName })),
    (points) => total(points.map(({ published }) => published))
  )

describe.each(runtimes)("on $name", ({ layer }) => {
  withLayer(layer({ settings: { ...unpolled, retryBaseDelayMs: 100 } }), {
    excludeTestServices: true,
    timeout: "60 seconds"
  })("statistics", (it) => {
    it.effect("what is published, and what became of it at each consumer, is counted at once for who counted it", () =>
      Effect.gen(function* () {
        const { Happened, happenings } = eventsOf("counted")
        yield* serve(
          Subscriber.make({ consumer: "counted.plain", event: Happened, handler: () => Effect.sleep("2 millis") }),
          Subscriber.make({
            consumer: Consumer.make("counted.mixed", { maxAttempts: 2 }),
            event: Happened,
            handler: ({ payload: { n } }): Effect.Effect<void, unknown> => {
              if (n === 0) return Subscriber.skip("not for us")
              return n === 1 ? Effect.fail("never") : Effect.void
            }
          })
        )
        const processor = yield* Processor
        for (const { id } of yield* Publisher.publishAll(happenings(5))) yield* processor.settled(id)
        const flows = yield* until(flowsOf(Happened.name), (found) => found.length === 3)
        assert.deepStrictEqual(flows, [
          [null, { ...none, published: 5 }],
          ["counted.mixed", { ...none, processed: 3, retried: 1, skipped: 1, gaveUp: 1 }],
          ["counted.plain", { ...none, processed: 5 }]
        ])
        const statistics = yield* Statistics
        const rates = yield* statistics.consumers(lastHour())
        const mixed = rates.find(({ consumer }) => consumer === "counted.mixed")
        assert.strictEqual(total(mixed?.points.map(({ processed }) => processed)), 3)
        const plain = rates.find(({ consumer }) => consumer === "counted.plain")
        assert.isAtLeast(total(plain?.duration.counts), 5)
        assert.isAtLeast(total(plain?.lag.counts), 5)
        assert.isAtLeast(plain?.duration.sum ?? 0, 0.005)
        assert.isAbove(Statistics.quantile(plain?.duration ?? { bounds: [], counts: [], sum: 0 }, 0.5), 0.001)
        const [point] = yield* statistics.series({ ...lastHour(), eventName: Happened.name, step: "1 hour" })
        assert.strictEqual((point?.at.getTime() ?? 1) % (60 * minute), 0)
      })
    )

    it.effect("what a transaction rolls back was neither published nor processed", () =>
      Effect.gen(function* () {
        const { Followed, Happened } = eventsOf("undone")
        const transactor = yield* Transactor
        const attempts: Array<number> = []
        yield* serve(
          Subscriber.make({
            consumer: Consumer.make("undone.consumer", { maxAttempts: 2 }),
            event: Happened,
            handler: ({ payload: { n } }) =>
              Effect.andThen(
                Publisher.publish(Followed, { n }),
                Effect.suspend(() => (attempts.push(n) === 1 ? Effect.fail("undone") : Effect.void))
              )
          })
        )
        yield* Effect.ignore(
          transactor.withTransaction(Effect.andThen(Publisher.publish(Happened, { n: 1 }), Effect.fail("undone")))
        )
        assert.strictEqual(yield* publishedOf(Happened.name), 0)
        const { id } = yield* transactor.withTransaction(Publisher.publish(Happened, { n: 2 }))
        yield* Processor.use((processor) => processor.settled(id))
        yield* until(publishedOf(Followed.name), (count) => count === 1)
        assert.deepStrictEqual(yield* flowsOf(Happened.name), [
          [null, { ...none, published: 1 }],
          ["undone.consumer", { ...none, processed: 1, retried: 1 }]
        ])
      })
    )

    it.effect(
      "a key is published once, a message imported once, and a leased handler's events once it is settled",
      () =>
        Effect.gen(function* () {
          const { Followed, Happened } = eventsOf("once")
          yield* serve(
            Subscriber.make({
              consumer: Consumer.make("once.leased", { mode: "leased" }),
              event: Happened,
              handler: ({ payload: { n } }) => Publisher.publish(Followed, { n })
            })
          )
          const { id } = yield* Publisher.publish(Happened, { n: 1 }, { dedupeKey: "one" })
          yield* Publisher.publish(Happened, { n: 1 }, { dedupeKey: "one" })
          yield* Processor.use((processor) => processor.settled(id))
          yield* until(publishedOf(Followed.name), (count) => count === 1)
          assert.strictEqual(yield* publishedOf(Happened.name), 1)
        })
    )

    it.effect("what is asked for wrongly is refused", () =>
      Effect.gen(function* () {
        const { consumers, series } = yield* Statistics
        const span = lastHour()
        const asked: ReadonlyArray<Effect.Effect<unknown, StatisticsError>> = [
          series({ from: span.to, to: span.from }),
          series({ ...span, from: new Date(Number.NaN) }),
          series({ ...span, step: "10 seconds" }),
          series({ ...span, from: new Date(0), step: "minute" }),
          series({ ...span, consumers: "a" } as never),
          consumers({ ...span, step: -1 })
        ]
        const refusals = yield* Effect.forEach(asked, (each) => Effect.flip(each))
        assert.deepStrictEqual(
          refusals.map(({ _tag }) => _tag),
          ["InvalidOption", "InvalidOption", "InvalidOption", "InvalidOption", "UnsupportedOption", "InvalidOption"]
        )
      })
    )
  })

  it.live("nothing is counted where it is switched off", () =>
    Effect.gen(function* () {
      const { Happened } = eventsOf("uncounted")
      yield* serve(Subscriber.make({ consumer: "uncounted", event: Happened, handler: () => Effect.void }))
      const { id } = yield* Publisher.publish(Happened, { n: 1 })
      yield* Processor.use((processor) => processor.settled(id))
      assert.deepStrictEqual(yield* flowsOf(Happened.name), [])
    }).pipe(Effect.scoped, Effect.provide(layer({ statistics: false })))
  )
})

const counting = Effect.map(StatisticStore, (store) => {
  const calls = { add: 0, gauge: 0, fold: 0 }
  const { add, fold, gauge } = store
  Object.assign(store, {
    add: (rows: Parameters<typeof add>[0]) => {
      calls.add++
      return add(rows)
    },
    gauge: (gap: number) => {
      calls.gauge++
      return gauge(gap)
    },
    fold: (limit: number) => {
      calls.fold++
      return fold(limit)
    }
  })
  return calls
})

describe("in memory, under TestClock", () => {
  const { Happened } = eventsOf("virtual")

  it.effect("figures are written ten seconds after something happened, in their minute, and nothing in silence", () =>
    Effect.gen(function* () {
      const store = yield* StatisticStore
      const calls = yield* counting
      yield* serve(Subscriber.make({ consumer: "virtual", event: Happened, handler: () => Effect.void }))
      yield* TestClock.adjust("90 seconds")
      // Something may have waited since before the start, so that was looked at.
      assert.deepStrictEqual(calls, { add: 0, gauge: 1, fold: 0 })
      yield* TestClock.adjust("1 hour")
      assert.deepStrictEqual(calls, { add: 0, gauge: 1, fold: 0 })
      const { id } = yield* Publisher.publish(Happened, { n: 1 })
      yield* Processor.use((processor) => processor.settled(id))
      yield* TestClock.adjust("9 seconds")
      assert.strictEqual(calls.add, 0)
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(calls, { add: 1, gauge: 2, fold: 1 })
      yield* TestClock.adjust("3 hours")
      assert.deepStrictEqual(calls, { add: 1, gauge: 2, fold: 1 })
      const span = { from: new Date(0), to: new Date(24 * 60 * minute), stepMillis: minute }
      const points = yield* store.series(span)
      assert.deepStrictEqual(
        points.map(({ at, processed, published }) => [at.getTime(), published, processed]),
        [[61 * minute, 1, 1]]
      )
    }).pipe(Effect.scoped, Effect.provide(IntegrationMemory))
  )

  it.effect("what there is to do is counted each minute until there is nothing, a last time", () =>
    Effect.gen(function* () {
      const { gaugeSeries, gauges } = yield* Statistics
      const calls = yield* counting
      let isReady = false
      yield* serve(
        Subscriber.make({
          consumer: Consumer.make("virtual.waits", { retryBaseDelay: "5 minutes", retryMaxDelay: "5 minutes" }),
          event: Happened,
          handler: () => Effect.suspend(() => (isReady ? Effect.void : Effect.fail("not yet")))
        })
      )
      yield* Publisher.publish(Happened, { n: 1 })
      yield* TestClock.adjust("4 minutes")
      assert.deepStrictEqual(
        (yield* gauges).map(({ consumer, oldestAt, open, retrying }) => ({ consumer, oldestAt, open, retrying })),
        [{ consumer: "virtual.waits", open: 0, retrying: 1, oldestAt: null }]
      )
      isReady = true
      yield* TestClock.adjust("10 minutes")
      const seen = calls.gauge
      yield* TestClock.adjust("10 hours")
      assert.strictEqual(calls.gauge, seen)
      const series = yield* gaugeSeries({ from: new Date(0), to: new Date(24 * 60 * minute) })
      assert.isAtLeast(series.length, 5)
      assert.deepStrictEqual(
        series.map(({ open, retrying }) => open + retrying),
        series.map((_, index) => (index === series.length - 1 ? 0 : 1))
      )
    }).pipe(Effect.scoped, Effect.provide(IntegrationMemory))
  )

  it.effect("two integrations of a process count apart", () =>
    Effect.gen(function* () {
      const publish = (count: number) =>
        Effect.andThen(
          Publisher.publishAll(Array.from({ length: count }, (_, n) => DomainEvent.publication(Happened, { n }))),
          Statistics.use((statistics) => statistics.flows({ from: new Date(0), to: new Date(minute) }))
        )
      const [one, two] = [Integration.layerMemory(), Integration.layerMemory()]
      const both = yield* Effect.all([Effect.provide(publish(2), one), Effect.provide(publish(3), two)], {
        concurrency: 2
      })
      assert.deepStrictEqual(
        both.map(([flow]) => flow?.published),
        [2, 3]
      )
    })
  )
})

describe("on PostgreSQL", () => {
  it.live("what was counted is written when a process ends", () =>
    Effect.gen(function* () {
      const { Happened } = eventsOf("ends")
      yield* Effect.gen(function* () {
        yield* serve(Subscriber.make({ consumer: "ends", event: Happened, handler: () => Effect.void }))
        const { id } = yield* Publisher.publish(Happened, { n: 1 })
        yield* Processor.use((processor) => processor.settled(id))
      }).pipe(Effect.scoped, Effect.provide(Integration.layer({ settings: unpolled })))
      const sql = yield* SqlClient.SqlClient
      const rows =
        yield* sql`SELECT consumer_name AS "consumer", published::int AS "published", processed::int AS "processed"
        FROM integration_statistic ORDER BY 1`
      assert.deepStrictEqual(rows, [
        { consumer: "", published: 1, processed: 0 },
        { consumer: "ends", published: 0, processed: 1 }
      ])
    }).pipe(Effect.provide(postgres()))
  )

  it.live("what cannot be written is kept, and said once", () => {
    const said: Array<string> = []
    const logger = Logger.make(({ message }) => {
      said.push(String(Array.isArray(message) ? message[0] : message))
    })
    return Effect.gen(function* () {
      const { Happened } = eventsOf("kept")
      const sql = yield* SqlClient.SqlClient
      const statistics = yield* Statistics
      yield* sql`ALTER TABLE integration_statistic RENAME TO elsewhere`
      for (const n of [1, 2]) {
        yield* Publisher.publish(Happened, { n })
        yield* Effect.flip(statistics.flows(lastHour()))
      }
      assert.lengthOf(
        said.filter((text) => text.startsWith("Statistics could not be written")),
        1
      )
      yield* sql`ALTER TABLE elsewhere RENAME TO integration_statistic`
      assert.strictEqual(yield* publishedOf(Happened.name), 2)
      assert.strictEqual(yield* publishedOf(Happened.name), 2)
    }).pipe(Effect.provide(services(postgres())), Effect.provide(Logger.layer([logger])))
  })

  it.live("with many events and deliveries, stats tell what is finished from statistics, and how far they go", () =>
    Effect.gen(function* () {
      const { Happened, happenings } = eventsOf("many")
      const processor = yield* Processor
      const sql = yield* SqlClient.SqlClient
      yield* serve(
        Subscriber.make({
          consumer: Consumer.make("many", { maxAttempts: 1 }),
          event: Happened,
          handler: ({ payload: { n } }) => (n === 0 ? Effect.fail("never") : Effect.void)
        })
      )
      for (const { id } of yield* Publisher.publishAll(happenings(10))) yield* processor.settled(id)
      const before = yield* processor.stats
      assert.deepInclude(before.finished, { isExact: true, since: null })
      assert.deepInclude(before.events, { processed: 9, dead_letter: 1 })
      yield* sql`INSERT INTO integration_event (event_name, source_module, aggregate_type, aggregate_id, payload, routed_at)
        SELECT 'many.old', 'tests', 'Thing', '1', '{}', clock_timestamp() FROM generate_series(1, 100000)`
      yield* processor.pause("many")
      yield* Publisher.publish(Happened, { n: 1 })
      const { deliveries, events, finished, outstanding, total: all } = yield* processor.stats
      assert.isFalse(finished.isExact)
      assert.isNotNull(finished.since)
      assert.isAtMost(finished.asOf.getTime(), Date.now() - 9000)
      assert.deepStrictEqual(deliveries.many, {
        ...{ received: 1, processing: 0, retrying: 0, parked: 0, failed: 0, skipped: 0 },
        processed: 9,
        dead_letter: 1
      })
      assert.deepStrictEqual(events, { pending: 1, processing: 0, processed: 9, failed: 0, dead_letter: 1 })
      assert.deepStrictEqual([all, outstanding.open], [11, 1])
    }).pipe(Effect.scoped, Effect.provide(services(postgres())))
  )
})

it("a quantile is where the bounds say, and evenly within them", () => {
  const counts = distributionBounds.map((bound) => (bound === 0.01 ? 50 : bound === 0.1 ? 50 : 0))
  const distribution = { bounds: distributionBounds, counts: [...counts, 0], sum: 3 }
  assert.strictEqual(quantile(distribution, 0.5), 0.01)
  assert.closeTo(quantile(distribution, 0.25), 0.0075, 1e-9)
  assert.strictEqual(quantile(distribution, 1), 0.1)
  assert.strictEqual(quantile({ ...distribution, counts: [...counts, 1000] }, 0.99), 3600)
  assert.strictEqual(quantile({ ...distribution, counts: [] }, 0.99), 0)
})

/** What is counted of publishing, handling and waiting, as effect's exporters tell it. */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Metric } from "effect"
import { FetchHttpClient } from "effect/http"
import { OtlpMetrics, OtlpSerialization, PrometheusMetrics } from "effect/observability"
import { SqlClient } from "effect/sql"
import {
  Consumer,
  InboxStore,
  Integration,
  Lineage,
  Processor,
  Publisher,
  Subscriber,
  Telemetry
} from "../../src/index.ts"
import * as PgLite from "../../src/pglite/PgLite.ts"
import { metersIn } from "../../src/telemetry/meters.ts"
import { runtimes } from "../support/databases.ts"
import { eventsOf, serve, services, unpolled, until } from "../support/scenario.ts"

/** A registry of the test's own: others of the process count elsewhere. */
const ownRegistry = Layer.sync(Metric.MetricRegistry, () => new Map())

interface Series {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly value: number
}

/** What Prometheus reads, line by line. */
const scrape = Effect.map(
  PrometheusMetrics.format({ metricNameMapper: Telemetry.prometheusName }),
  (text): ReadonlyArray<Series> =>
    text
      .split("\n")
      .filter((line) => line !== "" && !line.startsWith("#"))
      .map((line) => {
        const [, name = "", labels = "", value = ""] = /^(\w+)(?:\{(.*)\})? (.+)$/.exec(line) ?? []
        const pairs = [...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key = "", text = ""]) => [key, text])
        return { name, labels: Object.fromEntries(pairs), value: Number(value) }
      })
)

const find = (series: ReadonlyArray<Series>, name: string, labels: Record<string, string> = {}) =>
  series.filter(
    (each) => each.name === name && Object.entries(labels).every(([key, value]) => each.labels[key] === value)
  )

const valueOf = (series: ReadonlyArray<Series>, name: string, labels: Record<string, string> = {}) =>
  find(series, name, labels).reduce((sum, { value }) => sum + value, 0)

const consumerIs = (name: string) => ({ messaging_consumer_group_name: name })

describe.each(runtimes)("$name", ({ layer }) => {
  const live = <E, R>(name: string, test: Effect.Effect<void, E, R>) =>
    it.live(name, () =>
      Effect.provide(
        test.pipe(Effect.scoped) as Effect.Effect<void, E, never>,
        layer({ settings: { ...unpolled, retryBaseDelayMs: 3_600_000 } }).pipe(Layer.provideMerge(ownRegistry))
      )
    )

  live(
    "how attempts end is counted once it is committed, from zero on",
    Effect.gen(function* () {
      const { Followed, Happened } = eventsOf("counted")
      let fails = true
      yield* serve(
        Subscriber.make({
          consumer: Consumer.make("counted.a", { maxAttempts: 1 }),
          event: Happened,
          handler: Effect.fn("attempt")(function* ({ payload: { n } }) {
            // The error that is wrapped is what it is counted by.
            if (n === 1) return yield* Subscriber.fatal(new RangeError("no"))
            if (n === 2) return yield* Subscriber.skip("not ours")
          })
        }),
        Subscriber.make({
          consumer: Consumer.make("counted.b", { maxAttempts: 3 }),
          event: Happened,
          handler: ({ payload: { n } }) => (fails && n === 0 ? Effect.fail(new TypeError("later")) : Effect.void)
        })
      )
      for (const n of [0, 1, 2]) yield* Publisher.publish(Happened, { n })
      yield* Publisher.publish(Followed, { n: 1 })
      yield* Processor.use((processor) => processor.drain)
      fails = false
      const found = yield* scrape
      const settled = (consumer: string) =>
        Object.fromEntries(
          find(found, "effect_integration_delivery_settled_total", consumerIs(consumer)).map(({ labels, value }) => [
            labels.effect_integration_outcome,
            value
          ])
        )
      assert.deepStrictEqual(settled("counted.a"), {
        processed: 1,
        retried: 0,
        skipped: 1,
        snoozed: 0,
        failed: 0,
        dead_letter: 1
      })
      assert.deepStrictEqual(settled("counted.b"), {
        processed: 2,
        retried: 1,
        skipped: 0,
        snoozed: 0,
        failed: 0,
        dead_letter: 0
      })
      assert.strictEqual(valueOf(found, "messaging_client_sent_messages_total"), 4)
      assert.strictEqual(
        valueOf(found, "effect_integration_events_unheard_total", { messaging_destination_name: Followed.name }),
        1
      )
      // Repeated alone after it failed in company, or not.
      assert.isAtLeast(valueOf(found, "messaging_client_consumed_messages_total", consumerIs("counted.a")), 3)
      assert.isAtLeast(
        valueOf(found, "messaging_process_duration_seconds_count", {
          ...consumerIs("counted.a"),
          error_type: "RangeError"
        }),
        1
      )
      assert.strictEqual(valueOf(found, "effect_integration_delivery_age_seconds_count", consumerIs("counted.b")), 2)
      assert.isAtLeast(valueOf(found, "effect_integration_delivery_lag_seconds_count", consumerIs("counted.b")), 3)
      const late = valueOf(found, "effect_integration_delivery_lag_seconds_sum", consumerIs("counted.b"))
      assert.isAbove(late, 0)
      assert.isBelow(late, 60)
      assert.isAtLeast(valueOf(found, "effect_integration_batch_size_sum", consumerIs("counted.a")), 3)
      for (const name of ["publish", "claim", "settle"]) {
        const count = "messaging_client_operation_duration_seconds_count"
        assert.isAtLeast(valueOf(found, count, { messaging_operation_name: name }), 1, name)
      }
    })
  )

  live(
    "what waits is read when somebody asks, and not more than every ten seconds",
    Effect.gen(function* () {
      const { Happened } = eventsOf("waiting")
      const inbox = yield* InboxStore
      yield* serve(
        Subscriber.make({
          consumer: Consumer.make("waiting.a", { maxAttempts: 2 }),
          event: Happened,
          handler: ({ payload: { n } }) => (n === 0 ? Effect.fail(new Error("later")) : Effect.void)
        })
      )
      yield* Publisher.publish(Happened, { n: 0 })
      yield* Processor.use((processor) => processor.drain)
      const processor = yield* Processor
      yield* processor.pause("waiting.a")
      yield* Publisher.publish(Happened, { n: 1 })
      yield* Publisher.publish(Happened, { n: 2 }, { delay: "1 hour" })
      assert.isEmpty(find(yield* scrape, "effect_integration_consumer_open"))
      const found = yield* until(scrape, (series) => find(series, "effect_integration_consumer_open").length > 0)
      const open = Object.fromEntries(
        find(found, "effect_integration_consumer_open").map(({ labels, value }) => [
          labels.effect_integration_state,
          value
        ])
      )
      assert.deepStrictEqual(open, { ready: 1, delayed: 1, retrying: 1, leased: 0, parked: 0 })
      assert.strictEqual(valueOf(found, "effect_integration_consumer_paused"), 1)
      assert.strictEqual(valueOf(found, "effect_integration_consumer_dead_letters"), 0)
      assert.strictEqual(valueOf(found, "effect_integration_subscriptions_unserved"), 0)
      const [depth] = (yield* inbox.depths(["waiting.a", "waiting.nobody"])).consumers
      assert.isAtLeast(depth?.oldestMillis ?? -1, 0)
      // Asked again at once, it is what it was.
      yield* Publisher.publish(Happened, { n: 3 })
      yield* scrape
      yield* Effect.sleep("300 millis")
      assert.strictEqual(
        valueOf(yield* scrape, "effect_integration_consumer_open", { effect_integration_state: "ready" }),
        1
      )
    })
  )

  live(
    "names that are subscribed to are counted from zero on, so that the first one shows",
    Effect.gen(function* () {
      const { Happened } = eventsOf("zero")
      yield* serve(Subscriber.make({ consumer: "zero.a", event: Happened, handler: () => Effect.void }))
      const dead = {
        ...consumerIs("zero.a"),
        effect_integration_event: Happened.name,
        effect_integration_outcome: "dead_letter"
      }
      const found = yield* until(
        scrape,
        (series) => find(series, "effect_integration_delivery_settled_total", dead).length > 0
      )
      assert.deepStrictEqual(
        find(found, "effect_integration_delivery_settled_total", dead).map(({ value }) => value),
        [0]
      )
    })
  )

  live(
    "a consumer whose handler asked for a pause is held, not stuck",
    Effect.gen(function* () {
      const { Happened } = eventsOf("cooled")
      yield* serve(
        Subscriber.make({ consumer: "cooled.a", event: Happened, handler: () => Subscriber.cool("1 hour") }),
        Subscriber.make({ consumer: "cooled.b", event: Happened, handler: () => Effect.void })
      )
      yield* Publisher.publish(Happened, { n: 1 })
      yield* Processor.use((processor) => processor.drain)
      const found = yield* until(scrape, (series) => find(series, "effect_integration_consumer_held").length > 0)
      assert.strictEqual(valueOf(found, "effect_integration_consumer_held", consumerIs("cooled.a")), 1)
      assert.strictEqual(valueOf(found, "effect_integration_consumer_held", consumerIs("cooled.b")), 0)
      assert.strictEqual(valueOf(found, "effect_integration_gauges_readable"), 1)
    })
  )

  live(
    "transactions of leased consumers are counted like others",
    Effect.gen(function* () {
      const { Happened } = eventsOf("leased")
      const consumer = Consumer.make("leased.a", { mode: "leased" })
      yield* serve(Subscriber.make({ consumer, event: Happened, handler: () => Effect.void }))
      yield* Publisher.publish(Happened, { n: 1 })
      yield* Processor.use((processor) => processor.drain)
      const found = yield* scrape
      assert.strictEqual(valueOf(found, "effect_integration_batch_size_count", consumerIs("leased.a")), 1)
      assert.isAtLeast(valueOf(found, "effect_integration_permit_wait_seconds_count"), 1)
    })
  )

  live(
    "what could not be published is counted by its error, and traces that are none",
    Effect.gen(function* () {
      const { Happened } = eventsOf("refused")
      yield* Effect.flip(Publisher.publish(Happened, { n: 1 }, { metadata: { text: "\u0000" } }))
      for (const n of [1, 2, 3]) {
        const event = {
          eventName: `${n}${"x".repeat(5000)}`,
          sourceModule: "a",
          aggregateType: "b",
          aggregateId: "1",
          payload: {}
        }
        yield* Effect.flip(Publisher.use((publisher) => publisher.publishEvent(event)))
      }
      yield* Lineage.within({ traceparent: "not one" })(Publisher.publish(Happened, { n: 1 }))
      yield* Publisher.import({
        ...{ source: "shop", messageId: "1", eventName: "refused.made", sourceModule: "shop", aggregateType: "Order" },
        ...{ aggregateId: "1", payload: {}, traceparent: "00-0-0-0" }
      })
      const found = yield* scrape
      assert.strictEqual(
        valueOf(found, "messaging_client_sent_messages_total", { error_type: "EventEncodingError" }),
        1
      )
      assert.strictEqual(valueOf(found, "effect_integration_traceparents_malformed_total"), 2)
      const other = { error_type: "InvalidIdentifier", messaging_destination_name: "other" }
      assert.strictEqual(valueOf(found, "messaging_client_sent_messages_total", other), 3)
    })
  )
})

it.live("kinds of errors are cut, and told apart up to fifty", () =>
  Effect.gen(function* () {
    const meters = metersIn(yield* Effect.context<never>())
    const { failed } = meters.consumer("many").event("kinds")
    for (let n = 0; n < 60; n++) failed(`${n}${"x".repeat(200)}`).record(1)
    const found = find(yield* scrape, "messaging_process_duration_seconds_count")
    const types = found.flatMap(({ labels: { error_type } }) => (error_type === undefined ? [] : [error_type]))
    assert.lengthOf(types, 51)
    assert.isAtMost(Math.max(...types.map(({ length }) => length)), 100)
    assert.strictEqual(found.find(({ labels }) => labels.error_type === "other")?.value, 10)
  }).pipe(Effect.provide(ownRegistry))
)

it.live("of several integrations of a process the one that has more is told, until it is closed", () =>
  Effect.gen(function* () {
    const { Happened } = eventsOf("several")
    const holding = (count: number) =>
      Effect.gen(function* () {
        const context = yield* Layer.build(Layer.fresh(Integration.layerMemory({ settings: unpolled })))
        yield* Effect.gen(function* () {
          yield* serve(Subscriber.make({ consumer: "several.a", event: Happened, handler: () => Effect.void }))
          yield* Processor.use((processor) => processor.pause("several.a"))
          for (let n = 0; n < count; n++) yield* Publisher.publish(Happened, { n })
        }).pipe(Effect.provideContext(context))
      })
    const ready = (series: ReadonlyArray<Series>) =>
      find(series, "effect_integration_consumer_open", { effect_integration_state: "ready" }).map(({ value }) => value)
    yield* Effect.scoped(
      Effect.gen(function* () {
        yield* holding(2)
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* holding(5)
            yield* until(scrape, (series) => ready(series).includes(5))
          })
        )
        assert.deepStrictEqual(ready(yield* scrape), [2])
      })
    )
    assert.isEmpty(find(yield* scrape, "effect_integration_gauges_readable"))
  }).pipe(Effect.provide(ownRegistry))
)

it.live("figures that cannot be read are gone, and said to be", () =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* sql`ALTER TABLE integration_subscription RENAME TO elsewhere`
    yield* scrape
    yield* Effect.sleep("300 millis")
    const found = yield* scrape
    assert.deepStrictEqual(
      find(found, "effect_integration_gauges_readable").map(({ value }) => value),
      [0]
    )
    assert.isEmpty(find(found, "effect_integration_subscriptions_unserved"))
    yield* sql`ALTER TABLE elsewhere RENAME TO integration_subscription`
  }).pipe(Effect.provide(services(PgLite.layerMemory, { settings: unpolled }).pipe(Layer.provideMerge(ownRegistry))))
)

describe("names", () => {
  it("are those of a collector, and others' are left as they are", () => {
    assert.strictEqual(Telemetry.prometheusName("messaging.process.duration"), "messaging_process_duration_seconds")
    assert.strictEqual(Telemetry.prometheusName("effect_integration.polls"), "effect_integration_polls_total")
    assert.strictEqual(Telemetry.prometheusName("http.requests"), "http.requests")
    assert.lengthOf(
      new Set(Telemetry.metrics.map(({ name }) => Telemetry.prometheusName(name))),
      Telemetry.metrics.length
    )
  })
})

it.live("are sent by OTLP with their units", () =>
  Effect.gen(function* () {
    const received: Array<{ readonly name: string; readonly unit: string }> = []
    const collector = createServer(async (request, response) => {
      const chunks: Array<Buffer> = []
      for await (const chunk of request) chunks.push(chunk)
      const { resourceMetrics } = JSON.parse(Buffer.concat(chunks).toString())
      for (const { scopeMetrics } of resourceMetrics) for (const { metrics } of scopeMetrics) received.push(...metrics)
      response.end("{}")
    })
    yield* Effect.acquireRelease(
      Effect.promise(() => new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve))),
      () => Effect.sync(() => collector.close())
    )
    const url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}/v1/metrics`
    const exporter = OtlpMetrics.layer({ url, resource: { serviceName: "test" } }).pipe(
      Layer.provide(OtlpSerialization.layerJson),
      Layer.provide(FetchHttpClient.layer)
    )
    const memory = runtimes.find(({ name }) => name === "memory")
    assert.isDefined(memory)
    if (memory === undefined) return
    const { Happened } = eventsOf("sent")
    // What is left is sent when the layer closes.
    yield* Publisher.publish(Happened, { n: 1 }).pipe(
      Effect.provide(
        memory.layer({ settings: unpolled }).pipe(Layer.provideMerge(exporter), Layer.provideMerge(ownRegistry))
      )
    )
    const sent = new Map(received.map(({ name, unit }) => [name, unit]))
    assert.strictEqual(sent.get("messaging.client.sent.messages"), "{message}")
    assert.strictEqual(sent.get("messaging.client.operation.duration"), "s")
  }).pipe(Effect.scoped)
)

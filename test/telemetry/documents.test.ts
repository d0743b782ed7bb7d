/** Documents about metrics say what there is: the table of docs/telemetry.md, and the alert rules. */
import { readFileSync } from "node:fs"
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Metric } from "effect"
import { PrometheusMetrics } from "effect/observability"
import { Integration, Processor, Publisher, Subscriber, Telemetry } from "../../src/index.ts"
import { postgres } from "../support/databases.ts"
import { eventsOf, serve, unpolled, until } from "../support/scenario.ts"

const read = (path: string) => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8")

it("the table of docs/telemetry.md", () => {
  const rows = Telemetry.metrics.map(({ description, kind, labels, name, unit }) => {
    const listed = labels.map((label) => `\`${label}\``).join(", ")
    return `| \`${name}\` | ${kind} | \`${unit}\` | ${listed} | ${description} |`
  })
  const page = read("docs/telemetry.md")
  for (const row of rows) assert.include(page, row)
  assert.strictEqual(
    page.match(/^\| `(?:messaging|effect_integration)\.[\w.]+` \| (?:counter|gauge|histogram) /gm)?.length,
    rows.length
  )
})

const rules = read("docs/alerts.yaml")

/** Names of metrics and labels that the rules' expressions have. */
const named = [...rules.matchAll(/expr: (?:>-\n((?: {10}.*\n)+)|(.*)\n)/g)].flatMap(([, long, short]) =>
  [...(long ?? short ?? "").matchAll(/\b(?:effect_integration|messaging)_\w+/g)].map(([name]) => name)
)

it.live("the alert rules name what an endpoint serves", () =>
  Effect.gen(function* () {
    const { Happened } = eventsOf("alerted")
    yield* serve(Subscriber.make({ consumer: "alerted", event: Happened, handler: () => Effect.void }))
    yield* Publisher.publish(Happened, { n: 1 })
    yield* Processor.use((processor) => processor.drain)
    const scrape = PrometheusMetrics.format({ metricNameMapper: Telemetry.prometheusName })
    const served = yield* until(scrape, (text) => text.includes("effect_integration_consumer_open"))
    assert.isAtLeast(named.length, 15)
    for (const name of new Set(named)) assert.match(served, new RegExp(`\\b${name}[{= ]`), name)
    for (const { kind, name } of Telemetry.metrics) {
      // Nothing failed here, and nothing was rolled back.
      if (name === "effect_integration.batch.rollbacks") continue
      assert.match(served, new RegExp(`^# TYPE ${Telemetry.prometheusName(name)} ${kind}$`, "m"))
    }
  }).pipe(
    Effect.scoped,
    Effect.provide(
      Integration.layer({ settings: unpolled }).pipe(
        Layer.provideMerge(postgres()),
        Layer.provideMerge(Layer.sync(Metric.MetricRegistry, () => new Map()))
      )
    )
  )
)

it("each rule says what it is about", () => {
  const count = (pattern: RegExp) => rules.match(pattern)?.length
  const alerts = count(/^ {6}- alert: \w+$/gm)
  assert.isAtLeast(alerts ?? 0, 10)
  for (const part of [/^ {8}expr: /gm, /^ {8}labels: \{ severity: (?:page|ticket|info) \}$/gm, /^ {10}summary: "/gm]) {
    assert.strictEqual(count(part), alerts)
  }
})

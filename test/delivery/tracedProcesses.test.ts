/** Spans of two processes, as they reach a collector over HTTP. */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { start } from "../support/children.ts"
import { inSchema } from "../support/databases.ts"
import { until } from "../support/scenario.ts"

interface Exported {
  readonly service: string
  readonly name: string
  readonly kind: number
  readonly traceId: string
  readonly spanId: string
  readonly parentSpanId?: string
  readonly links: ReadonlyArray<{ readonly traceId: string; readonly spanId: string }>
  readonly attributes: Readonly<Record<string, unknown>>
}

type Attributes = ReadonlyArray<{ readonly key: string; readonly value: Readonly<Record<string, unknown>> }>

const toRecord = (attributes: Attributes) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]))

/** A server that takes what OTLP exporters send it. */
const collector = Effect.acquireRelease(
  Effect.promise(async () => {
    const spans: Array<Exported> = []
    const server = createServer(async (request, response) => {
      const chunks: Array<Buffer> = []
      for await (const chunk of request) chunks.push(chunk)
      for (const { resource, scopeSpans } of JSON.parse(Buffer.concat(chunks).toString()).resourceSpans) {
        const service = toRecord(resource.attributes)["service.name"]
        for (const scope of scopeSpans) {
          for (const span of scope.spans) spans.push({ ...span, service, attributes: toRecord(span.attributes) })
        }
      }
      response.end("{}")
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    const { port } = server.address() as AddressInfo
    return { spans, url: `http://127.0.0.1:${port}/v1/traces`, close: () => server.close() }
  }),
  ({ close }) => Effect.sync(close)
)

/** Kinds of spans, in OTLP. */
const [producer, consumer] = [4, 5]

it.live("what one process publishes and another handles is linked across both, and nothing else is told", () =>
  inSchema(Effect.void, (env) =>
    Effect.gen(function* () {
      const { spans, url } = yield* collector
      const handling = yield* start("traced", { ...env, TEST_COLLECTOR: url, TEST_ROLE: "handle" })
      yield* handling.message("ready")
      const publishing = yield* start("traced", { ...env, TEST_COLLECTOR: url, TEST_ROLE: "publish" })
      yield* publishing.message("published")
      assert.strictEqual(yield* publishing.exit, 0)
      const of = (name: string) => spans.filter((span) => span.name === name)
      yield* until(
        Effect.sync(() => of("work").length + of("process children.counted").length),
        (count) => count === 2
      )
      const [request] = of("request")
      const [publish] = of("publish children.counted")
      const [process] = of("process children.counted")
      const [work] = of("work")
      assert.deepStrictEqual(
        [publish?.service, publish?.kind, publish?.traceId, publish?.parentSpanId],
        ["publish", producer, request?.traceId, request?.spanId]
      )
      assert.deepStrictEqual(
        [process?.service, process?.kind, process?.links.map(({ spanId, traceId }) => [traceId, spanId])],
        ["handle", consumer, [[publish?.traceId, publish?.spanId]]]
      )
      assert.notStrictEqual(process?.traceId, publish?.traceId)
      assert.deepStrictEqual([work?.traceId, work?.parentSpanId], [process?.traceId, process?.spanId])
      assert.deepStrictEqual(
        [
          process?.attributes["messaging.consumer.group.name"],
          process?.attributes["messaging.message.conversation_id"],
          process?.attributes["effect_integration.outcome"]
        ],
        ["traced", "request-1", "processed"]
      )
      const others = new Set(spans.map(({ name }) => name).filter((name) => !/^(Processor|Registry)\./.test(name)))
      assert.deepStrictEqual([...others].toSorted(), [
        "process children.counted",
        "publish children.counted",
        "request",
        "work"
      ])
    })
  )
)

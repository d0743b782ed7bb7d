/**
 * Traces over HTTP, as OpenTelemetry's collectors take them: the span that handles an event is linked to the one that published it.
 * The collector is a server of its own here; in an application it is at `OTEL_EXPORTER_OTLP_ENDPOINT`.
 */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { Effect, Layer, Logger, Schema } from "effect"
import { FetchHttpClient } from "effect/http"
import { OtlpSerialization, OtlpTracer } from "effect/observability"
import { DomainEvent, Integration, Processor, Publisher, Subscriber } from "../src/index.ts"
import * as PgLite from "../src/pglite/PgLite.ts"

interface Span {
  readonly name: string
  readonly traceId: string
  readonly spanId: string
  readonly links?: ReadonlyArray<{ readonly traceId: string; readonly spanId: string }>
}

const received: Array<Span> = []

const collector = createServer(async (request, response) => {
  const chunks: Array<Buffer> = []
  for await (const chunk of request) chunks.push(chunk)
  const { resourceSpans } = JSON.parse(Buffer.concat(chunks).toString())
  for (const { scopeSpans } of resourceSpans) for (const { spans } of scopeSpans) received.push(...spans)
  response.end("{}")
})
await new Promise<void>((resolve) => collector.listen(0, "127.0.0.1", resolve))
const { port } = collector.address() as AddressInfo

const InvoiceCreated = DomainEvent.define("invoice.created", {
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: (payload) => payload.invoiceId,
  payload: Schema.Struct({ invoiceId: Schema.String })
})

const createTask = Subscriber.make({
  consumer: "operations.tasks",
  event: InvoiceCreated,
  handler: () => Effect.void.pipe(Effect.withSpan("create task"))
})

const Traced = OtlpTracer.layer({
  url: `http://127.0.0.1:${port}/v1/traces`,
  resource: { serviceName: "invoices" }
}).pipe(Layer.provide(OtlpSerialization.layerJson), Layer.provide(FetchHttpClient.layer))

const Live = Subscriber.layer(createTask).pipe(
  Layer.provideMerge(Integration.layer()),
  Layer.provideMerge(PgLite.layerMemory),
  Layer.provideMerge(Traced),
  Layer.provideMerge(Logger.layer([]))
)

const program = Effect.gen(function* () {
  const event = yield* Publisher.publish(InvoiceCreated, { invoiceId: "INV-1" }).pipe(Effect.withSpan("POST /invoices"))
  yield* Processor.use((processor) => processor.settled(event.id))
})

// What is left is sent when the layers close.
await Effect.runPromise(program.pipe(Effect.provide(Live)))
collector.close()

const spanOf = (name: string) => received.find((span) => span.name === name)
const publish = spanOf("publish invoice.created")
const process = spanOf("process invoice.created")
console.log("published in the request:", publish?.traceId === spanOf("POST /invoices")?.traceId)
console.log(
  "linked:",
  process?.links?.some((link) => link.spanId === publish?.spanId)
)
console.log("the handler's own span is in it:", spanOf("create task")?.traceId === process?.traceId)

/* Output:
published in the request: true
linked: true
the handler's own span is in it: true
*/

/**
 * Metrics for Prometheus, over HTTP: what was published and settled, and what waits. Port 9464 is what OpenTelemetry's exporters listen on;
 * here it is whichever is free.
 */
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { Effect, Layer, Logger, Schema } from "effect"
import { PrometheusMetrics } from "effect/observability"
import { DomainEvent, Integration, Processor, Publisher, Subscriber, Telemetry } from "../src/index.ts"
import * as PgLite from "../src/pglite/PgLite.ts"

const InvoiceCreated = DomainEvent.define("invoice.created", {
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: (payload) => payload.invoiceId,
  payload: Schema.Struct({ invoiceId: Schema.String })
})

const createTask = Subscriber.make({
  consumer: "operations.tasks",
  event: InvoiceCreated,
  handler: () => Effect.void
})

const Live = Subscriber.layer(createTask).pipe(
  Layer.provideMerge(Integration.layer()),
  Layer.provideMerge(PgLite.layerMemory),
  Layer.provideMerge(Logger.layer([]))
)

const metrics = PrometheusMetrics.format({ metricNameMapper: Telemetry.prometheusName })

const serveMetrics = Effect.acquireRelease(
  Effect.promise(async () => {
    const server = createServer(async (_, response) => {
      response.setHeader("content-type", "text/plain; version=0.0.4")
      response.end(await Effect.runPromise(metrics))
    })
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
    return server
  }),
  (server) => Effect.sync(() => server.close())
)

const scrape = (port: number) =>
  Effect.promise(async () => (await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()).split("\n"))

const program = Effect.gen(function* () {
  const server = yield* serveMetrics
  const { port } = server.address() as AddressInfo
  for (const invoiceId of ["INV-1", "INV-2"]) {
    const event = yield* Publisher.publish(InvoiceCreated, { invoiceId })
    yield* Processor.use((processor) => processor.settled(event.id))
  }
  // The first look asks the database what waits; the next one shows it.
  yield* scrape(port)
  yield* Effect.sleep("500 millis")
  const lines = yield* scrape(port)
  for (const name of [
    "messaging_client_sent_messages_total",
    'effect_integration_delivery_settled_total{.*outcome="processed"',
    'effect_integration_consumer_open{.*state="ready"'
  ]) {
    console.log(lines.find((line) => new RegExp(`^${name}`).test(line)))
  }
})

await Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(Live)))

/* Output:
messaging_client_sent_messages_total{messaging_destination_name="invoice.created"} 2
effect_integration_delivery_settled_total{messaging_consumer_group_name="operations.tasks",effect_integration_event="invoice.created",effect_integration_outcome="processed"} 2
effect_integration_consumer_open{messaging_consumer_group_name="operations.tasks",effect_integration_state="ready"} 0
*/

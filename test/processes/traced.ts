/** Publishes one event, or handles it (TEST_ROLE), and sends traces to TEST_COLLECTOR. */
import { Effect, Layer } from "effect"
import { FetchHttpClient } from "effect/http"
import { OtlpSerialization, OtlpTracer } from "effect/observability"
import { Lineage, Publisher, Subscriber } from "../../src/index.ts"
import { Counted, integration, say } from "./program.ts"

const role = process.env.TEST_ROLE ?? ""

const traced = OtlpTracer.layer({
  url: process.env.TEST_COLLECTOR ?? "",
  exportInterval: "100 millis",
  resource: { serviceName: role }
}).pipe(Layer.provide(OtlpSerialization.layerJson), Layer.provide(FetchHttpClient.layer))

const handler = Subscriber.make({
  consumer: "traced",
  event: Counted,
  handler: () => Effect.void.pipe(Effect.withSpan("work"))
})

const publish = Publisher.publish(Counted, { n: 1 }).pipe(
  Lineage.within({ correlationId: "request-1" }),
  Effect.withSpan("request"),
  Effect.andThen(say("published"))
)

const handle = Effect.andThen(say("ready"), Effect.never).pipe(
  Effect.provide(Subscriber.layer(handler).pipe(Layer.provide(integration), Layer.provideMerge(traced)))
)

if (role === "handle") await Effect.runPromise(handle)
else await Effect.runPromise(publish.pipe(Effect.provide(integration.pipe(Layer.provideMerge(traced)))))

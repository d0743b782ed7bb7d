/** Batches of large payloads: a batch is in memory as a whole. */
import { assert, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Consumer, DomainEvent, Processor, Publisher, Subscriber } from "../src/index.ts"
import { databases } from "./support/databases.ts"
import { serve, services } from "./support/scenario.ts"

const Scanned = DomainEvent.define("payloads.scanned", {
  sourceModule: "test",
  aggregateType: "Document",
  aggregateId: () => "1",
  payload: Schema.Struct({ pages: Schema.Array(Schema.String) })
})

/** 400,000 characters. */
const payload = { pages: ["x".repeat(399_000), "x".repeat(1000)] }

it.live.each(databases)("a batch stops growing at 8 MiB of payloads ($name)", ({ layer }) =>
  Effect.gen(function* () {
    const sizes: Array<number> = []
    const counting = Subscriber.batch({
      consumer: Consumer.make("payloads", { batchSize: 10 }),
      event: Scanned,
      handler: (events) =>
        Effect.sync(() => {
          sizes.push(events.length)
          return events.map(Subscriber.processed)
        })
    })
    const scanned = Array.from({ length: 80 }, () => DomainEvent.publication(Scanned, payload))
    const processor = yield* Processor
    // Registered, but not served yet: all are there before the first claim.
    yield* Effect.scoped(serve(Subscriber.make({ consumer: "payloads", event: Scanned, handler: () => Effect.void })))
    const stored = yield* Publisher.publishAll(scanned)
    yield* serve(counting)
    for (const { id } of stored) yield* processor.settled(id)
    assert.strictEqual(
      sizes.reduce((sum, size) => sum + size, 0),
      80
    )
    // 10, then 20, then as many as weigh 8 MiB.
    assert.strictEqual(Math.max(...sizes), 20)
  }).pipe(Effect.scoped, Effect.provide(services(layer, { settings: { startupDrainEnabled: false } })))
)

/** Batches of large payloads: a batch is in memory as a whole. */
import { assert, it } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Consumer, DomainEvent, Processor, Publisher, Subscriber } from "../../src/index.ts"
import { databases } from "../support/databases.ts"
import { serve, services } from "../support/scenario.ts"

const Scanned = DomainEvent.define("payloads.scanned", {
  sourceModule: "test",
  aggregateType: "Document",
  aggregateId: () => "1",
  payload: Schema.Struct({ pages: Schema.Array(Schema.String) })
})

/** 400,000 characters. */
const payload = { pages: ["x".repeat(399_000), "x".repeat(1000)] }

const counting = (sizes: Array<number>, batchSize: number) =>
  Subscriber.batch({
    consumer: Consumer.make("payloads", { batchSize }),
    event: Scanned,
    handler: (events) =>
      Effect.sync(() => {
        sizes.push(events.length)
        return events.map(Subscriber.processed)
      })
  })

const publish = (count: number, each: typeof payload) =>
  Publisher.publishAll(Array.from({ length: count }, () => DomainEvent.publication(Scanned, each)))

const settled = Effect.fnUntraced(function* (events: ReadonlyArray<{ readonly id: string }>) {
  const processor = yield* Processor
  for (const { id } of events) yield* processor.settled(id)
})

it.live.each(databases)("batches stop growing at 8 MiB of payloads ($name)", ({ layer }) =>
  Effect.gen(function* () {
    const sizes: Array<number> = []
    // Registered, but not served yet: all are there before the first claim.
    yield* Effect.scoped(serve(Subscriber.make({ consumer: "payloads", event: Scanned, handler: () => Effect.void })))
    const events = yield* publish(80, payload)
    yield* serve(counting(sizes, 10))
    yield* settled(events)
    const sum = sizes.reduce((total, size) => total + size, 0)
    assert.strictEqual(sum, 80)
    // 10, then 20, then as many as weigh 8 MiB.
    assert.strictEqual(Math.max(...sizes), 20)
  }).pipe(Effect.scoped, Effect.provide(services(layer, { settings: { startupDrainEnabled: false } })))
)

it.live.each(databases)(
  "a worker used to small payloads takes large ones in small batches at once ($name)",
  ({ layer }) =>
    Effect.gen(function* () {
      const sizes: Array<number> = []
      yield* serve(counting(sizes, 50))
      yield* settled(yield* publish(40, { pages: [] }))
      yield* settled(yield* publish(30, payload))
      assert.deepStrictEqual(sizes, [40, 20, 10])
      yield* settled(yield* publish(30, payload))
      assert.deepStrictEqual(sizes, [40, 20, 10, 20, 10])
    }).pipe(Effect.scoped, Effect.provide(services(layer, { settings: { startupDrainEnabled: false } })))
)

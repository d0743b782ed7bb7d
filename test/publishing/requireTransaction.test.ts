/** Publishing outside of a transaction, where that is told or refused. */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Logger } from "effect"
import { Consumer, Integration, Processor, Publisher, Subscriber, Transactor } from "../../src/index.ts"
import { runtimes } from "../support/databases.ts"
import { eventsOf, serve, unpolled } from "../support/scenario.ts"

describe.each(runtimes)("on $name", ({ layer }) => {
  it.live("it is refused, and handlers of every kind publish", () =>
    Effect.gen(function* () {
      const { Followed, Happened } = eventsOf("required")
      yield* serve(
        ...(["transactional", "leased"] as const).map((mode) =>
          Subscriber.make({
            consumer: Consumer.make(`required.${mode}`, { mode }),
            event: Happened,
            handler: ({ payload }) => Publisher.publish(Followed, payload)
          })
        )
      )
      const publish = Publisher.publish(Happened, { n: 1 })
      const error = yield* Effect.flip(publish)
      assert.strictEqual(
        error.message,
        'Event "required.happened" was published outside of a transaction: if what it speaks of fails, the event is there without it. Publish it inside Transactor.withTransaction, with what it is about.'
      )
      const { events } = yield* Processor.use((processor) => processor.stats)
      assert.deepInclude(events, { pending: 0, processed: 0 })
      const { id } = yield* Transactor.withTransaction(publish)
      const deliveries = yield* Processor.use((processor) => processor.settled(id))
      assert.deepStrictEqual(
        deliveries.map(({ status }) => status),
        ["processed", "processed"]
      )
    }).pipe(Effect.scoped, Effect.provide(layer({ settings: unpolled, requireTransaction: "refuse" })))
  )

  it.live("it is told once for each name", () => {
    const warnings: Array<string> = []
    const collecting = Logger.layer([
      Logger.make(({ logLevel, message }) => {
        if (logLevel === "Warn") warnings.push(String(message))
      })
    ])
    return Effect.gen(function* () {
      const { Followed, Happened } = eventsOf("told-outside")
      for (const event of [Happened, Happened, Followed]) yield* Publisher.publish(event, { n: 1 })
      yield* Transactor.withTransaction(Publisher.publish(Followed, { n: 2 }))
      assert.deepStrictEqual(
        warnings.map((text) => /^Event "(.*)" was published outside of a transaction/.exec(text)?.[1]),
        ["told-outside.happened", "told-outside.followed"]
      )
    }).pipe(Effect.provide(layer({ settings: unpolled, requireTransaction: "warn" })), Effect.provide(collecting))
  })
})

it.live("another word for it is refused", () =>
  Effect.gen(function* () {
    const options = { requireTransaction: "always" } as unknown as Integration.MemoryOptions
    const error = yield* Effect.flip(Effect.provide(Effect.void, Integration.layerMemory(options)))
    assert.strictEqual(error.message, 'Option requireTransaction is always, expected "off", "warn" or "refuse".')
  })
)

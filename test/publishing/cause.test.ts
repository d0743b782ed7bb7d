/** What is published inherits from the event it follows from: that of its handler, or the one that is named. */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { Effect } from "effect"
import { DomainEvent, OutboxStore, Processor, Publisher, Subscriber } from "../../src/index.ts"
import { runtimes } from "../support/databases.ts"
import { eventsOf, serve, type Thing, unpolled } from "../support/scenario.ts"

/** Correlation and cause of what was published under a name, by `n`. */
const inherited = (event: Thing) =>
  OutboxStore.use((outbox) =>
    Effect.map(outbox.findByName(event.name, 0n, 100), (rows) =>
      Object.fromEntries(
        rows.map((row) => [(row.payload as { readonly n: number }).n, [row.correlationId, row.causationId]])
      )
    )
  )

describe.each(runtimes)("on $name", ({ layer: runtime }) => {
  withLayer(runtime({ settings: unpolled }), { excludeTestServices: true, timeout: "60 seconds" })("causes", (it) => {
    it.effect("a batch handler names the event that each follows from", () =>
      Effect.gen(function* () {
        const { Followed, Happened } = eventsOf("cause-batch")
        yield* serve(
          Subscriber.batch({
            consumer: "cause-batch",
            event: Happened,
            handler: Effect.fnUntraced(function* (events) {
              for (const event of events) yield* Publisher.publish(Followed, event.payload, { cause: event })
              yield* Publisher.publish(Followed, { n: -events.length })
              return events.map(Subscriber.processed)
            })
          })
        )
        const [one, two, three] = yield* Publisher.publishAll(
          [1, 2, 3].map((n) => DomainEvent.publication(Happened, { n }, n === 3 ? {} : { correlationId: `c-${n}` }))
        )
        for (const event of [one, two, three]) {
          yield* Processor.use((processor) => processor.settled(event?.id ?? ""))
        }
        const { "1": first, "2": second, "3": third, ...others } = yield* inherited(Followed)
        assert.deepStrictEqual(
          [first, second, third],
          [
            ["c-1", one?.id],
            ["c-2", two?.id],
            [three?.id, three?.id]
          ]
        )
        // Without a cause it inherits nothing.
        assert.isNotEmpty(Object.values(others))
        for (const other of Object.values(others)) assert.deepStrictEqual(other, [null, null])
      })
    )

    it.effect("what is named comes before the event that is being handled, what is given before both", () =>
      Effect.gen(function* () {
        const { Followed, Happened } = eventsOf("cause-named")
        const { Happened: Other } = eventsOf("cause-other")
        const other = yield* Publisher.publish(Other, { n: 0 }, { correlationId: "other" })
        yield* serve(
          Subscriber.make({
            consumer: "cause-named",
            event: Happened,
            handler: Effect.fnUntraced(function* () {
              yield* Publisher.publish(Followed, { n: 1 })
              yield* Publisher.publish(Followed, { n: 2 }, { cause: other })
              yield* Publisher.publish(Followed, { n: 3 }, { cause: other, correlationId: "given" })
              yield* Publisher.use((publisher) =>
                publisher.publishEvent({
                  eventName: Followed.name,
                  sourceModule: "tests",
                  aggregateType: "Thing",
                  aggregateId: "1",
                  payload: { n: 4 },
                  cause: other
                })
              )
            })
          })
        )
        const event = yield* Publisher.publish(Happened, { n: 1 })
        yield* Processor.use((processor) => processor.settled(event.id))
        assert.deepStrictEqual(yield* inherited(Followed), {
          1: [event.id, event.id],
          2: ["other", other.id],
          3: ["given", other.id],
          4: ["other", other.id]
        })
      })
    )

    it.effect("what is no event is refused, and nothing is written", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("cause-wrong")
        for (const cause of [null, "id", {}, { id: "" }, { id: "x".repeat(256) }, { id: "x", correlationId: 5 }]) {
          const error = yield* Effect.flip(
            Publisher.publish(Happened, { n: 1 }, { cause: cause as unknown as DomainEvent.Cause })
          )
          assert.strictEqual(error._tag, "InvalidIdentifier")
          assert.match(error.message, /cause\.(id|correlationId) of event "cause-wrong\.happened"/)
        }
        assert.deepStrictEqual(yield* inherited(Happened), {})
      })
    )
  })
})

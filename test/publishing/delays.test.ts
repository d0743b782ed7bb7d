/** Events that are published for later; on every store alike. */
import { assert, describe, it, layer as withLayer } from "@effect/vitest"
import { DateTime, Effect } from "effect"
import { TestClock } from "effect/testing"
import { DomainEvent, InboxStore, Integration, OutboxStore, Processor, Publisher } from "../../src/index.ts"
import { runtimes } from "../support/databases.ts"
import { logged, logging, ordered, publishFor } from "../support/mailboxes.ts"
import { eventsOf, serve, unpolled } from "../support/scenario.ts"

describe.each(runtimes)("on $name", ({ layer }) => {
  const live = layer({ settings: { ...unpolled, retryBaseDelayMs: 100 } })

  withLayer(live, { excludeTestServices: true, timeout: "60 seconds" })("publishing options", (it) => {
    it.effect("a delayed event waits for its time, and is delivered then without a poll", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("later")
        const inbox = yield* InboxStore
        const processor = yield* Processor
        const log: Array<number> = []
        yield* serve(logging("later", Happened, log))
        const at = DateTime.makeUnsafe("2999-01-01T00:00:00Z")
        const never = yield* Publisher.publishEvent({
          eventName: Happened.name,
          sourceModule: Happened.sourceModule,
          aggregateType: Happened.aggregateType,
          aggregateId: "1",
          payload: { n: 2 },
          availableAt: at
        })
        assert.strictEqual(yield* processor.drain, 0)
        const [soon] = yield* Publisher.publishAll([
          DomainEvent.publication(Happened, { n: 1 }, { delay: "200 millis" })
        ])
        yield* processor.settled(soon.id)
        yield* logged(log, [1])
        const [waiting] = yield* inbox.findByEvent(never.id)
        assert.isAbove(waiting?.dueInMillis ?? 0, 1e12)
        const stored = yield* OutboxStore.use((outbox) => outbox.findById(never.id))
        assert.deepStrictEqual(stored?.availableAt, new Date("2999-01-01T00:00:00Z"))
      })
    )

    it.effect("refuses delays and times that make no sense", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("senseless")
        const refusal = (options: DomainEvent.PublishOptions) =>
          Effect.map(Effect.flip(Publisher.publish(Happened, { n: 1 }, options)), (error) => error.message)
        assert.strictEqual(
          yield* refusal({ delay: -1 }),
          'Option delay of event "senseless.happened" is -1, expected a duration from zero to 800 years.'
        )
        assert.include(yield* refusal({ delay: "soon" as "1 second" }), "is soon, expected a duration")
        assert.include(yield* refusal({ delay: Number.POSITIVE_INFINITY }), "expected a duration")
        assert.include(yield* refusal({ availableAt: "not a time" }), "is not a time, expected a time up to")
        assert.include(
          yield* refusal({ availableAt: new Date(), delay: 1 }),
          "expected to be left out, as availableAt is given"
        )
        assert.include(yield* refusal({ dedupeKey: "" }), "dedupeKey of event")
        assert.include(yield* refusal({ dedupeKey: "x".repeat(256) }), "has 256 characters")
      })
    )
  })
})

it.effect(
  "when the store's clock is set back, what was due waits until it is as late again, and its aggregate with it",
  () =>
    Effect.gen(function* () {
      const { Happened } = eventsOf("set-back")
      const processor = yield* Processor
      const inOrder: Array<number> = []
      const anyhow: Array<number> = []
      yield* TestClock.setTime(1_000_000)
      yield* serve(logging(ordered("set-back-ordered"), Happened, inOrder), logging("set-back", Happened, anyhow))
      for (const consumer of ["set-back", "set-back-ordered"]) yield* processor.pause(consumer)
      yield* publishFor(Happened, "a", 1)
      yield* TestClock.setTime(1_000_000 - 20_000)
      for (const consumer of ["set-back", "set-back-ordered"]) yield* processor.resume(consumer)
      yield* publishFor(Happened, "a", 2)
      yield* processor.drain
      assert.deepStrictEqual([inOrder, anyhow], [[], [2]])
      yield* TestClock.adjust("20 seconds")
      yield* processor.drain
      assert.deepStrictEqual(
        [inOrder, anyhow],
        [
          [1, 2],
          [2, 1]
        ]
      )
    }).pipe(Effect.scoped, Effect.provide(Integration.layerMemory()))
)

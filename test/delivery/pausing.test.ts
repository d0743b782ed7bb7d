/** Consumers that are paused, and go on; on every store alike. */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { Effect } from "effect"
import { Processor } from "../../src/index.ts"
import { runtimes } from "../support/databases.ts"
import { logged, logging, publishFor, untilStatuses } from "../support/mailboxes.ts"
import { eventsOf, serve, unpolled } from "../support/scenario.ts"

describe.each(runtimes)("on $name", ({ layer }) => {
  const live = layer({ settings: { ...unpolled, retryBaseDelayMs: 100 } })

  withLayer(live, { excludeTestServices: true, timeout: "60 seconds" })("pausing", (it) => {
    it.effect("a paused consumer is given nothing until it is resumed; others go on", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("pauses")
        const processor = yield* Processor
        const [log, other]: [Array<number>, Array<number>] = [[], []]
        yield* serve(logging("pauses", Happened, log), logging("pauses-not", Happened, other))
        yield* processor.pause("pauses")
        yield* processor.pause("pauses")
        yield* publishFor(Happened, "a", 1, 2)
        yield* untilStatuses("pauses-not", ["processed", "processed"])
        assert.strictEqual(yield* processor.drain, 0)
        assert.deepStrictEqual(log, [])
        assert.deepStrictEqual(
          (yield* processor.consumers).filter((_) => _.consumer.startsWith("pauses")).map((_) => _.pausedAt !== null),
          [true, false]
        )
        yield* processor.resume("pauses")
        yield* untilStatuses("pauses", ["processed", "processed"])
        yield* logged(log, [1, 2])
      })
    )

    it.effect("a pause outlives the subscriber, and an unknown consumer is named", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("outlives")
        const processor = yield* Processor
        const log: Array<number> = []
        yield* Effect.scoped(serve(logging("outlives", Happened, log)))
        yield* processor.pause("outlives")
        yield* publishFor(Happened, "a", 1)
        yield* serve(logging("outlives", Happened, log))
        assert.strictEqual(yield* processor.drain, 0)
        assert.deepStrictEqual(log, [])
        const unknown = yield* Effect.flip(processor.pause("outlive"))
        assert.strictEqual(
          unknown.message,
          'There is no consumer "outlive". Consumers exist from the first registration of a subscriber on; Processor.consumers lists them.'
        )
      })
    )
  })
})

/** Consumers that are paused, and go on; on every store alike. */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { Audit, InboxStore, Processor, Transactor } from "../../src/index.ts"
import { firstOrderingKey } from "../../src/stores/Poll.ts"
import { runtimes } from "../support/databases.ts"
import { logged, logging, publishFor, untilStatuses } from "../support/mailboxes.ts"
import { eventsOf, serve, unpolled } from "../support/scenario.ts"

describe.each(runtimes)("on $name", ({ layer, name }) => {
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

    it.effect("what changes nothing is not in the audit", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("pauses-noted")
        const processor = yield* Processor
        yield* serve(logging("pauses-noted", Happened, []))
        yield* processor.resume("pauses-noted")
        yield* processor.pause("pauses-noted")
        yield* processor.pause("pauses-noted")
        yield* processor.resume("pauses-noted")
        yield* processor.resume("pauses-noted")
        yield* processor.retire("pauses-noted", { event: "nothing.such", force: true })
        const { entries } = yield* Audit.use((audit) => audit.list({ target: "pauses-noted" }))
        assert.deepStrictEqual(
          entries.map(({ action }) => action),
          ["consumers.resume", "consumers.pause"]
        )
      })
    )

    // On PGlite's single session everybody waits for a transaction.
    it.effect.skipIf(name === "PGlite")("a poll that was under way does not take a resume back", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("kept")
        const processor = yield* Processor
        yield* serve(logging("kept", Happened, []))
        yield* processor.pause("kept")
        const polled = yield* Deferred.make<void>()
        const commit = yield* Deferred.make<void>()
        const polling = yield* InboxStore.use((inbox) =>
          inbox.poll({
            consumers: [{ consumer: "kept", names: [Happened.name], patterns: [], onDeadLetter: undefined }],
            parkedAfter: firstOrderingKey,
            replica: { id: "00000000-0000-4000-8000-000000000000", silentMillis: 60_000 }
          })
        ).pipe(
          Effect.andThen(Deferred.succeed(polled, undefined)),
          Effect.andThen(Deferred.await(commit)),
          Transactor.withTransaction,
          Effect.forkChild
        )
        yield* Deferred.await(polled)
        const resuming = yield* Effect.forkChild(processor.resume("kept"), { startImmediately: true })
        yield* Deferred.succeed(commit, undefined)
        yield* Fiber.join(polling)
        yield* Fiber.join(resuming)
        const kept = (yield* processor.consumers).find(({ consumer }) => consumer === "kept")
        assert.isNull(kept?.pausedAt)
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
          'There is no consumer "outlive". Did you mean "outlives"? Consumers exist from the first registration of a subscriber on.'
        )
      })
    )
  })
})

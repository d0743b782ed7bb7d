/** Order by aggregate when events were put off, and let others pass until they are due; on every store and in both modes. */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { Effect } from "effect"
import { type Consumer, InboxStore, Processor, Publisher } from "../../src/index.ts"
import { runtimes } from "../support/databases.ts"
import { type Event, logged, logging, ordered, publishFor, untilStatuses } from "../support/mailboxes.ts"
import { eventsOf, serve, unpolled } from "../support/scenario.ts"

const modes = ["transactional", "leased"] as const satisfies ReadonlyArray<Consumer.Mode>

const cases = runtimes.flatMap((runtime) => modes.map((mode) => ({ ...runtime, mode })))

describe.each(cases)("on $name, $mode", ({ layer, mode }) => {
  const live = layer({ settings: unpolled })
  const passing = (name: string, options: Consumer.Options = {}) =>
    ordered(`${name}-${mode}`, { delayed: "pass", mode, retryBaseDelay: 20, retryMaxDelay: 20, ...options })

  withLayer(live, { excludeTestServices: true, timeout: "60 seconds" })('with delayed "pass"', (it) => {
    it.effect("what is delayed lets its aggregate go on, and is delivered at its time without a poll", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf(`passed-${mode}`)
        const log: Array<number> = []
        yield* serve(logging(passing("passed"), Happened, log))
        yield* Publisher.publish(Happened, { n: 1 }, { aggregateId: "a", delay: "1 hour" })
        yield* publishFor(Happened, "a", 2, 3)
        yield* untilStatuses(`passed-${mode}`, ["received", "processed", "processed"])
        const soon = yield* Publisher.publish(Happened, { n: 4 }, { aggregateId: "a", delay: 200 })
        yield* Processor.use((processor) => processor.settled(soon.id))
        yield* logged(log, [2, 3, 4])
      })
    )

    it.effect(
      "what comes due takes its place before what waits for a retry, which nothing published later passes",
      () =>
        Effect.gen(function* () {
          const { Happened } = eventsOf(`placed-${mode}`)
          const log: Array<number> = []
          const fails = ({ payload }: Event) =>
            payload.n === 2 && !log.includes(1) ? Effect.fail("not yet") : Effect.void
          yield* serve(logging(passing("placed", { maxAttempts: 1000 }), Happened, log, { fails }))
          yield* Publisher.publish(Happened, { n: 1 }, { aggregateId: "a", delay: 300 })
          yield* publishFor(Happened, "a", 2, 3)
          yield* untilStatuses(`placed-${mode}`, ["processed", "processed", "processed"])
          yield* logged(log, [1, 2, 3])
        })
    )

    it.effect("what was delayed and failed holds up its aggregate as any other", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf(`failed-${mode}`)
        const log: Array<number> = []
        const fails = ({ attempt, payload }: Event) =>
          payload.n === 1 && attempt < 3 ? Effect.fail("not yet") : Effect.void
        yield* serve(logging(passing("failed", { maxAttempts: 3 }), Happened, log, { fails }))
        const delayed = yield* Publisher.publish(Happened, { n: 1 }, { aggregateId: "a", delay: 100 })
        const inbox = yield* InboxStore
        const untilTried: Effect.Effect<void, unknown> = Effect.flatMap(inbox.findByEvent(delayed.id), ([delivery]) =>
          (delivery?.attemptCount ?? 0) > 0 ? Effect.void : Effect.delay(untilTried, 2)
        )
        yield* untilTried
        yield* publishFor(Happened, "a", 2, 3)
        yield* untilStatuses(`failed-${mode}`, ["processed", "processed", "processed"])
        yield* logged(log, [1, 2, 3])
      })
    )

    it.effect("what is parked behind a retry goes on past what is delayed", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf(`parked-${mode}`)
        const log: Array<number> = []
        const fails = ({ attempt, payload }: Event) =>
          payload.n === 1 && attempt === 1 ? Effect.fail("not yet") : Effect.void
        yield* serve(logging(passing("parked", { maxAttempts: 2 }), Happened, log, { fails }))
        yield* publishFor(Happened, "a", 1)
        yield* Publisher.publish(Happened, { n: 2 }, { aggregateId: "a", delay: "1 hour" })
        yield* publishFor(Happened, "a", 3, 4)
        yield* untilStatuses(`parked-${mode}`, ["processed", "received", "processed", "processed"])
        yield* logged(log, [1, 3, 4])
      })
    )

    it.effect("a consumer that begins to let pass takes up what was parked before, at a poll", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf(`changed-${mode}`)
        const log: Array<number> = []
        const processor = yield* Processor
        yield* Effect.scoped(
          Effect.gen(function* () {
            yield* serve(logging(passing("changed", { delayed: "hold" }), Happened, log))
            yield* Publisher.publish(Happened, { n: 1 }, { aggregateId: "a", delay: "1 hour" })
            yield* publishFor(Happened, "a", 2)
            yield* processor.drain
            const isParked: Effect.Effect<void, unknown, InboxStore> = Effect.flatMap(
              InboxStore.use((inbox) => inbox.findByConsumer(`changed-${mode}`, undefined, 10)),
              (deliveries) => (deliveries[1]?.dueInMillis === null ? Effect.void : Effect.delay(isParked, 5))
            )
            yield* isParked
          })
        )
        assert.deepStrictEqual(log, [])
        yield* serve(logging(passing("changed"), Happened, log))
        yield* processor.drain
        yield* untilStatuses(`changed-${mode}`, ["received", "processed"])
      })
    )
  })
})

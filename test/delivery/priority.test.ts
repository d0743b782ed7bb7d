/** Head starts of consumers with a higher priority, which block nobody; on every store alike. */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { Effect } from "effect"
import { Consumer, InboxStore, Processor, Publisher, Subscriber, Transactor } from "../../src/index.ts"
import { runtimes } from "../support/databases.ts"
import { logged, logging, untilStatuses } from "../support/mailboxes.ts"
import { eventsOf, serve, unpolled } from "../support/scenario.ts"

describe.each(runtimes)("on $name", ({ layer }) => {
  const live = layer({ settings: { ...unpolled, retryBaseDelayMs: 100 } })

  withLayer(live, { excludeTestServices: true, timeout: "60 seconds" })("priority", (it) => {
    it.effect("higher priorities have a head start, which ends when all of them have tried", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("tiers")
        const inbox = yield* InboxStore
        const order: Array<string> = []
        const at = (consumer: string, priority: number) =>
          Subscriber.make({
            consumer,
            event: Happened,
            priority,
            handler: () => Effect.sync(() => order.push(consumer))
          })
        yield* serve(at("tiers-low", -5), at("tiers-high", 7), at("tiers-high-too", 7), at("tiers-middle", 0))
        const event = yield* Transactor.withTransaction(
          Effect.tap(Publisher.publish(Happened, { n: 1 }), (stored) =>
            Effect.gen(function* () {
              const waits = (yield* inbox.findByEvent(stored.id)).map((_) => [_.consumer, _.dueInMillis ?? 0] as const)
              const tierOf = new Map(
                waits.map(([consumer, millis]) => [consumer, Math.max(0, Math.ceil(millis / 1000))])
              )
              assert.deepStrictEqual(
                ["tiers-high", "tiers-high-too", "tiers-middle", "tiers-low"].map((_) => tierOf.get(_)),
                [0, 0, 1, 2]
              )
            })
          )
        )
        yield* Processor.use((processor) => processor.settled(event.id))
        assert.deepStrictEqual(order.slice(0, 2).toSorted(), ["tiers-high", "tiers-high-too"])
        assert.deepStrictEqual(order.slice(2), ["tiers-middle", "tiers-low"])
      })
    )

    it.effect("a failed attempt ends the head start too, and absence does not block", () =>
      Effect.gen(function* () {
        const { Followed, Happened } = eventsOf("absent")
        const [high, low]: [Array<number>, Array<number>] = [[], []]
        const fails = () => Effect.fail("never works")
        yield* serve(
          logging(Consumer.make("absent-high", { retryBaseDelay: "1 hour" }), Happened, high, { priority: 1, fails }),
          logging("absent-low", Happened, low)
        )
        yield* Effect.scoped(serve(logging("absent-gone", Followed, high, { priority: 1 })))
        yield* serve(logging("absent-here", Followed, low))
        yield* Publisher.publish(Happened, { n: 1 })
        yield* untilStatuses("absent-low", ["processed"])
        yield* Publisher.publish(Followed, { n: 2 })
        yield* untilStatuses("absent-here", ["processed"])
        yield* logged(low, [1, 2])
        assert.isEmpty(high)
      })
    )

    it.effect("of several subscriptions of a consumer the highest priority counts", () =>
      Effect.gen(function* () {
        const inbox = yield* InboxStore
        const { Happened } = eventsOf("highest")
        const log: Array<number> = []
        yield* Effect.scoped(
          serve(
            logging("highest-a", Happened, log, { priority: 1 }),
            logging("highest-b", Happened, log, { priority: 1 })
          )
        )
        // The same consumer, once by name and once by pattern, as two versions of an application do.
        yield* Effect.scoped(
          serve(
            Subscriber.make({ consumer: "highest-b", event: "highest.*", priority: -9, handler: () => Effect.void })
          )
        )
        const event = yield* Publisher.publish(Happened, { n: 1 })
        const waits = (yield* inbox.findByEvent(event.id)).map((delivery) => (delivery.dueInMillis ?? 1) <= 0)
        assert.deepStrictEqual(waits, [true, true])
      })
    )
  })
})

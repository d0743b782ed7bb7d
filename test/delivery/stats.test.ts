/** What stats says waits, and why; on every store alike. */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { Deferred, Effect, Exit, Layer, Scope } from "effect"
import { Consumer, type DomainEvent, Processor, Subscriber, SubscriptionStore } from "../../src/index.ts"
import { runtimes } from "../support/databases.ts"
import { logging, ordered, publishFor, untilStatuses } from "../support/mailboxes.ts"
import { eventsOf, serve, unpolled } from "../support/scenario.ts"

const none = { received: 0, processing: 0, retrying: 0, parked: 0, processed: 0, skipped: 0, failed: 0, dead_letter: 0 }

describe.each(runtimes)("on $name", ({ layer }) => {
  withLayer(layer({ settings: unpolled }), { excludeTestServices: true, timeout: "60 seconds" })("stats", (it) => {
    it.effect("what is open, retried and parked is told apart, also of all consumers together", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("apart")
        const { stats } = yield* Processor
        const fails = ({ payload: { n } }: DomainEvent.DomainEvent<string, { readonly n: number }>) =>
          n === 1 ? Effect.fail("not today") : Effect.void
        const retried = Consumer.make("apart.retried", {
          ordering: "aggregate",
          retryBaseDelay: "1 hour",
          retryMaxDelay: "1 hour"
        })
        yield* serve(
          logging(ordered("apart.dead"), Happened, [], { fails }),
          logging(retried, Happened, [], { fails }),
          logging("apart.unordered", Happened, [])
        )
        yield* SubscriptionStore.use((store) => store.setPaused("apart.unordered", true))
        yield* publishFor(Happened, "a", 1, 2, 3)
        yield* publishFor(Happened, "b", 4)
        yield* untilStatuses("apart.dead", ["dead_letter", "received", "received", "processed"])
        yield* untilStatuses("apart.retried", ["failed", "received", "received", "processed"])
        // Whoever looks at what comes behind parks it.
        yield* Processor.use((processor) => processor.drain)
        const { deliveries, outstanding } = yield* stats
        assert.deepStrictEqual(deliveries["apart.dead"], { ...none, dead_letter: 1, parked: 2, processed: 1 })
        assert.deepStrictEqual(deliveries["apart.retried"], { ...none, retrying: 1, parked: 2, processed: 1 })
        assert.deepStrictEqual(deliveries["apart.unordered"], { ...none, received: 4 })
        assert.deepStrictEqual(outstanding, { open: 4, retrying: 1, parked: 4 })
        yield* SubscriptionStore.use((store) => store.setPaused("apart.unordered", false))
        yield* Processor.use((processor) => processor.drain)
        assert.deepStrictEqual((yield* stats).outstanding, { open: 0, retrying: 1, parked: 4 })
      })
    )

    it.effect("what a leased handler has in hand is open", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("inHand")
        const { stats } = yield* Processor
        const [begun, end] = [yield* Deferred.make<void>(), yield* Deferred.make<void>()]
        yield* serve(
          Subscriber.make({
            consumer: Consumer.make("inHand", { mode: "leased" }),
            event: Happened,
            handler: () => Effect.andThen(Deferred.succeed(begun, undefined), Deferred.await(end))
          })
        )
        const before = (yield* stats).outstanding.open
        yield* publishFor(Happened, "a", 1)
        yield* Deferred.await(begun)
        const found = yield* stats
        assert.deepStrictEqual(found.deliveries.inHand, { ...none, processing: 1 })
        assert.strictEqual(found.outstanding.open, before + 1)
        yield* Deferred.succeed(end, undefined)
        yield* untilStatuses("inHand", ["processed"])
      })
    )

    it.effect("what waits for a consumer that nobody serves is told, with how much and since when", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("abandoned")
        const { stats } = yield* Processor
        const unserved = Effect.map(stats, (all) => all.unserved.filter(({ consumer }) => consumer === "abandoned"))
        const scope = yield* Scope.make()
        yield* Layer.buildWithScope(Subscriber.layer(logging("abandoned", Happened, [])), scope)
        yield* Scope.close(scope, Exit.void)
        assert.isEmpty(yield* unserved)
        const [first] = yield* publishFor(Happened, "a", 1, 2)
        const [found, ...others] = yield* unserved
        assert.isEmpty(others)
        assert.deepInclude(found, { consumer: "abandoned", event: Happened.name, open: 2 })
        assert.isBelow(Math.abs((found?.since?.getTime() ?? 0) - (first?.timestamp.epochMilliseconds ?? 0)), 1000)
        yield* serve(logging("abandoned", Happened, []))
        yield* untilStatuses("abandoned", ["processed", "processed"])
        assert.isEmpty(yield* unserved)
      })
    )
  })
})

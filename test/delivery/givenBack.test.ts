/** What a process that ends gives back is taken by others at once. */
import { assert, it } from "@effect/vitest"
import { Context, Deferred, Effect, Exit, Layer, Scope } from "effect"
import { Consumer, Integration, Processor, Publisher, Subscriber } from "../../src/index.ts"
import { clientFor, uniqueSchema, withSchema } from "../support/databases.ts"
import { eventsOf, unpolled, until } from "../support/scenario.ts"

it.live(
  "leases that a process gives back when it ends wake the others, without a poll",
  () => {
    const schema = uniqueSchema()
    const { Happened } = eventsOf("handed-over")
    // Nobody looks for leases that ran out, nor for anything else.
    const integration = Integration.layer({
      settings: { ...unpolled, processingLeaseMs: 3_600_000 },
      shutdownGracePeriod: 100
    }).pipe(Layer.provideMerge(clientFor(schema)))
    const begun: Array<string> = []
    /** A process of its own, as far as others can tell. */
    const process = (name: string, handler: Effect.Effect<void>) =>
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const consumer = Consumer.make("handed-over", { mode: "leased" })
        const subscriber = Subscriber.make({
          consumer,
          event: Happened,
          handler: () =>
            Effect.andThen(
              Effect.sync(() => begun.push(name)),
              handler
            )
        })
        const services = yield* Layer.build(
          Layer.provideMerge(Subscriber.layer(subscriber), Layer.fresh(integration))
        ).pipe(Scope.provide(scope))
        return { services, close: Scope.close(scope, Exit.void) }
      })
    return Effect.gen(function* () {
      yield* Layer.build(withSchema(schema).pipe(Layer.provide(clientFor("public"))))
      const hasBegun = yield* Deferred.make<void>()
      const first = yield* process("first", Effect.andThen(Deferred.succeed(hasBegun, undefined), Effect.never))
      const publisher = Context.get(first.services, Publisher)
      const event = yield* publisher.publish(Happened, { n: 1 })
      yield* Deferred.await(hasBegun)
      const second = yield* process("second", Effect.void)
      yield* until(
        Context.get(first.services, Processor).replicas,
        (replicas) => replicas.filter(({ status }) => status === "running").length === 2
      )
      yield* first.close
      const [delivery] = yield* Context.get(second.services, Processor).settled(event.id)
      assert.deepInclude(delivery, { status: "processed", attemptCount: 1 })
      assert.deepStrictEqual(begun, ["first", "second"])
      yield* second.close
    }).pipe(Effect.scoped)
  },
  30_000
)

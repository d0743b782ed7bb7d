/** A program that is one layer (`Layer.launch`), told to end: its fiber is interrupted, and all that belongs to an end is done. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer } from "effect"
import { Consumer, ErrorGroups, Integration, Processor, Publisher, ReplicaStore, Subscriber } from "../../src/index.ts"
import { databases, runtimes } from "../support/databases.ts"
import { eventsOf, unpolled } from "../support/scenario.ts"

const { Happened } = eventsOf("launched")

describe.each(runtimes)("on $name", ({ layer }) => {
  it.live("a handler that runs finishes", () =>
    Effect.gen(function* () {
      const hasBegun = yield* Deferred.make<void>()
      const mayEnd = yield* Deferred.make<void>()
      let handled = 0
      const subscriber = Subscriber.make({
        consumer: "finishing",
        event: Happened,
        handler: () =>
          Deferred.succeed(hasBegun, undefined).pipe(
            Effect.andThen(Deferred.await(mayEnd)),
            Effect.andThen(
              Effect.sync(() => {
                handled++
              })
            )
          )
      })
      const publishing = Layer.effectDiscard(Publisher.publish(Happened, { n: 1 }))
      const program = Layer.provideMerge(publishing, Subscriber.layer(subscriber)).pipe(
        Layer.provide(layer({ settings: unpolled, shutdownGracePeriod: "1 minute" }))
      )
      const running = yield* Effect.forkDetach(Layer.launch(program))
      yield* Deferred.await(hasBegun)
      const ending = yield* Effect.forkChild(Fiber.interrupt(running), { startImmediately: true })
      yield* Deferred.succeed(mayEnd, undefined)
      yield* Fiber.join(ending)
      assert.strictEqual(handled, 1)
    })
  )
})

describe.each(databases)("on $name", ({ layer: database }) => {
  it.live("it is no process that died, and what failed in it is told", () =>
    Effect.gen(function* () {
      const settings = { settings: unpolled }
      const hasFailed = yield* Deferred.make<void>()
      const subscriber = Subscriber.make({
        consumer: Consumer.make("failing", { maxAttempts: 1 }),
        event: Happened,
        handler: () => Effect.andThen(Deferred.succeed(hasFailed, undefined), Effect.fail(new Error("broken")))
      })
      const settledOnce = Effect.gen(function* () {
        const { id } = yield* Publisher.publish(Happened, { n: 1 })
        yield* Processor.use((processor) => processor.settled(id))
        yield* Deferred.succeed(hasSettled, undefined)
      })
      const hasSettled = yield* Deferred.make<void>()
      const program = Layer.provideMerge(Layer.effectDiscard(settledOnce), Subscriber.layer(subscriber)).pipe(
        Layer.provide(Layer.fresh(Integration.layer(settings)))
      )
      const running = yield* Effect.forkDetach(Layer.launch(program))
      yield* Deferred.await(hasSettled)
      yield* Fiber.interrupt(running)
      yield* Effect.gen(function* () {
        const replicas = yield* ReplicaStore.use((store) => store.all)
        assert.deepStrictEqual(replicas.map(({ status }) => status).toSorted(), ["running", "stopped"])
        const { groups } = yield* ErrorGroups.use((errors) => errors.list({ consumer: "failing" }))
        assert.deepStrictEqual(
          groups.map(({ attempts, gaveUp }) => [attempts, gaveUp]),
          [[1, 1]]
        )
      }).pipe(Effect.provide(Layer.fresh(Integration.layer(settings))))
    }).pipe(Effect.provide(database))
  )
})

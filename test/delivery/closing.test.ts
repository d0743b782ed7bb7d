/** A layer that is closed while it is still being built: what its startup drain has in hand comes to an end first. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Scope } from "effect"
import { Consumer, InboxStore, Publisher, Subscriber, SubscriptionStore } from "../../src/index.ts"
import { runtimes } from "../support/databases.ts"
import { eventsOf, unpolled } from "../support/scenario.ts"

const rowOf = (eventId: string) =>
  InboxStore.use((inbox) => Effect.map(inbox.findByEvent(eventId), ([delivery]) => delivery))

/** How a layer ends that is still being built: its scope is closed by somebody else, or its building is interrupted. */
const endings = {
  closed: (_: Fiber.Fiber<unknown, unknown>, scope: Scope.Closeable) => Scope.close(scope, Exit.void),
  interrupted: (building: Fiber.Fiber<unknown, unknown>, scope: Scope.Closeable) =>
    Effect.andThen(Fiber.interrupt(building), Scope.close(scope, Exit.void))
}

/** Lets a startup drain begin with one event, then ends its layer. What `handler` is given is completed once that has begun. */
const endInStartupDrain = Effect.fnUntraced(function* (
  ending: keyof typeof endings,
  consumer: Consumer.Consumer,
  handler: (isClosing: Deferred.Deferred<void>) => Effect.Effect<void>
) {
  const { Happened } = eventsOf(consumer.name)
  const subscription = { consumer: consumer.name, event: Happened.name, priority: 0, ordering: "none" as const }
  yield* SubscriptionStore.use((store) => store.register([subscription]))
  const event = yield* Publisher.publish(Happened, { n: 1 })
  const hasBegun = yield* Deferred.make<void>()
  const isClosing = yield* Deferred.make<void>()
  const subscriber = Subscriber.make({
    consumer,
    event: Happened,
    handler: () => Effect.andThen(Deferred.succeed(hasBegun, undefined), handler(isClosing))
  })
  const scope = yield* Scope.make()
  const building = yield* Effect.forkChild(Layer.buildWithScope(Layer.fresh(Subscriber.layer(subscriber)), scope))
  yield* Deferred.await(hasBegun)
  const closing = yield* Effect.forkChild(endings[ending](building, scope), { startImmediately: true })
  yield* Deferred.succeed(isClosing, undefined)
  yield* Fiber.join(closing)
  return yield* rowOf(event.id)
})

describe.each(runtimes)("on $name", ({ layer }) => {
  for (const ending of ["closed", "interrupted"] as const) {
    for (const mode of ["transactional", "leased"] as const) {
      it.live(`${ending}: a ${mode} handler finishes within the grace period, and its delivery is settled`, () =>
        Effect.gen(function* () {
          const consumer = Consumer.make(`finishes-${mode}`, { mode, maxAttempts: 1 })
          const delivery = yield* endInStartupDrain(ending, consumer, Deferred.await)
          assert.deepInclude(delivery, { status: "processed", attemptCount: 1 })
        }).pipe(Effect.provide(layer({ settings: unpolled, shutdownGracePeriod: "1 minute" })))
      )

      it.live(`${ending}: a ${mode} handler that does not is interrupted, and its delivery given back`, () => {
        let interrupted = 0
        const stuck = Effect.onInterrupt(Effect.never, () => Effect.sync(() => interrupted++))
        return Effect.gen(function* () {
          const consumer = Consumer.make(`stuck-${mode}`, { mode, maxAttempts: 1 })
          const delivery = yield* endInStartupDrain(ending, consumer, () => stuck)
          assert.strictEqual(interrupted, 1)
          assert.deepInclude(delivery, { status: "received", attemptCount: 0 })
        }).pipe(Effect.provide(layer({ settings: unpolled, shutdownGracePeriod: "10 millis" })))
      })
    }
  }
})

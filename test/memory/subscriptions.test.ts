/** Registrations in memory beside what others do meanwhile. */
import { assert, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { InboxStore, IntegrationMemory, Publisher, SubscriptionStore, Transactor } from "../../src/index.ts"
import { keyOf } from "../../src/testing/conformance/support.ts"
import { eventsOf } from "../support/scenario.ts"

it.effect("a registration that changes the ordering leaves alone what is settled before it commits", () =>
  Effect.gen(function* () {
    const { Happened } = eventsOf("reordered")
    const subscriptions = yield* SubscriptionStore
    const inbox = yield* InboxStore
    const register = (ordering: "none" | "aggregate") =>
      subscriptions.register([{ consumer: "reordered", event: Happened.name, priority: 0, ordering }])
    yield* register("none")
    const event = yield* Publisher.publish(Happened, { n: 1 })
    const [open] = yield* inbox.findByEvent(event.id)
    const isRegistered = yield* Deferred.make<void>()
    const commit = yield* Deferred.make<void>()
    const registering = yield* register("aggregate").pipe(
      Effect.andThen(Deferred.succeed(isRegistered, undefined)),
      Effect.andThen(Deferred.await(commit)),
      Transactor.withTransaction,
      Effect.forkChild
    )
    yield* Deferred.await(isRegistered)
    yield* inbox.complete([keyOf(open)])
    yield* Deferred.succeed(commit, undefined)
    yield* Fiber.join(registering)
    const [delivery] = yield* inbox.findByEvent(event.id)
    assert.deepInclude(delivery, { status: "processed", attemptCount: 1 })
  }).pipe(Effect.provide(IntegrationMemory))
)

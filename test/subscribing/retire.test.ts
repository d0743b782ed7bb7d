/** Consumers that are retired while others publish for them. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect, Fiber } from "effect"
import { Processor, Publisher, Subscriber, Transactor } from "../../src/index.ts"
import { runtimes } from "../support/databases.ts"
import { eventsOf, serve, unpolled } from "../support/scenario.ts"

// PGlite has one connection: nobody publishes while another transaction retires.
describe.each(runtimes.filter(({ isServer }) => isServer))("on $name", ({ layer }) => {
  it.live("what a publish leaves that was open meanwhile is told, and retired like the rest", () =>
    Effect.gen(function* () {
      const { Happened } = eventsOf("leftover")
      const processor = yield* Processor
      yield* Effect.scoped(
        serve(Subscriber.make({ consumer: "leftover", event: Happened, handler: () => Effect.void }))
      )
      const published = yield* Deferred.make<void>()
      const commit = yield* Deferred.make<void>()
      const publishing = yield* Publisher.publish(Happened, { n: 1 }).pipe(
        Effect.tap(Deferred.succeed(published, undefined)),
        Effect.tap(Deferred.await(commit)),
        Transactor.withTransaction,
        Effect.forkScoped
      )
      yield* Deferred.await(published)
      assert.deepStrictEqual(yield* processor.retire("leftover"), { ended: 1, open: [], skipped: 0 })
      yield* Deferred.succeed(commit, undefined)
      const event = yield* Fiber.join(publishing)
      assert.deepStrictEqual(
        (yield* processor.unserved).map(({ consumer, event, open }) => ({ consumer, event, open })),
        [{ consumer: "leftover", event: Happened.name, open: 1 }]
      )
      const listed = yield* processor.retire("leftover")
      assert.deepStrictEqual(
        listed.open.map(({ eventId }) => eventId),
        [event.id]
      )
      assert.deepStrictEqual(yield* processor.retire("leftover", { event: Happened.name, open: "skip" }), {
        ended: 0,
        open: [],
        skipped: 1
      })
      assert.isEmpty(yield* processor.unserved)
      assert.deepStrictEqual(
        (yield* processor.settled(event.id)).map(({ status }) => status),
        ["skipped"]
      )
    }).pipe(Effect.scoped, Effect.provide(layer({ settings: unpolled })))
  )
})

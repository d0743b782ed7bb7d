/** LISTEN and NOTIFY on PGlite's single session. */
import { PgClient } from "@effect/sql-pg"
import { assert, layer } from "@effect/vitest"
import { Effect, Exit, Fiber, Queue, Scope } from "effect"
import * as PgLite from "../../src/pglite/PgLite.ts"
import { duringTransaction } from "../support/pglite.ts"

layer(PgLite.layerMemory, { timeout: "1 minute", excludeTestServices: true })("PgLite.layerMemory", (it) => {
  it.effect("delivers notifications to every listener of the channel, after the commit", () =>
    Effect.gen(function* () {
      const pg = yield* PgClient.PgClient
      const [left, right] = [yield* pg.listen("a:B"), yield* pg.listen("a:B")]
      yield* Effect.ignore(pg.withTransaction(Effect.andThen(pg.notify("a:B", "undone"), Effect.fail("rollback"))))
      yield* pg.withTransaction(
        Effect.gen(function* () {
          yield* pg.notify("a:B", "done")
          assert.deepStrictEqual(yield* Queue.clear(left), [])
        })
      )
      assert.strictEqual((yield* Queue.take(left)).payload, "done")
      assert.strictEqual((yield* Queue.take(right)).payload, "done")
    })
  )

  it.effect("goes on notifying the other listeners of a channel when one leaves", () =>
    Effect.gen(function* () {
      const pg = yield* PgClient.PgClient
      const queue = yield* pg.listen("shared")
      yield* Effect.scoped(pg.listen("shared"))
      yield* pg.notify("shared", "still")
      assert.strictEqual((yield* Queue.take(queue)).payload, "still")
    })
  )

  it.effect("has connections left for statements however many listeners there are", () =>
    Effect.gen(function* () {
      const pg = yield* PgClient.PgClient
      yield* Effect.forEach(Array.from({ length: 30 }), () => pg.listen("many"))
      assert.lengthOf(yield* pg`select 1`, 1)
    })
  )

  it.effect("stops listening during a transaction of another fiber", () =>
    Effect.gen(function* () {
      const pg = yield* PgClient.PgClient
      const scope = yield* Scope.make()
      const queue = yield* Scope.provide(pg.listen("closing"), scope)
      const taking = yield* Effect.forkChild(Effect.exit(Queue.take(queue)), { startImmediately: true })
      yield* duringTransaction(() => Scope.close(scope, Exit.void))
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.join(taking)))
    })
  )
})

/** Handlers that do not come to an end in time. */
import { assert, describe, layer } from "@effect/vitest"
import { Context, Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Consumer, SqlCapabilities, Subscriber } from "../../src/index.ts"
import { databases } from "../support/databases.ts"
import { deliveries, eventsOf, note, noted, serve, services, settledAll } from "../support/scenario.ts"

describe.each(databases)("on $name", ({ layer: database }) => {
  layer(services(database), { excludeTestServices: true, timeout: "60 seconds" })("failures", (it) => {
    it.effect("a handler that never returns times out, and the others go on", () =>
      Effect.gen(function* () {
        const { Happened, happenings } = eventsOf("never")
        const { singleSession } = yield* SqlCapabilities
        yield* serve(
          Subscriber.make({
            consumer: Consumer.make("never", { maxAttempts: 1, timeout: "200 millis" }),
            event: Happened,
            handler: (event) => (event.payload.n === 1 ? Effect.never : note("never", event))
          })
        )
        yield* settledAll(happenings(3))
        const rows = yield* deliveries("never")
        assert.deepStrictEqual(
          rows.map((_) => [_.status, _.attempts, _.tag]),
          [
            ["processed", 1, null],
            ["dead_letter", 1, "HandlerTimeout"],
            ["processed", 1, null]
          ]
        )
        assert.include(
          rows[1]?.error,
          'The handler of consumer "never" for "never.happened" did not finish within 200 ms.'
        )
        assert.strictEqual(rows[1]?.error?.includes("single session"), singleSession)
      })
    )
  })
})

layer(services(databases[1].layer), { excludeTestServices: true, timeout: "60 seconds" })(
  "PGlite's single session",
  (it) => {
    it.effect("a handler that waits for the session its own batch holds times out, and the process goes on", () =>
      Effect.gen(function* () {
        const { Happened, happenings } = eventsOf("session")
        const sql = yield* SqlClient.SqlClient
        // A query outside the delivery's transaction, as code that left the handler's fiber makes it.
        const elsewhere = Effect.updateContext(sql`SELECT 1`, (context: Context.Context<never>) =>
          Context.omit(sql.transactionService)(context)
        )
        yield* serve(
          Subscriber.make({
            consumer: Consumer.make("session", { maxAttempts: 1, timeout: "300 millis" }),
            event: Happened,
            handler: (event) => (event.payload.n === 1 ? elsewhere : note("session", event))
          })
        )
        yield* settledAll(happenings(4))
        const rows = yield* deliveries("session")
        assert.deepStrictEqual(yield* noted("session"), [0, 2, 3])
        assert.deepInclude(rows[1], { status: "dead_letter", attempts: 1, tag: "HandlerTimeout" })
        assert.include(
          rows[1]?.error,
          "This database has a single session, held by the transaction of this handler's batch"
        )
      })
    )
  }
)

/**
 * Handlers whose statement is not answered in time: their transaction ends with its connection, whatever the server is at.
 *
 * Seen failing without `identify` (`openTransaction.ts`): the worker waited for the end of the statement, and with it its consumer.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Consumer, Processor, Publisher } from "../../src/index.ts"
import { subscriber } from "../../src/promise.ts"
import { App, withApplication, written } from "../support/applications.ts"
import { deliveries, eventsOf, serve, until } from "../support/scenario.ts"
import { clientKinds } from "../support/transactionClients.ts"

const sleeping = "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND query LIKE '%in vain%'"

describe.each(clientKinds)("%s", (name) => {
  it.live("a handler that waits in a statement is timed out, repeated, and its statement ended", () =>
    Effect.gen(function* () {
      const { Happened } = eventsOf("stuck")
      const app = yield* App
      const sql = yield* SqlClient.SqlClient
      let runs = 0
      yield* serve(
        subscriber({
          client: app.client,
          consumer: Consumer.make("stuck", { timeout: "300 millis" }),
          event: Happened,
          handler: async (_, { tx }) => {
            runs++
            await app.write(tx, { name: "stuck", n: runs })
            if (runs === 1) await app.client.query(tx, "SELECT 'in vain', pg_sleep(600)::text", [])
            // What goes on after its time writes nowhere.
            await app.write(tx, { name: "stuck", n: runs + 10 })
          }
        })
      )
      const event = yield* Publisher.publish(Happened, { n: 1 })
      yield* Processor.use((processor) => processor.settled(event.id))
      assert.deepStrictEqual(yield* written("stuck"), [2, 12])
      const [row] = yield* deliveries("stuck")
      assert.deepInclude(row, { status: "processed", attempts: 2 })
      yield* until(sql.unsafe(sleeping), (rows) => rows.length === 0)
    }).pipe(Effect.scoped, Effect.provide(withApplication(name)))
  )
})

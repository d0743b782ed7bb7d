/**
 * An application with a client of its own (TEST_CLIENT), some of whose handlers take longer than they may: in a statement, or beside it. It
 * says what became of its deliveries, and ends by itself.
 */
import { Effect, Layer } from "effect"
import { Consumer, Integration, Publisher } from "../../../src/index.ts"
import { subscriber } from "../../../src/promise/PromiseApi.ts"
import { database, say } from "../../processes/program.ts"
import { deliveries, eventsOf, serve, unpolled, until } from "../../support/scenario.ts"
import { applicationOf } from "../../support/transactionClients.ts"

const { TEST_CLIENT = "", TEST_SCHEMA = "", TEST_URL = "" } = process.env

const app = applicationOf(TEST_CLIENT, {
  connectionString: TEST_URL,
  schema: TEST_SCHEMA,
  max: 3,
  applicationName: TEST_SCHEMA
})

const handling: ReadonlyArray<(tx: unknown) => Promise<unknown>> = [
  (tx) => app.run(tx, "SELECT pg_sleep(30)::text"),
  () => new Promise((resolve) => setTimeout(resolve, 1500)),
  (tx) => app.nested(tx, async (inner) => void (await app.run(inner, "SELECT pg_sleep(30)::text"))),
  async () => undefined
]

const play = Effect.gen(function* () {
  const { Happened } = eventsOf("late")
  yield* serve(
    subscriber({
      consumer: Consumer.make("late", { maxAttempts: 1, timeout: 300 }),
      event: Happened,
      client: app.client,
      handler: async ({ payload: { n } }, { tx }) => {
        await app.write(tx, { name: "late", n })
        await handling[n]?.(tx)
      }
    })
  )
  for (const n of handling.keys()) {
    yield* Publisher.publish(Happened, { n })
    yield* until(deliveries("late"), (rows) => ["processed", "dead_letter"].includes(rows[n]?.status ?? ""))
  }
  // What goes on after its end has time to do so.
  yield* Effect.sleep(1500)
  const rows = yield* deliveries("late")
  yield* say("done", { outcomes: rows.map((row) => row.tag ?? row.status) })
})

const live = Integration.layer({ client: app.client, migrate: false, settings: unpolled }).pipe(
  Layer.provideMerge(database)
)

await Effect.runPromise(Effect.scoped(play).pipe(Effect.provide(live)))
await app.end()

/** Serves two consumers of `children.counted`; some events end the process, or the connection, of `work` each time. */
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { Consumer, Subscriber } from "../../src/index.ts"
import { Counted, counting, integration, say } from "./program.ts"

const killers = new Set((process.env.TEST_KILLERS ?? "").split(",").map(Number))
const how = process.env.TEST_HOW ?? "process"

const die = SqlClient.SqlClient.use((sql) =>
  how === "process"
    ? Effect.asVoid(Effect.sync(() => process.kill(process.pid, "SIGKILL")))
    : Effect.asVoid(sql`SELECT pg_terminate_backend(pg_backend_pid())`)
)

const work = Subscriber.make({
  consumer: Consumer.make("work", {
    concurrency: 2,
    ordering: process.env.TEST_ORDERING === "aggregate" ? "aggregate" : "none",
    retryBaseDelay: 50
  }),
  event: Counted,
  handler: Effect.fnUntraced(function* (event) {
    const sql = yield* SqlClient.SqlClient
    yield* sql`INSERT INTO ledger (consumer, event_id, pid) VALUES ('work', ${event.id}::uuid, ${process.pid})`
    if (killers.has(event.payload.n)) yield* die
  })
})

await Effect.runPromise(
  Effect.andThen(say("ready"), Effect.never).pipe(
    Effect.provide(Subscriber.layer(work, counting("beside")).pipe(Layer.provide(integration)))
  )
)

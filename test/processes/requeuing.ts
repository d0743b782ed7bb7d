/** Serves two consumers whose dead letters an operation requeues, and drives it, until it is killed. */
import { Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { Consumer, DomainEvent, Integration, Subscriber } from "../../src/index.ts"
import { database, say } from "./program.ts"

export const Sent = DomainEvent.define("requeuing.sent", {
  sourceModule: "tests",
  aggregateType: "Account",
  aggregateId: (payload) => payload.key,
  payload: Schema.Struct({ key: Schema.String, n: Schema.Number })
})

/** `seq` is the order in which handlers wrote; nothing but the library keeps it from being wrong or double. */
export const createHandled = SqlClient.SqlClient.use(
  (sql) => sql`
    CREATE TABLE IF NOT EXISTS handled (seq bigint GENERATED ALWAYS AS IDENTITY, consumer text NOT NULL, key text NOT NULL,
      n int NOT NULL, pid int NOT NULL)`
)

const writing = (name: string, options: Consumer.Options) =>
  Subscriber.make({
    consumer: Consumer.make(name, { maxAttempts: 1000, retryBaseDelay: 20, ...options }),
    event: Sent,
    handler: ({ payload }) =>
      SqlClient.SqlClient.use(
        (sql) =>
          sql`INSERT INTO handled (consumer, key, n, pid) VALUES (${name}, ${payload.key}, ${payload.n}, ${process.pid})`
      )
  })

/** Dead letters of the ordered one hold up nobody: only the order in which they are requeued keeps theirs. */
export const subscribers = [
  writing("requeuing.plain", { concurrency: 2 }),
  writing("requeuing.ordered", { ordering: "aggregate", onDeadLetter: "continue" })
]

if (process.env.TEST_REQUEUING !== undefined) {
  const integration = Integration.layer({ settings: { pollingIntervalMs: 200, idlePollingIntervalMs: 400 } }).pipe(
    Layer.provideMerge(database)
  )
  await Effect.runPromise(
    Effect.andThen(say("ready"), Effect.never).pipe(
      Effect.provide(Subscriber.layer(...subscribers).pipe(Layer.provide(integration)))
    )
  )
}

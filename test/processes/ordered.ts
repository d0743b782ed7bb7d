/** Serves an ordered consumer whose handler fails at random, until it is killed. */
import { Effect, Layer, Random, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { Consumer, DomainEvent, Subscriber } from "../../src/index.ts"
import { integration, say } from "./program.ts"

export const Moved = DomainEvent.define("children.moved", {
  sourceModule: "tests",
  aggregateType: "Account",
  aggregateId: (payload) => payload.key,
  payload: Schema.Struct({ key: Schema.String, n: Schema.Number })
})

export const consumer = (concurrency: number) =>
  Consumer.make("ordered", { ordering: "aggregate", concurrency, maxAttempts: 1000, retryBaseDelay: 20 })

/** `seq` is the order in which handlers wrote; nothing but the library keeps it from being wrong or double. */
export const createMoves = SqlClient.SqlClient.use(
  (sql) => sql`
    CREATE TABLE IF NOT EXISTS moves (seq bigint GENERATED ALWAYS AS IDENTITY, key text NOT NULL, n int NOT NULL,
      pid int NOT NULL)`
)

/** Some fail at their first two attempts, and any may fail by chance: then its batch is rolled back, and it succeeds alone. */
const failSometimes = (n: number, attempt: number) =>
  Effect.flatMap(Random.next, (dice) =>
    n % 125 === 5 && attempt <= 2
      ? Effect.fail("not yet")
      : dice < 0.005
        ? Effect.die(new Error("broken"))
        : Effect.void
  )

export const moving = (concurrency: number) =>
  Subscriber.make({
    consumer: consumer(concurrency),
    event: Moved,
    handler: Effect.fnUntraced(function* ({ attempt, payload }) {
      const sql = yield* SqlClient.SqlClient
      yield* sql`INSERT INTO moves (key, n, pid) VALUES (${payload.key}, ${payload.n}, ${process.pid})`
      yield* failSometimes(payload.n, attempt)
    })
  })

if (process.env.TEST_CONCURRENCY !== undefined) {
  await Effect.runPromise(
    Effect.andThen(say("ready"), Effect.never).pipe(
      Effect.provide(Subscriber.layer(moving(Number(process.env.TEST_CONCURRENCY))).pipe(Layer.provide(integration)))
    )
  )
}

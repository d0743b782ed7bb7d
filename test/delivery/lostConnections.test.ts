/** Workers whose connections are taken away. */
import { PgClient } from "@effect/sql-pg"
import { assert, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Layer, Logger, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { inject } from "vitest"
import { Consumer, InboxStore, Processor, Publisher, Subscriber, Transactor } from "../../src/index.ts"
import { keyOf } from "../../src/testing/conformance/support.ts"
import { clientFor, uniqueSchema, withSchema } from "../support/databases.ts"
import { deliveries, eventsOf, note, noted, serve, services, until } from "../support/scenario.ts"

/** Services whose connections carry `name`, and effects that terminate them from outside: all, or those of batches. */
const terminable = (name: string) => {
  const database = withSchema(name).pipe(
    Layer.provideMerge(
      PgClient.layer({
        url: Redacted.make(inject("postgresUrl")),
        startupParameters: { search_path: name, application_name: name }
      })
    )
  )
  const terminate = (state: string) =>
    SqlClient.SqlClient.use(
      (sql) => sql<{ ended: boolean }>`
        SELECT pg_terminate_backend(pid) AS ended
        FROM pg_stat_activity
        WHERE application_name = ${name} AND state LIKE ${state}`
    ).pipe(Effect.provide(clientFor("public")))
  return { database, terminateAll: terminate("%"), terminateBatch: terminate("idle in transaction") }
}

const quickPolls = { settings: { pollingIntervalMs: 100, idlePollingIntervalMs: 100 } }

it.live("workers survive terminated connections: every event is handled exactly once in the database", () => {
  const { database, terminateAll } = terminable(uniqueSchema())
  const warnings: Array<string> = []
  const capture = Logger.make(({ logLevel, message }) => {
    if (logLevel === "Warn" || logLevel === "Info")
      warnings.push(Array.isArray(message) ? String(message[0]) : String(message))
  })
  return Effect.gen(function* () {
    const { Happened, happenings } = eventsOf("terminated")
    yield* serve(
      Subscriber.make({
        consumer: Consumer.make("terminated", { concurrency: 2, maxAttempts: 50 }),
        event: Happened,
        handler: (event) => Effect.andThen(note("terminated", event), Effect.sleep("2 millis"))
      })
    )
    const events = yield* Publisher.publishAll(happenings(400))
    for (const least of [20, 120, 220]) {
      yield* Effect.retry(
        until(noted("terminated"), (numbers) => numbers.length >= least),
        { times: 10 }
      )
      assert.isNotEmpty(yield* terminateAll)
    }
    yield* Effect.retry(
      until(noted("terminated"), (numbers) => numbers.length === events.length),
      { times: 10 }
    )
    assert.deepStrictEqual(
      yield* noted("terminated"),
      events.map((event) => event.payload.n)
    )
    // Whatever was said about it was said once per incident, and taken back.
    const held = warnings.filter((warning) => warning.startsWith("Delivery is held up"))
    const healed = yield* until(
      Effect.sync(() => warnings.filter((warning) => warning === "Delivery goes on")),
      (lines) => lines.length === held.length
    )
    assert.isAtMost(healed.length, 3)
  }).pipe(Effect.scoped, Effect.provide(services(database, quickPolls)), Effect.provide(Logger.layer([capture])))
})

it.live(
  "an attempt whose connection was lost leaves nothing, is repeated in recovery, and charged when it happens again",
  () => {
    const { database, terminateBatch } = terminable(uniqueSchema())
    return Effect.gen(function* () {
      const { Happened } = eventsOf("lost")
      const started = yield* Deferred.make<void>()
      const lost = yield* Deferred.make<void>()
      let runs = 0
      const loseConnection = SqlClient.SqlClient.use((sql) => sql`SELECT pg_terminate_backend(pg_backend_pid())`)
      yield* serve(
        Subscriber.make({
          consumer: "lost",
          event: Happened,
          handler: (event) =>
            note("lost", event).pipe(
              Effect.andThen(Deferred.succeed(started, undefined)),
              Effect.andThen(runs++ === 0 ? Deferred.await(lost) : Effect.void),
              Effect.andThen(runs === 2 ? loseConnection : Effect.void)
            )
        })
      )
      const event = yield* Publisher.publish(Happened, { n: 1 })
      yield* Deferred.await(started)
      assert.lengthOf(yield* terminateBatch, 1)
      yield* Deferred.succeed(lost, undefined)
      yield* (yield* Processor).settled(event.id)
      assert.deepStrictEqual(yield* noted("lost"), [1])
      assert.strictEqual(runs, 3)
      const [row] = yield* deliveries("lost")
      assert.deepInclude(row, { status: "processed", attempts: 2 })
      const history = yield* InboxStore.use((inbox) =>
        Effect.flatMap(inbox.findByEvent(event.id), ([delivery]) => inbox.attempts(keyOf(delivery)))
      )
      assert.deepStrictEqual(
        history.map(({ attempt, errorTag, outcome }) => [attempt, outcome, errorTag]),
        [[1, "retry", "HandlerCrashed"]]
      )
    }).pipe(Effect.scoped, Effect.provide(services(database, quickPolls)))
  }
)

it.live("a transaction commits on its own connection, and one that hangs fails when that is aborted", () => {
  const name = uniqueSchema()
  const { database } = terminable(name)
  return Effect.gen(function* () {
    const { abortableTransaction } = yield* Transactor
    const sql = yield* SqlClient.SqlClient
    yield* sql`CREATE TABLE written (n int)`
    const abort = yield* Deferred.make<void>()
    const insert = (n: number) => sql`INSERT INTO written VALUES (${n})`
    const inner = sql.withTransaction(insert(2))
    assert.isNotEmpty(
      yield* abortableTransaction(Effect.andThen(insert(1), Effect.andThen(inner, sql`SELECT 1`)), abort)
    )
    const refused = yield* Effect.flip(abortableTransaction(Effect.andThen(insert(3), Effect.fail("no")), abort))
    assert.strictEqual(refused, "no")
    const hanging = yield* Effect.forkChild(
      Effect.exit(abortableTransaction(Effect.andThen(insert(4), sql`SELECT pg_sleep(600)`), abort))
    )
    yield* until(
      sql`SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND application_name = ${name}`,
      (rows) => rows.length > 0
    )
    yield* Deferred.succeed(abort, undefined)
    assert.isTrue(Exit.isFailure(yield* Fiber.join(hanging)))
    // The server is still asleep in it.
    yield* sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND application_name = ${name}`
    assert.deepStrictEqual(yield* sql`SELECT n FROM written ORDER BY n`, [{ n: 1 }, { n: 2 }])
  }).pipe(Effect.scoped, Effect.provide(services(database, quickPolls)))
})

/** Events that plain SQL inserts into `outbox_event`: found by whoever looks, or told of. */
import { PgClient } from "@effect/sql-pg"
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Queue, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { inject } from "vitest"
import { Integration, Migrations, Processor, Publisher, Subscriber } from "../../src/index.ts"
import { clientFor, databases, postgres, uniqueSchema, withSchema } from "../support/databases.ts"
import { eventsOf, noted, noting, serve, services, type Thing, unpolled, until } from "../support/scenario.ts"

const insert = ({ name }: Thing, numbers: ReadonlyArray<number>) =>
  SqlClient.SqlClient.use(
    (sql) => sql`
      INSERT INTO outbox_event (event_name, source_module, aggregate_type, aggregate_id, payload)
      SELECT ${name}, 'tests', 'Thing', '1', jsonb_build_object('n', n) FROM unnest(${numbers}::int[]) AS t (n)`
  )

/** Rows that are inserted one after the other, each when the one before has been delivered. */
const delivered = (test: string) =>
  Effect.gen(function* () {
    const { Happened } = eventsOf(test)
    const sql = yield* SqlClient.SqlClient
    const { drain } = yield* Processor
    yield* serve(noting(test, Happened))
    // A sweep waits for transactions of whoever shares the server, and polls may be an hour apart.
    const open = sql`SELECT 1 FROM integration_subscription WHERE swept_at IS NULL`
    yield* until(Effect.andThen(drain, open), (rows) => rows.length === 0)
    for (const n of [1, 2, 3]) {
      // What a poll finds is followed by another one soon: by now the process is idle.
      yield* Effect.sleep(400)
      yield* insert(Happened, [n])
      yield* until(noted(test), (rows) => rows.length === n)
    }
    assert.deepStrictEqual(yield* noted(test), [1, 2, 3])
  }).pipe(Effect.scoped)

/** Polls are an hour apart, but there is a look every 100 milliseconds. */
const looking = { ...unpolled, pollingIntervalMs: 100 }

for (const { layer, name } of databases) {
  it.live(`are found within pollingIntervalMs by a process that is idle, on ${name}`, () =>
    Effect.provide(delivered("looked"), services(layer, { settings: looking }))
  )

  it.live(`so they are where nobody hears what is told, on ${name}`, () =>
    Effect.provide(
      delivered("unheard"),
      services(layer, { announceInserts: true, settings: { ...looking, notifyEnabled: false } })
    )
  )
}

it.live("are routed at once when they are told of, though nobody looks within an hour", () =>
  Effect.provide(delivered("told"), services(postgres(), { announceInserts: true }))
)

it.live("processes share the work", () =>
  Effect.gen(function* () {
    const { Happened } = eventsOf("shared")
    const sql = yield* SqlClient.SqlClient
    yield* Layer.build(Layer.fresh(Integration.layer({ settings: unpolled })))
    yield* serve(noting("shared", Happened))
    const numbers = Array.from({ length: 2500 }, (_, n) => n)
    yield* insert(Happened, numbers)
    yield* until(noted("shared"), (rows) => rows.length === numbers.length)
    assert.isEmpty(yield* sql`SELECT 1 FROM integration_event WHERE routed_at IS NULL`)
  }).pipe(Effect.scoped, Effect.provide(services(postgres(), { announceInserts: true })))
)

it.live("what is told while nobody listens is found when somebody does again", () => {
  const schema = uniqueSchema()
  const listening = PgClient.layer({
    url: Redacted.make(inject("postgresUrl")),
    applicationName: schema,
    startupParameters: { search_path: schema }
  })
  return Effect.gen(function* () {
    const { Happened } = eventsOf("unheard")
    const sql = yield* SqlClient.SqlClient
    const seen: Array<number> = []
    const subscriber = Subscriber.make({
      consumer: "unheard",
      event: Happened,
      handler: ({ payload }) => Effect.sync(() => seen.push(payload.n))
    })
    yield* Layer.build(
      Subscriber.layer(subscriber).pipe(
        Layer.provide(Integration.layer({ announceInserts: true, settings: unpolled })),
        Layer.provide(listening)
      )
    )
    for (const n of [1, 2, 3]) {
      yield* insert(Happened, [n])
      yield* until(
        Effect.sync(() => seen.length),
        (count) => count === n
      )
      // The control connection, which has a lock.
      yield* until(
        sql`
          SELECT pg_terminate_backend(a.pid) FROM pg_stat_activity AS a
          WHERE a.application_name = ${schema} AND EXISTS (
            SELECT 1 FROM pg_locks AS l WHERE l.pid = a.pid AND l.locktype = 'advisory' AND l.mode = 'ShareLock'
          )`,
        (rows) => rows.length === 1
      )
    }
  }).pipe(Effect.scoped, Effect.provide(withSchema(schema).pipe(Layer.provideMerge(clientFor(schema)))))
})

it.live("one message tells of all rows of a transaction, when it commits; of what is published, none does", () =>
  Effect.gen(function* () {
    const { Happened, happenings } = eventsOf("announced")
    const sql = yield* SqlClient.SqlClient
    const client = yield* PgClient.PgClient
    const [row] = yield* client<{ channel: string }>`
      SELECT 'effect_integration_' || md5('inbox_event'::regclass::oid::text) AS channel`
    const channel = row?.channel ?? ""
    const arrived = yield* client.listen(channel)
    yield* insert(Happened, [0])
    yield* Migrations.run({ announceInserts: true })
    yield* Publisher.publishAll(happenings(10))
    yield* Effect.flip(sql.withTransaction(Effect.andThen(insert(Happened, [1]), Effect.fail("no"))))
    yield* insert(
      Happened,
      Array.from({ length: 1000 }, (_, n) => n)
    )
    yield* sql.withTransaction(Effect.forEach([1, 2, 3], (n) => insert(Happened, [n])))
    yield* client`SELECT pg_notify(${channel}, 'the end')`
    const said: Array<string> = []
    for (let last = ""; last !== "the end"; said.push(last)) last = (yield* Queue.take(arrived)).payload
    assert.deepStrictEqual(
      said.filter((payload) => payload.includes("route")),
      Array.from({ length: 2 }, () => '{"from": "sql", "route": true}')
    )
  }).pipe(Effect.scoped, Effect.provide(services(postgres())))
)

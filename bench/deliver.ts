/**
 * Publishing and draining events on PostgreSQL, beside the same work in bare SQL: see bench/README.md.
 *
 * `node bench/deliver.ts [--events 20000] [--rounds 5] [--concurrency 2]`. Uses `DATABASE_URL` if set, else starts a
 * PostgreSQL of its own with fsync on.
 */
import { parseArgs } from "node:util"
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Redacted, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { Consumer, DomainEvent, Integration, Publisher, Subscriber } from "../src/index.ts"
import * as Migrations from "../src/sql/migrations.ts"
import { startPostgres } from "../test/support/postgres.ts"

const { values } = parseArgs({
  options: {
    events: { type: "string", default: "20000" },
    rounds: { type: "string", default: "5" },
    concurrency: { type: "string", default: "2" }
  }
})
const events = Number(values.events)
const rounds = Number(values.rounds)
const concurrency = Number(values.concurrency)

/** 200 bytes of payload, as in the figures this is compared with. */
const text = "x".repeat(150)

const Measured = DomainEvent.define("bench.measured", {
  sourceModule: "bench",
  aggregateType: "Thing",
  aggregateId: (payload) => payload.id,
  payload: Schema.Struct({ id: Schema.String, text: Schema.String })
})

const payloads = Array.from({ length: events }, (_, index) => ({ id: `thing-${index}`, text }))

const lists = <A>(items: ReadonlyArray<A>, size: number) =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) => items.slice(index * size, (index + 1) * size))

const seconds = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.suspend(() => {
    const start = performance.now()
    return Effect.map(effect, () => (performance.now() - start) / 1000)
  })

/** A schema of its own with the tables in it, dropped afterwards. */
const inSchema = <A, E, R>(url: string, body: Effect.Effect<A, E, R | PgClient.PgClient | SqlClient.SqlClient>) => {
  const schema = `bench_${Math.random().toString(36).slice(2)}`
  const client = PgClient.layer({ url: Redacted.make(url), startupParameters: { search_path: schema } })
  const own = Effect.acquireRelease(
    SqlClient.SqlClient.use((sql) => sql`CREATE SCHEMA ${sql(schema)}`),
    () => SqlClient.SqlClient.use((sql) => Effect.orDie(sql`DROP SCHEMA ${sql(schema)} CASCADE`))
  )
  return Effect.scoped(Effect.andThen(own, body)).pipe(Effect.provide(client))
}

const createTable = SqlClient.SqlClient.use(
  (sql) => sql`CREATE TABLE handled (event_id uuid PRIMARY KEY, thing text NOT NULL)`
)

/** Fresh statistics, and no checkpoint of the last phase in this one. */
const settleDown = SqlClient.SqlClient.use((sql) => Effect.andThen(sql`VACUUM ANALYZE`, sql`CHECKPOINT`))

const drained = SqlClient.SqlClient.use((sql) =>
  Effect.flatMap(
    sql<{ open: number }>`SELECT count(*)::int AS open FROM inbox_event WHERE status <> 'processed'`,
    ([row]) => (row?.open === 0 ? Effect.void : Effect.die(new Error(`${row?.open} deliveries were not drained`)))
  )
)

type Handler = "noop" | "row"

/** Runs of handlers: tells when a look at the tables is worth its cost. */
let runs = 0

const subscriber = (handler: Handler) =>
  Subscriber.make({
    consumer: Consumer.make("bench.consumer", { concurrency }),
    event: Measured,
    handler: (event) => {
      runs++
      return handler === "noop"
        ? Effect.void
        : SqlClient.SqlClient.use(
            (sql) => sql`INSERT INTO handled (event_id, thing) VALUES (${event.id}::uuid, ${event.payload.id})`
          )
    }
  })

/** Waits until the workers are through. */
const untilDrained = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  while (runs < events) yield* Effect.sleep(1)
  for (;;) {
    const rows = yield* sql`
      SELECT 1 FROM inbox_event
      WHERE status IN ('received', 'failed') AND available_at < 'infinity' LIMIT 1`
    if (rows.length === 0) return
    yield* Effect.sleep(5)
  }
})

const untilSwept = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  while ((yield* sql`SELECT 1 FROM integration_subscription WHERE swept_at IS NULL`).length > 0) yield* Effect.sleep(5)
})

/** Defaults, apart from `concurrency` and the drain at start, which is switched off so that the workers drain. */
const integration = Integration.layer({ settings: { startupDrainEnabled: false } })

const runLibrary = (url: string, handler: Handler) =>
  inSchema(
    url,
    Effect.gen(function* () {
      yield* createTable
      const subscription = Subscriber.layer(subscriber(handler))
      runs = 0
      // The first start leaves the durable subscription behind, once its sweep is through.
      yield* untilSwept.pipe(Effect.provide(subscription), Effect.provide(integration))
      const published = yield* seconds(
        Effect.forEach(
          lists(payloads, 100),
          (list) => Publisher.publishAll(list.map((payload) => DomainEvent.publication(Measured, payload))),
          { concurrency: 4, discard: true }
        )
      ).pipe(Effect.provide(integration))
      yield* settleDown
      const drain = yield* Effect.gen(function* () {
        const context = yield* Layer.build(integration)
        return yield* seconds(
          Effect.scoped(Effect.andThen(Layer.build(subscription), untilDrained)).pipe(Effect.provideContext(context))
        )
      }).pipe(Effect.scoped)
      yield* drained
      return { publish: events / published, drain: events / drain }
    })
  )

const bareClaim = (sql: SqlClient.SqlClient) => sql<{ id: string; eventId: string; payload: { id: string } }>`
  WITH claimed AS MATERIALIZED (
    SELECT id, outbox_event_id, position
    FROM inbox_event
    WHERE consumer_name = 'bench.consumer' AND status IN ('received', 'failed') AND available_at < 'infinity'
      AND available_at <= now()
    ORDER BY available_at, position
    LIMIT 500
    FOR UPDATE SKIP LOCKED
  )
  SELECT c.id::text AS "id", c.outbox_event_id::text AS "eventId", e.payload AS "payload"
  FROM claimed AS c
  JOIN outbox_event AS e ON e.id = c.outbox_event_id
  ORDER BY c.position`

/** What a person would write by hand for exactly this: batches of 500, one transaction each. */
const bareWorker = (handler: Handler) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    for (;;) {
      const count = yield* sql.withTransaction(
        Effect.gen(function* () {
          const rows = yield* bareClaim(sql)
          if (handler === "row") {
            for (const row of rows) {
              yield* sql`INSERT INTO handled (event_id, thing) VALUES (${row.eventId}::uuid, ${row.payload.id})`
            }
          }
          yield* sql`
            UPDATE inbox_event
            SET status = 'processed', attempt_count = attempt_count + 1, processed_at = now(), updated_at = now()
            WHERE id = ANY (${rows.map((row) => row.id)}::uuid[])`
          return rows.length
        })
      )
      if (count === 0) return
    }
  }).pipe(Effect.withTracerEnabled(false))

const barePublish = (sql: SqlClient.SqlClient, list: typeof payloads) => {
  const ids = list.map(() => crypto.randomUUID())
  return sql`
    WITH stored AS (
      INSERT INTO outbox_event (id, event_name, source_module, aggregate_type, aggregate_id, payload, routed_at)
      SELECT i.id, 'bench.measured', 'bench', 'Thing', i.thing, i.payload, now()
      FROM unnest(
        ${ids}::uuid[], ${list.map((payload) => payload.id)}::text[],
        ${list.map((payload) => JSON.stringify(payload))}::jsonb[]
      ) AS i (id, thing, payload)
      RETURNING id, position
    )
    INSERT INTO inbox_event (outbox_event_id, consumer_name, event_name, position)
    SELECT id, 'bench.consumer', 'bench.measured', position FROM stored`
}

const runBare = (url: string, handler: Handler) =>
  inSchema(
    url,
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* Effect.void.pipe(Effect.provide(Migrations.layer(true)))
      yield* createTable
      const published = yield* seconds(
        Effect.forEach(lists(payloads, 100), (list) => barePublish(sql, list), { concurrency: 4, discard: true }).pipe(
          Effect.withTracerEnabled(false)
        )
      )
      yield* settleDown
      const drain = yield* seconds(Effect.all([bareWorker(handler), bareWorker(handler)], { concurrency: 2 }))
      yield* drained
      return { publish: events / published, drain: events / drain }
    })
  )

const median = (numbers: ReadonlyArray<number>) => {
  const sorted = [...numbers].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

const format = (numbers: ReadonlyArray<number>) =>
  `${Math.round(median(numbers)).toLocaleString("en")} (${Math.round(Math.min(...numbers)).toLocaleString("en")}–${Math.round(Math.max(...numbers)).toLocaleString("en")})`

const row = (name: string, ours: ReadonlyArray<number>, bare: ReadonlyArray<number>) =>
  `| ${name} | ${format(ours)} | ${format(bare)} | ${(median(ours) / median(bare)).toFixed(2)} |`

const server = process.env.DATABASE_URL === undefined ? await startPostgres({ fsync: true }) : undefined
const url = process.env.DATABASE_URL ?? (server?.url as string)

const cases = ["noop", "row"] as const
const results = {
  noop: {
    ours: [] as Array<{ publish: number; drain: number }>,
    bare: [] as Array<{ publish: number; drain: number }>
  },
  row: { ours: [] as Array<{ publish: number; drain: number }>, bare: [] as Array<{ publish: number; drain: number }> }
}

const main = Effect.gen(function* () {
  // The first round warms up both sides and is not counted.
  for (let round = 0; round <= rounds; round++) {
    for (const handler of cases) {
      const bare = yield* runBare(url, handler)
      const ours = yield* runLibrary(url, handler)
      if (round === 0) continue
      results[handler].bare.push(bare)
      results[handler].ours.push(ours)
    }
  }
  const publishes = (side: "ours" | "bare") => cases.flatMap((handler) => results[handler][side].map((_) => _.publish))
  const drains = (handler: Handler, side: "ours" | "bare") => results[handler][side].map((_) => _.drain)
  console.log(`${events} events, ${rounds} rounds, concurrency ${concurrency}, Node ${process.version}`)
  console.log("| work | here, events/s: median (range) | bare SQL | ratio |")
  console.log("|---|---|---|---|")
  console.log(row("publish, lists of 100, 4 at once", publishes("ours"), publishes("bare")))
  console.log(row("drain, handler does nothing", drains("noop", "ours"), drains("noop", "bare")))
  console.log(row("drain, handler writes one row", drains("row", "ours"), drains("row", "bare")))
})

try {
  await Effect.runPromise(main)
} finally {
  await server?.stop()
}

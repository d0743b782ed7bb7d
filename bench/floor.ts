/**
 * The floor: bare SQL written for exactly this work, through the same client and on the same tables. No decoding, no
 * timeouts, no retries, no wake-ups but its own.
 */
import { PgClient } from "@effect/sql-pg"
import { Effect, ManagedRuntime, Queue } from "effect"
import { SqlClient } from "effect/sql"
import { clientFor, execute, settleDown } from "./harness/database.ts"
import { type Measured, type Run, throughput } from "./harness/model.ts"
import { handledTable, listsOf, type Payload, payloads } from "./harness/work.ts"
import { consumerName, type Handler, Happened, integration } from "./here.ts"

export const bare = (url: string) => ManagedRuntime.make(clientFor(url))

/** The tables, and nothing else. */
export const createTables = async (url: string) => {
  const runtime = integration(url)
  await runtime.runPromise(Effect.void)
  await execute(runtime, handledTable)
  await runtime.dispose()
}

const insertStatement = `
  WITH stored AS (
    INSERT INTO integration_event (id, event_name, source_module, aggregate_type, aggregate_id, payload, routed_at)
    SELECT gen_random_uuid(), '${Happened.name}', 'bench', 'Thing', i.thing, i.payload, now()
    FROM unnest($1::text[], $2::jsonb[]) AS i (thing, payload)
    RETURNING id, position
  )
  INSERT INTO inbox_event (id, outbox_event_id, consumer_name, event_name, position)
  SELECT gen_random_uuid(), id, '${consumerName()}', '${Happened.name}', position FROM stored`

/** One event and its delivery, or a list of them, in one statement. */
export const insert = (list: ReadonlyArray<Payload>) =>
  SqlClient.SqlClient.use((sql) =>
    sql.unsafe(insertStatement, [list.map((payload) => payload.id), list.map((payload) => JSON.stringify(payload))])
  ).pipe(Effect.withTracerEnabled(false))

export const insertAll = (lists: ReadonlyArray<ReadonlyArray<Payload>>) =>
  Effect.forEach(lists, insert, { concurrency: 10, discard: true })

const claim = (limit: number) => `
  WITH claimed AS MATERIALIZED (
    SELECT outbox_event_id, position
    FROM inbox_event
    WHERE consumer_name = '${consumerName()}' AND status IN ('received', 'failed') AND available_at < 'infinity'
      AND available_at <= now()
    ORDER BY available_at, position
    LIMIT ${limit}
    FOR UPDATE SKIP LOCKED
  )
  SELECT c.outbox_event_id::text AS "eventId", e.payload AS "payload"
  FROM claimed AS c
  CROSS JOIN LATERAL (SELECT payload FROM integration_event WHERE id = c.outbox_event_id LIMIT 1) AS e
  ORDER BY c.position`

interface Row {
  readonly eventId: string
  readonly payload: Payload
}

const handle = (sql: SqlClient.SqlClient, handler: Handler, rows: ReadonlyArray<Row>) =>
  handler === "nothing" || rows.length === 0
    ? Effect.void
    : handler === "batch"
      ? sql`INSERT INTO handled (thing) SELECT unnest(${rows.map((row) => row.payload.id)}::text[])`
      : Effect.forEach(rows, (row) => sql`INSERT INTO handled (thing) VALUES (${row.payload.id})`, { discard: true })

const mark = (sql: SqlClient.SqlClient, rows: ReadonlyArray<Row>) => sql`
  UPDATE inbox_event
  SET status = 'processed', attempt_count = attempt_count + 1, processed_at = now(), updated_at = now()
  WHERE outbox_event_id = ANY (${rows.map((row) => row.eventId)}::uuid[]) AND consumer_name = ${consumerName()}`

/** Claims and handles up to `limit` deliveries in one transaction. */
export const batch = (handler: Handler, limit: number) =>
  SqlClient.SqlClient.use((sql) =>
    sql.withTransaction(
      Effect.gen(function* () {
        const rows = yield* sql.unsafe<Row>(claim(limit))
        yield* handle(sql, handler, rows)
        if (rows.length > 0) yield* mark(sql, rows)
        return rows
      })
    )
  ).pipe(Effect.withTracerEnabled(false))

const drained = (handler: Handler) =>
  Effect.gen(function* () {
    while ((yield* batch(handler, 500)).length > 0) {}
  })

/** One worker, batches of 500. */
export const drain = async (run: Run, handler: Handler): Promise<Measured> => {
  await createTables(run.url)
  const runtime = bare(run.url)
  await runtime.runPromise(insertAll(listsOf(payloads(run.size))))
  await settleDown(runtime)
  const took = await run.timed(() => runtime.runPromise(drained(handler)))
  await runtime.dispose()
  return throughput(run.size, took)
}

/** Waits for NOTIFY, then claims one delivery after the other. */
export const consume = async (url: string, onHandled: () => void) => {
  const runtime = bare(url)
  const worker = Effect.gen(function* () {
    const client = yield* PgClient.PgClient
    const wakes = yield* Queue.sliding<void>(1)
    const arrived = yield* client.listen("bench")
    yield* Queue.take(arrived).pipe(Effect.andThen(Queue.offer(wakes, undefined)), Effect.forever, Effect.forkScoped)
    for (;;) {
      yield* Queue.take(wakes)
      for (;;) {
        const rows = yield* batch("nothing", 10)
        if (rows.length === 0) break
        for (const _ of rows) onHandled()
      }
    }
  })
  runtime.runFork(Effect.scoped(worker))
  await new Promise((resolve) => setTimeout(resolve, 500))
  return runtime
}

/** What the child processes of tests share: the event, the ledger, and their database. */
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Redacted, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { DomainEvent, Integration, Subscriber } from "../../src/index.ts"

export const Counted = DomainEvent.define("children.counted", {
  sourceModule: "tests",
  aggregateType: "Thing",
  aggregateId: (payload) => `thing-${payload.n}`,
  payload: Schema.Struct({ n: Schema.Number })
})

export const database = PgClient.layer({
  url: Redacted.make(process.env.TEST_URL ?? ""),
  startupParameters: { search_path: process.env.TEST_SCHEMA ?? "" }
})

export const createLedger = SqlClient.SqlClient.use(
  (sql) => sql`
    CREATE TABLE IF NOT EXISTS ledger (consumer text NOT NULL, event_id uuid NOT NULL, pid int NOT NULL)`
)

/** Writes one row per event. Nothing but the library keeps it from writing two. */
export const counting = (consumer: string) =>
  Subscriber.make({
    consumer,
    event: Counted,
    handler: (event) =>
      SqlClient.SqlClient.use(
        (sql) =>
          sql`INSERT INTO ledger (consumer, event_id, pid) VALUES (${consumer}, ${event.id}::uuid, ${process.pid})`
      )
  })

export const integration = Integration.layer({ settings: { pollingIntervalMs: 200, idlePollingIntervalMs: 200 } }).pipe(
  Layer.provideMerge(database)
)

export const say = (name: string, more: Record<string, unknown> = {}) =>
  Effect.sync(() => {
    process.stdout.write(`${JSON.stringify({ name, ...more })}\n`)
  })

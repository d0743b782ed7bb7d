/**
 * Notes of attempts that began: rows of `integration_attempt` that are `started`.
 *
 * @internal
 */
import { Effect, Option } from "effect"
import { type SqlClient, SqlError } from "effect/sql"
import type { DeliveryKey } from "../stores/Delivery.ts"
import type { StartedAttempt } from "../stores/ReplicaStore.ts"
import type { Query } from "./connection/controlConnection.ts"

/** The id of the current transaction; none outside of one. */
const currentOf = (sql: SqlClient.SqlClient) =>
  Effect.flatMap(Effect.serviceOption(sql.transactionService), (open) =>
    Option.isNone(open)
      ? Effect.undefined
      : Effect.map(sql<{ id: string }>`SELECT pg_current_xact_id()::text AS "id"`, ([running]) => running?.id)
  )

const ended = () => {
  const message = "the transaction of the attempt has ended before its note was written"
  return new SqlError.SqlError({
    reason: new SqlError.ConnectionError({ cause: new Error(message), message, operation: "noteStarted" })
  })
}

/**
 * Notes that an attempt begins, on a connection of its own: committed at once. That one may be waited for, while it is made
 * anew: when the transaction that holds the delivery has ended meanwhile, nothing is written, and it fails. Others may have
 * handled the delivery by then, and nobody would look for the note until it is charged as a crash.
 */
export const noteStarted = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  query: Query,
  id: string,
  { consumer, eventId }: DeliveryKey,
  attempt: number
) {
  const current = yield* currentOf(sql)
  const written = yield* query(
    `INSERT INTO integration_attempt (outbox_event_id, consumer_name, attempt, started_at, finished_at, outcome, replica_id)
    SELECT $1::uuid, $2, $3::int, clock_timestamp(), NULL, 'started', $4::uuid
    WHERE $5::text IS NULL OR pg_xact_status($5::text::xid8) = 'in progress'
    RETURNING 1`,
    [eventId, consumer, attempt, id, current ?? null]
  )
  if (written.length === 0) return yield* ended()
})

const isNoteOf = (sql: SqlClient.SqlClient, { consumer, eventId }: DeliveryKey) =>
  sql`outbox_event_id = ${eventId}::uuid AND consumer_name = ${consumer} AND outcome = 'started'`

export const findStarted = (sql: SqlClient.SqlClient) => (delivery: DeliveryKey) =>
  sql<StartedAttempt>`
  SELECT (extract(epoch FROM clock_timestamp() - started_at) * 1000)::float8 AS "ageMillis"
  FROM integration_attempt
  WHERE ${isNoteOf(sql, delivery)}
  ORDER BY id
  LIMIT 1`

export const eraseStarted = (sql: SqlClient.SqlClient) => (delivery: DeliveryKey) =>
  sql`
  DELETE FROM integration_attempt WHERE ${isNoteOf(sql, delivery)}`

/**
 * Notes of attempts that began: rows of `integration_attempt` that are `started`.
 *
 * @internal
 */
import { Effect, Option } from "effect"
import { type SqlClient, SqlError } from "effect/sql"
import type { Claimed, DeliveryKey } from "../stores/Delivery.ts"
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
 * Notes that attempts begin, on a connection of its own: committed at once. That one may be waited for, while it is made
 * anew: when the transaction that holds the deliveries has ended meanwhile, nothing is written, and it fails. Others may have
 * handled them by then, and nobody would look for a note until it is charged as a crash.
 */
export const noteStarted = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  query: Query,
  id: string,
  deliveries: ReadonlyArray<DeliveryKey & Pick<Claimed, "attemptCount">>
) {
  const current = yield* currentOf(sql)
  const written = yield* query(
    `INSERT INTO integration_attempt (
      outbox_event_id, consumer_name, attempt, started_at, finished_at, outcome, replica_id, together
    )
    SELECT n.event, n.consumer, n.attempt, clock_timestamp(), NULL, 'started', $4::uuid, cardinality($1::uuid[])
    FROM unnest($1::uuid[], $2::text[], $3::int[]) AS n (event, consumer, attempt)
    WHERE $5::text IS NULL OR pg_xact_status($5::text::xid8) = 'in progress'
    RETURNING 1`,
    [
      deliveries.map(({ eventId }) => eventId),
      deliveries.map(({ consumer }) => consumer),
      deliveries.map(({ attemptCount }) => attemptCount + 1),
      id,
      current ?? null
    ]
  )
  if (written.length < deliveries.length) return yield* ended()
})

/** Notes `a` of these deliveries, which are of one consumer. */
const notesOf = (sql: SqlClient.SqlClient, deliveries: ReadonlyArray<DeliveryKey>) =>
  sql`a.outbox_event_id = ANY (${deliveries.map(({ eventId }) => eventId)}::uuid[])
    AND a.consumer_name = ${deliveries[0]?.consumer} AND a.outcome = 'started'`

export const findStarted = (sql: SqlClient.SqlClient) => (deliveries: ReadonlyArray<DeliveryKey>) =>
  sql<StartedAttempt>`
  SELECT DISTINCT ON (a.outbox_event_id) a.outbox_event_id::text AS "eventId", a.together = 1 AS "isAlone",
    (extract(epoch FROM clock_timestamp() - a.started_at) * 1000)::float8 AS "ageMillis"
  FROM integration_attempt AS a
  WHERE ${notesOf(sql, deliveries)}
  ORDER BY a.outbox_event_id, a.together = 1 DESC, a.id`

/** @param writer - id of the process whose notes are meant; undefined: all */
export const eraseStarted =
  (sql: SqlClient.SqlClient) => (deliveries: ReadonlyArray<DeliveryKey>, writer: string | undefined) =>
    sql`
  DELETE FROM integration_attempt AS a
  WHERE ${notesOf(sql, deliveries)} AND (${writer ?? null}::uuid IS NULL OR a.replica_id = ${writer ?? null}::uuid)`

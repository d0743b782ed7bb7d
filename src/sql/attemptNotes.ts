/**
 * Notes of attempts that began: rows of `integration_attempt` that are `started`.
 *
 * @internal
 */
import type { SqlClient } from "effect/sql"
import type { StartedAttempt } from "../stores/ReplicaStore.ts"
import type { Query } from "./connection/controlConnection.ts"

/** Notes that an attempt begins, on a connection of its own: committed at once. */
export const noteStarted = (query: Query, id: string, deliveryId: string, attempt: number) =>
  query(
    `INSERT INTO integration_attempt (inbox_event_id, attempt, started_at, finished_at, outcome, replica_id)
    VALUES ($1::uuid, $2::int, clock_timestamp(), NULL, 'started', $3::uuid)`,
    [deliveryId, attempt, id]
  )

export const findStarted = (sql: SqlClient.SqlClient) => (deliveryId: string) =>
  sql<StartedAttempt>`
  SELECT (extract(epoch FROM clock_timestamp() - started_at) * 1000)::float8 AS "ageMillis"
  FROM integration_attempt
  WHERE inbox_event_id = ${deliveryId}::uuid AND outcome = 'started'
  ORDER BY id
  LIMIT 1`

export const eraseStarted = (sql: SqlClient.SqlClient) => (deliveryId: string) =>
  sql`
  DELETE FROM integration_attempt WHERE inbox_event_id = ${deliveryId}::uuid AND outcome = 'started'`

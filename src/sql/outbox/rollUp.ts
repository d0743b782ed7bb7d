/**
 * The final status of events, from their deliveries.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { bisectRefused, onRefusal } from "../connection/bisect.ts"
import { isSettled } from "../deliveryStates.ts"

/**
 * An event gets its final status from its deliveries.
 *
 * The row version read is compared with the one updated: whoever makes an event pending again while this statement runs
 * (registration sweep, requeue) writes the row, which ends the match, so a delivery this statement could not see is
 * never rolled over. Rows are updated in the order of ids, so that two statements never wait for each other in a circle.
 * `ctid` spares a second lookup, and a join that would read the whole table; `xmin` is what decides
 * when the row has changed.
 */
const rollUp = (candidates: string) => `
  WITH rolled AS (
    UPDATE outbox_event AS o
    SET status = d.status, attempt_count = d.attempt_count, last_error = d.last_error,
      processed_at = clock_timestamp(), updated_at = clock_timestamp()
    FROM (${candidates}) AS e
    CROSS JOIN LATERAL (
      SELECT coalesce(max(i.attempt_count), 0) AS attempt_count,
        CASE WHEN bool_or(i.status = 'dead_letter') THEN 'dead_letter'
          WHEN bool_or(i.status = 'failed') THEN 'failed'
          ELSE 'processed' END AS status,
        coalesce(
          max(i.last_error) FILTER (WHERE i.status = 'dead_letter'),
          max(i.last_error) FILTER (WHERE i.status = 'failed'),
          max(i.last_error)
        ) AS last_error,
        coalesce(bool_and(${isSettled("i")}), true) AS is_settled
      FROM inbox_event AS i
      WHERE i.outbox_event_id = e.id
    ) AS d
    WHERE o.ctid = e.ctid AND o.xmin = e.version AND d.is_settled
    RETURNING 1
  )
  SELECT count(*)::int AS "rolled" FROM rolled`

export const rollUpGiven = (sql: SqlClient.SqlClient) => {
  const statement = rollUp(
    "SELECT id, ctid, xmin AS version FROM outbox_event WHERE id = ANY ($1::uuid[]) AND status = 'pending' ORDER BY id"
  )
  const change = (ids: ReadonlyArray<string>) =>
    Effect.map(sql.unsafe<{ rolled: number }>(statement, [ids]), ([row]) => row?.rolled ?? 0)
  return (eventIds: ReadonlyArray<string>) =>
    Effect.map(bisectRefused("outbox.rollUp", eventIds, change), ({ results }) =>
      results.reduce((sum, count) => sum + count, 0)
    )
}

export const rollUpWindow = (sql: SqlClient.SqlClient) => {
  const statement = rollUp(`
    SELECT *
    FROM (
      SELECT id, ctid, xmin AS version
      FROM outbox_event
      WHERE status = 'pending' AND routed_at IS NOT NULL AND position > $1::bigint
      ORDER BY position
      LIMIT $2::int
    ) AS w
    ORDER BY id`)
  const pending = (position: bigint, limit: number) => sql<{ id: string }>`
    SELECT id::text AS "id"
    FROM outbox_event
    WHERE status = 'pending' AND routed_at IS NOT NULL AND position > ${String(position)}::bigint
    ORDER BY position
    LIMIT ${limit}::int`
  const given = rollUpGiven(sql)
  return (position: bigint, limit: number) =>
    onRefusal(
      Effect.map(sql.unsafe<{ rolled: number }>(statement, [String(position), limit]), ([row]) => row?.rolled ?? 0),
      Effect.flatMap(pending(position, limit), (rows) => given(rows.map(({ id }) => id)))
    )
}

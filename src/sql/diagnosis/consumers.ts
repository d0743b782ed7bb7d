/**
 * What consumers wait for, and how far they are behind.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import type { ConsumerCondition } from "../../stores/DiagnosisStore.ts"
import { claimable, gaveUp } from "../deliveryStates.ts"

const millisSince = (column: string) => `(extract(epoch FROM clock_timestamp() - ${column}) * 1000)::float8`

/** The oldest is the first of the claims' index. */
const conditions = `
  SELECT c.consumer_name AS "consumer", ${millisSince("c.paused_at")} AS "pausedMillis", c.pause_reason AS "pauseReason",
    CASE WHEN c.cool_until > clock_timestamp() THEN -${millisSince("c.cool_until")} END AS "coolsForMillis",
    c.held_for_backfill AS "isHeldForBackfill", c.recovering_until IS NOT NULL AS "isRecovering",
    greatest(coalesce((
      SELECT ${millisSince("i.available_at")}
      FROM inbox_event AS i
      WHERE i.consumer_name = c.consumer_name AND ${claimable}
      ORDER BY i.available_at, i.position
      LIMIT 1
    ), 0), 0) AS "oldestMillis", 0 AS "gaveUpLately"
  FROM (SELECT * FROM integration_consumer ORDER BY consumer_name LIMIT 1000) AS c
  ORDER BY c.consumer_name`

/** The last to give up are the last of the dead letters' index, which is read backwards: any other way would read all of them. */
const gaveUpLately = `
  SELECT g.consumer_name AS "consumer", count(*)::int AS "count"
  FROM (
    SELECT i.consumer_name, coalesce(i.processed_at, i.updated_at) AS at
    FROM inbox_event AS i
    WHERE ${gaveUp}
    ORDER BY coalesce(i.processed_at, i.updated_at) DESC, i.id DESC
    LIMIT 2000
  ) AS g
  WHERE g.at > clock_timestamp() - interval '1 hour'
  GROUP BY g.consumer_name`

export const consumers = (sql: SqlClient.SqlClient) =>
  Effect.gen(function* () {
    const rows = yield* sql.unsafe<ConsumerCondition>(conditions)
    const lately = yield* sql.unsafe<{ consumer: string; count: number }>(gaveUpLately)
    const counts = new Map(lately.map(({ consumer, count }) => [consumer, count]))
    return rows.map((row) => ({ ...row, gaveUpLately: counts.get(row.consumer) ?? 0 }))
  })

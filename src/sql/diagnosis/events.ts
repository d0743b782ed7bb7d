/**
 * Events that nobody hears, among the latest: ids are in the order of time.
 *
 * @internal
 */
import type { SqlClient } from "effect/sql"
import type { UnheardEvent } from "../../stores/DiagnosisStore.ts"

export const unheard = (sql: SqlClient.SqlClient, sample: number) => sql<UnheardEvent>`
  SELECT n.event_name AS "eventName", n.count AS "count", n.last_at AS "lastAt"
  FROM (
    SELECT e.event_name, count(*)::int AS count, max(e.created_at) AS last_at
    FROM (SELECT event_name, created_at FROM integration_event ORDER BY id DESC LIMIT ${String(sample)}::int) AS e
    GROUP BY e.event_name
  ) AS n
  WHERE NOT EXISTS (SELECT 1 FROM integration_subscription AS s WHERE n.event_name LIKE s.event_like)
  ORDER BY n.count DESC, n.event_name
  LIMIT 50`

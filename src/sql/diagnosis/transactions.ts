/**
 * Transactions that have been open for long. What they run is not shown: it may hold what is nobody's business.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import type { OpenTransaction } from "../../stores/DiagnosisStore.ts"

/** Only those that have an id or a snapshot hold anything back. */
const running = (sql: SqlClient.SqlClient, olderThanMillis: number) => sql<OpenTransaction>`
  SELECT a.pid AS "pid", NULL AS "gid", coalesce(a.application_name, '') AS "application", coalesce(a.usename, '')::text AS "role",
    coalesce(a.state, '') AS "state", (extract(epoch FROM clock_timestamp() - a.xact_start) * 1000)::float8 AS "ageMillis"
  FROM pg_stat_activity AS a
  WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND (a.backend_xid IS NOT NULL OR a.backend_xmin IS NOT NULL)
    AND a.xact_start < clock_timestamp() - ${String(olderThanMillis)}::float8 * interval '1 millisecond'
  ORDER BY a.xact_start
  LIMIT 20`

const prepared = (sql: SqlClient.SqlClient, olderThanMillis: number) => sql<OpenTransaction>`
  SELECT NULL AS "pid", p.gid AS "gid", '' AS "application", p.owner::text AS "role", 'prepared' AS "state",
    (extract(epoch FROM clock_timestamp() - p.prepared) * 1000)::float8 AS "ageMillis"
  FROM pg_prepared_xacts AS p
  WHERE p.database = current_database()
    AND p.prepared < clock_timestamp() - ${String(olderThanMillis)}::float8 * interval '1 millisecond'
  ORDER BY p.prepared
  LIMIT 20`

/** Of sessions of other roles, a role without pg_read_all_stats sees only that they are there. */
const hidden = (sql: SqlClient.SqlClient) => sql<{ count: number }>`
  SELECT count(*)::int AS "count"
  FROM pg_stat_activity
  WHERE datname = current_database() AND query = '<insufficient privilege>'`

export const transactions = (sql: SqlClient.SqlClient, olderThanMillis: number) =>
  Effect.gen(function* () {
    const found = [...(yield* running(sql, olderThanMillis)), ...(yield* prepared(sql, olderThanMillis))]
    const [row] = yield* hidden(sql)
    return { found: found.toSorted((a, b) => b.ageMillis - a.ageMillis), hidden: row?.count ?? 0 }
  })

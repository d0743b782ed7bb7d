/**
 * How the server keeps our tables clean.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import type { TableCondition } from "../../stores/DiagnosisStore.ts"
import { tables as names } from "../connection/tableClient.ts"

/** The schema of the tables, by its id. */
export const schemaId = "(SELECT t.relnamespace FROM pg_class AS t WHERE t.oid = 'inbox_event'::regclass)"

const conditions = (sql: SqlClient.SqlClient) =>
  sql.unsafe<TableCondition>(
    `SELECT c.relname::text AS "table", quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS "qualified",
      coalesce(s.n_live_tup, 0)::float8 AS "live", coalesce(s.n_dead_tup, 0)::float8 AS "dead", c.reltuples::float8 AS "estimated",
      greatest(s.last_vacuum, s.last_autovacuum) AS "lastVacuumAt",
      EXISTS (
        SELECT 1
        FROM unnest(c.reloptions) AS o (option)
        WHERE o.option LIKE 'autovacuum\\_enabled=%' AND NOT split_part(o.option, '=', 2)::boolean
      ) AS "isAutovacuumOff"
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    LEFT JOIN pg_stat_all_tables AS s ON s.relid = c.oid
    WHERE c.relnamespace = ${schemaId} AND c.relkind = 'r' AND c.relname = ANY ($1::text[])
    ORDER BY c.relname`,
    [names]
  )

export const tables = (sql: SqlClient.SqlClient) =>
  Effect.gen(function* () {
    const [server] = yield* sql<{ isOff: boolean }>`
      SELECT NOT (current_setting('autovacuum')::boolean AND current_setting('track_counts')::boolean) AS "isOff"`
    return { tables: yield* conditions(sql), isAutovacuumOff: server?.isOff === true }
  })

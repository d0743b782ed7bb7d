/**
 * What processes say that they serve.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import type { ServingProcess } from "../../stores/DiagnosisStore.ts"
import type { Served } from "../../stores/ReplicaStore.ts"

interface Row extends Pick<ServingProcess, "id" | "host" | "pid"> {
  readonly consumers: Readonly<Record<string, Omit<Served, "consumer">>>
}

export const processes = (sql: SqlClient.SqlClient, silentMillis: number) =>
  sql<Row>`
    SELECT id::text AS "id", host AS "host", pid AS "pid", consumers AS "consumers"
    FROM integration_replica
    WHERE status = 'running' AND last_seen_at > clock_timestamp() - ${String(silentMillis)}::float8 * interval '1 millisecond'
    ORDER BY started_at DESC, id
    LIMIT 200`.pipe(
    Effect.map((rows) =>
      rows.map(
        ({ consumers, ...process }): ServingProcess => ({
          ...process,
          // Of what one served before there are no names.
          served: Object.entries(consumers)
            .map(([consumer, served]) => ({ consumer, ...served }))
            .filter(({ names, patterns }) => names.length + patterns.length > 0)
        })
      )
    )
  )

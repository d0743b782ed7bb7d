/**
 * Whether the server takes writes, and what time it has.
 *
 * @internal
 */
import { Clock, Effect } from "effect"
import type { SqlClient } from "effect/sql"
import type { ServerCondition } from "../../stores/DiagnosisStore.ts"

/** The setting that transactions begin with: that of a look itself says nothing. */
const asked = (sql: SqlClient.SqlClient) => sql<
  Pick<ServerCondition, "isInRecovery" | "isReadOnly"> & { time: number }
>`
  SELECT pg_is_in_recovery() AS "isInRecovery", current_setting('default_transaction_read_only')::boolean AS "isReadOnly",
    (extract(epoch FROM clock_timestamp()) * 1000)::float8 AS "time"`

/** The answer was written at some time between the two by which it came. */
export const server = (sql: SqlClient.SqlClient) =>
  Effect.gen(function* () {
    const before = yield* Clock.currentTimeMillis
    const [row] = yield* asked(sql)
    const after = yield* Clock.currentTimeMillis
    return {
      isInRecovery: row?.isInRecovery === true,
      isReadOnly: row?.isReadOnly === true,
      aheadMillis: (row?.time ?? after) - (before + after) / 2,
      uncertainMillis: (after - before) / 2
    } satisfies ServerCondition
  })

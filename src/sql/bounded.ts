/**
 * Transactions of maintenance: several statements of our own, which hold rows that others wait for.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { SqlCapabilities } from "../SqlCapabilities.ts"

/** How long one may wait for its next statement before the server ends it: its process is frozen, or out of reach. */
const idleTimeout = "30s"

/** Runs an effect in a transaction. */
export type InTransaction = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | SqlError.SqlError, R>

/** Transactions that the server ends when nobody goes on with them, where it can. */
export const bounded = (sql: SqlClient.SqlClient): Effect.Effect<InTransaction> =>
  Effect.map(SqlCapabilities, ({ lockTimeout }): InTransaction => {
    if (!lockTimeout) return sql.withTransaction
    const limit = sql`SELECT set_config('idle_in_transaction_session_timeout', ${idleTimeout}, true)`
    return (effect) => sql.withTransaction(Effect.andThen(limit, effect))
  })

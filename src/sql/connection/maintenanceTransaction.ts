/**
 * Transactions of maintenance: several statements of our own, which hold rows that others wait for.
 *
 * @internal
 */
import { Effect, Option } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { SqlCapabilities } from "../../stores/SqlCapabilities.ts"
import { endsWhenInterrupted } from "../../stores/unresponsive.ts"
import { abortableTransaction } from "./abortableTransaction.ts"

/** How long one may wait for its next statement before the server ends it: its process is frozen, or out of reach. */
const idleTimeout = "30s"

/** Runs an effect in a transaction. */
export type InTransaction = <A, E, R>(effect: Effect.Effect<A, E, R>) => Effect.Effect<A, E | SqlError.SqlError, R>

/**
 * Transactions that the server ends when nobody goes on with them, where it can, and that end when they are interrupted
 * whether the server answers or not. In a transaction that is open already: a part of it.
 */
export const maintenanceTransaction = (sql: SqlClient.SqlClient): Effect.Effect<InTransaction> =>
  Effect.map(SqlCapabilities, ({ lockTimeout }): InTransaction => {
    if (!lockTimeout) return sql.withTransaction
    // Each statement looks anew, whatever the database's default is.
    const readCommitted = Effect.provideService(SqlClient.BeginTransaction, "BEGIN ISOLATION LEVEL READ COMMITTED")
    const limit = sql`SELECT set_config('idle_in_transaction_session_timeout', ${idleTimeout}, true)`
    return (effect) =>
      Effect.flatMap(Effect.serviceOption(sql.transactionService), (open) =>
        Option.isSome(open)
          ? sql.withTransaction(effect)
          : endsWhenInterrupted((abort) =>
              abortableTransaction(sql, readCommitted(sql.withTransaction(Effect.andThen(limit, effect))), abort)
            )
      )
  })

/**
 * The edge where driver errors become `StoreError`.
 *
 * @internal
 */
import { Effect, Option } from "effect"
import { type SqlClient, SqlError } from "effect/sql"
import { databaseWords } from "../../errors/errorText.ts"
import { StoreError } from "../../errors/StoreErrors.ts"
import { repeatAlone } from "../../stores/contention.ts"
import { untraced } from "../../telemetry/tracing.ts"

const toStoreError = (operation: string, error: SqlError.SqlError): StoreError =>
  new StoreError({ operation, reason: databaseWords(error), isRetryable: error.isRetryable, cause: error })

/** Maps `SqlError` to `StoreError`, naming the operation. */
export const storeErrors =
  (operation: string) =>
  <A, E, R>(
    effect: Effect.Effect<A, E | SqlError.SqlError, R>
  ): Effect.Effect<A, Exclude<E, SqlError.SqlError> | StoreError, R> =>
    Effect.mapError(effect, (error) =>
      error instanceof SqlError.SqlError ? toStoreError(operation, error) : (error as Exclude<E, SqlError.SqlError>)
    )

/** Whether the current fiber is in a transaction of this client. */
export const isInTransaction = (sql: SqlClient.SqlClient): Effect.Effect<boolean> =>
  Effect.map(Effect.serviceOption(sql.transactionService), Option.isSome)

/** As `storeErrors`, for statements of our own, which no tracer is told of; an operation outside of a transaction is repeated when others stood in its way: see `repeatAlone`. */
export const storeErrorsOf = (sql: SqlClient.SqlClient): typeof storeErrors => {
  const repeated = repeatAlone(isInTransaction(sql))
  return (operation) => (effect) => untraced(storeErrors(operation)(repeated(effect)))
}

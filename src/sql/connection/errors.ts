/**
 * The edge where driver errors become `StoreError`.
 *
 * @internal
 */
import { Effect } from "effect"
import { SqlError } from "effect/sql"
import { databaseWords } from "../../errors/errorText.ts"
import { StoreError } from "../../errors/StoreErrors.ts"

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

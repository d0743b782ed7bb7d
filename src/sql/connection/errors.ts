/**
 * The edge where driver errors become `StoreError`.
 *
 * @internal
 */
import { Context, Effect } from "effect"
import { type SqlClient, SqlError, Statement } from "effect/sql"
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

/** The transaction of this client that a context is of. */
const transactionIn = (context: Context.Context<never>, sql: SqlClient.SqlClient) =>
  Context.getOrUndefined(context as Context.Context<SqlClient.TransactionConnection>, sql.transactionService)

/** Whether the current fiber is in a transaction of this client. */
export const isInTransaction = (sql: SqlClient.SqlClient): Effect.Effect<boolean> =>
  Effect.contextWith((context: Context.Context<never>) => Effect.succeed(transactionIn(context, sql) !== undefined))

/** As `storeErrors`, for statements of our own, which no tracer is told of; an operation outside of a transaction is repeated when others stood in its way: see `repeatAlone`. */
export const storeErrorsOf = (sql: SqlClient.SqlClient): typeof storeErrors => {
  const repeated = repeatAlone(isInTransaction(sql))
  return (operation) => (effect) => untraced(storeErrors(operation)(repeated(effect)))
}

/**
 * A statement that is run on the connection of the open transaction, if there is one: without what a statement does to find a connection,
 * and to tell tracers. @param statement - without parameters
 */
export const inTransaction = (sql: SqlClient.SqlClient, statement: string) => {
  // As the client sends it.
  const [text] = sql.unsafe(statement).compile()
  return <Row extends object>(
    parameters: ReadonlyArray<unknown>
  ): Effect.Effect<ReadonlyArray<Row>, SqlError.SqlError> =>
    Effect.contextWith((context: Context.Context<never>) => {
      const open = transactionIn(context, sql)
      return open === undefined || Context.get(context, Statement.CurrentTransformer) !== undefined
        ? sql.unsafe<Row>(statement, parameters)
        : open[0].execute(text, parameters, undefined)
    })
}

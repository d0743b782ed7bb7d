/**
 * The transactor over a SQL client.
 *
 * @internal
 */
import { Data, type Deferred, Effect, Layer, Option } from "effect"
import { SqlClient } from "effect/sql"
import { TransactionUnusable } from "../../errors/TransactionErrors.ts"
import { CurrentClientTransaction } from "../../stores/ClientTransaction.ts"
import { SqlCapabilities } from "../../stores/SqlCapabilities.ts"
import { unknownCount } from "../../stores/statementCount.ts"
import type { AnyTransactionClient } from "../../stores/TransactionClient.ts"
import { Transactor } from "../../stores/Transactor.ts"
import { tracedHere } from "../../telemetry/tracing.ts"
import { checkClient } from "../clients/checkClient.ts"
import { openTransaction } from "../clients/openTransaction.ts"
import { within } from "../clients/within.ts"
import { abortableTransaction } from "./abortableTransaction.ts"
import { countOf, countOne, failedOf } from "./countedStatements.ts"
import { isInTransaction, storeErrors } from "./errors.ts"
import { checkConstraints, checkSavepoint } from "./lazySavepoints.ts"

/** Carries the user's own failure through `sql.withTransaction`, whose error channel is `SqlError` too. */
class CallerFailure<E> extends Data.TaggedClass("CallerFailure")<{ readonly error: E }> {}

/** Connections that are looked at: pools are rarely larger. */
const maxDropped = 20

/** How long a connection may take to answer. */
const answerTimeout = "2 seconds"

/**
 * All at once, so that the pool gives each of its connections: one that ends itself, or does not answer, is replaced.
 */
const dropUseless = (sql: SqlClient.SqlClient) =>
  sql`SELECT pg_terminate_backend(pg_backend_pid()) WHERE current_setting('transaction_read_only')::boolean`.pipe(
    Effect.timeout(answerTimeout),
    Effect.ignoreCause,
    Effect.replicateEffect(maxDropped, { concurrency: "unbounded", discard: true }),
    Effect.timeoutOption("15 seconds"),
    Effect.asVoid
  )

const noClient = (tx: unknown) =>
  new TransactionUnusable({
    client: `A ${Object(tx).constructor?.name ?? typeof tx}`,
    problem: "no-client",
    cause: undefined
  })

/** How transactions are opened: on connections of the pool, or by another client. */
const makeTransactions = (
  sql: SqlClient.SqlClient,
  { singleSession }: SqlCapabilities,
  client: AnyTransactionClient | undefined
) => {
  const inTransaction = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.mapError(effect, (error) => new CallerFailure({ error })).pipe(
      sql.withTransaction,
      storeErrors("transaction"),
      Effect.mapError((error) => (error instanceof CallerFailure ? (error.error as E) : error))
    )
  const opened = <A, E, R>(effect: Effect.Effect<A, E, R>, abort: Deferred.Deferred<void> | undefined) =>
    client === undefined
      ? abort === undefined || singleSession
        ? inTransaction(effect)
        : storeErrors("transaction")(abortableTransaction(sql, inTransaction(effect), abort))
      : storeErrors("transaction")(openTransaction(sql, client, inTransaction(effect), abort))
  const isOpen = isInTransaction(sql)
  return {
    isOpen,
    withTransaction: <A, E, R>(effect: Effect.Effect<A, E, R>) =>
      client === undefined
        ? inTransaction(effect)
        : Effect.flatMap(isOpen, (isNested) => (isNested ? inTransaction(effect) : opened(effect, undefined))),
    abortableTransaction: <A, E, R>(effect: Effect.Effect<A, E, R>, abort: Deferred.Deferred<void>) =>
      opened(effect, abort)
  }
}

/** @param client - another client, that opens its transactions; undefined: they are opened on connections of the pool */
export const layer = (client?: AnyTransactionClient): Layer.Layer<Transactor, never, SqlClient.SqlClient> =>
  Layer.effect(
    Transactor,
    Effect.gen(function* () {
      const sql = (yield* SqlClient.SqlClient).withoutTransforms()
      const capabilities = yield* SqlCapabilities
      const limit = (operation: string, setting: string) => (millis: number) =>
        capabilities.lockTimeout
          ? sql`SELECT set_config(${setting}, ${`${Math.ceil(millis)}ms`}, true)`.pipe(
              Effect.asVoid,
              storeErrors(`transactor.${operation}`)
            )
          : Effect.void
      return Transactor.of({
        ...makeTransactions(sql, capabilities, client),
        client,
        checkClient: client === undefined ? Effect.void : yield* Effect.cached(checkClient(sql, client)),
        within: (tx, effect, theirs = client) =>
          theirs === undefined ? Effect.fail(noClient(tx)) : within(sql, theirs, tx, effect),
        statements: Effect.map(Effect.serviceOption(sql.transactionService), (open) =>
          Option.isSome(open) ? (countOf(open.value[0]) ?? unknownCount()) : unknownCount()
        ),
        failedStatement: Effect.map(Effect.serviceOption(sql.transactionService), (open) =>
          Option.isSome(open) ? failedOf(open.value[0]) : undefined
        ),
        afterCommit: (effect) =>
          Effect.gen(function* () {
            const open = yield* Effect.serviceOption(sql.transactionService)
            if (Option.isSome(open)) countOne(open.value[0])
            // The client drops its own transaction of what it runs then; that of another client is over, too.
            const after = Effect.provideService(yield* tracedHere(effect), CurrentClientTransaction, undefined)
            yield* sql.afterCommit(after)
          }),
        limitIdle: limit("limitIdle", "idle_in_transaction_session_timeout"),
        limitStatements: limit("limitStatements", "statement_timeout"),
        query: (text, parameters) => storeErrors("transactor.query")(sql.unsafe<object>(text, parameters)),
        reconnect: capabilities.singleSession ? Effect.void : dropUseless(sql),
        checkConstraints: storeErrors("transactor.checkConstraints")(Effect.asVoid(sql.unsafe(checkConstraints))),
        checkSavepoint: storeErrors("transactor.checkConstraints")(Effect.asVoid(sql.unsafe(checkSavepoint)))
      })
    })
  )

/**
 * The transactor over a SQL client.
 *
 * @internal
 */
import { Data, Effect, Layer, Option } from "effect"
import { SqlClient } from "effect/sql"
import { SqlCapabilities } from "../../stores/SqlCapabilities.ts"
import { unknownCount } from "../../stores/statementCount.ts"
import { Transactor } from "../../stores/Transactor.ts"
import { tracedHere } from "../../telemetry/tracing.ts"
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

export const layer: Layer.Layer<Transactor, never, SqlClient.SqlClient> = Layer.effect(
  Transactor,
  Effect.gen(function* () {
    const sql = (yield* SqlClient.SqlClient).withoutTransforms()
    const capabilities = yield* SqlCapabilities
    const withTransaction = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
      Effect.mapError(effect, (error) => new CallerFailure({ error })).pipe(
        sql.withTransaction,
        storeErrors("transaction"),
        Effect.mapError((error) => (error instanceof CallerFailure ? (error.error as E) : error))
      )
    return Transactor.of({
      withTransaction,
      abortableTransaction: (effect, abort) =>
        capabilities.singleSession
          ? withTransaction(effect)
          : storeErrors("transaction")(abortableTransaction(sql, withTransaction(effect), abort)),
      isOpen: isInTransaction(sql),
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
          yield* sql.afterCommit(yield* tracedHere(effect))
        }),
      limitIdle: (millis) =>
        capabilities.lockTimeout
          ? sql`SELECT set_config('idle_in_transaction_session_timeout', ${`${Math.ceil(millis)}ms`}, true)`.pipe(
              Effect.asVoid,
              storeErrors("transactor.limitIdle")
            )
          : Effect.void,
      query: (text, parameters) => storeErrors("transactor.query")(sql.unsafe<object>(text, parameters)),
      reconnect: capabilities.singleSession ? Effect.void : dropUseless(sql),
      checkConstraints: storeErrors("transactor.checkConstraints")(Effect.asVoid(sql.unsafe(checkConstraints))),
      checkSavepoint: storeErrors("transactor.checkConstraints")(Effect.asVoid(sql.unsafe(checkSavepoint)))
    })
  })
)

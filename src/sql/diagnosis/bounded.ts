/**
 * Bounds of looks at the database: a transaction of their own that only reads, ended by the server after two seconds, and by this
 * process soon after, whether the server answers or not.
 *
 * @internal
 */
import { Context, Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { StoreError } from "../../errors/StoreErrors.ts"
import { SqlCapabilities } from "../../stores/SqlCapabilities.ts"
import { storeErrors } from "../connection/errors.ts"
import { maintenanceTransaction } from "../connection/maintenanceTransaction.ts"

/** How long a statement may take, for the server. */
const statementTimeout = "2s"

/** How long a look may take, for this process. */
const answerTimeout = "3 seconds"

const unanswered = () =>
  new StoreError({
    operation: "diagnosis",
    reason: "the database did not answer within 3 seconds",
    isRetryable: true,
    cause: undefined
  })

/** Runs a look. */
export type Bounded = <A, E, R>(look: Effect.Effect<A, E, R>) => Effect.Effect<A, E | StoreError, R>

/** Runs an effect outside of the transaction of its caller, whom its settings, or its failure, would harm. */
export const outside =
  (sql: SqlClient.SqlClient) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.updateContext(
      effect,
      (context: Context.Context<R>) => Context.omit(sql.transactionService)(context) as Context.Context<R>
    )

/** Where a session's timeouts are not safe, there is one session: a look waits for its turn there, and is a part of an open transaction. */
export const makeBounded = (sql: SqlClient.SqlClient): Effect.Effect<Bounded> =>
  Effect.gen(function* () {
    const inTransaction = yield* maintenanceTransaction(sql)
    const { lockTimeout } = yield* SqlCapabilities
    const limit = sql`
      SELECT set_config('statement_timeout', ${statementTimeout}, true), set_config('lock_timeout', ${statementTimeout}, true),
        set_config('transaction_read_only', 'on', true)`
    const asPart: Bounded = (look) => storeErrors("diagnosis")(inTransaction(look))
    const alone: Bounded = (look) =>
      storeErrors("diagnosis")(inTransaction(Effect.andThen(limit, look))).pipe(
        Effect.timeoutOrElse({ duration: answerTimeout, orElse: () => Effect.fail(unanswered()) }),
        outside(sql)
      )
    return lockTimeout ? alone : asPart
  })

/**
 * Transactions whose connection can be closed under them.
 *
 * @internal
 */
import { Deferred, Effect, Exit, Scope } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { counting } from "./countedStatements.ts"
import { lazySavepoints } from "./lazySavepoints.ts"

/**
 * Runs a transaction on a connection that is reserved for it. A reservation that ends while a statement is under way
 * closes its connection, says the client; and a transaction that finds its connection one level below the first begins and
 * commits on it.
 */
export const abortableTransaction = <A, E, R>(
  sql: SqlClient.SqlClient,
  transaction: Effect.Effect<A, E, R>,
  abort: Deferred.Deferred<void>
): Effect.Effect<A, E | SqlError.SqlError, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const connection = yield* restore(Scope.provide(sql.reserve, scope)).pipe(
        Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
      )
      const aborting = yield* Effect.forkDetach(Effect.andThen(Deferred.await(abort), Scope.close(scope, Exit.void)))
      const exit = yield* Effect.exit(
        restore(Effect.provideService(transaction, sql.transactionService, [counting(lazySavepoints(connection)), -1]))
      )
      aborting.interruptUnsafe()
      yield* Scope.close(scope, exit)
      return yield* exit
    })
  )

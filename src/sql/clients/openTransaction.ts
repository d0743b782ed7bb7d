/**
 * Transactions that another client opens for the engine, and ends when the engine says so.
 *
 * @internal
 */
import { Deferred, Effect, Exit, Scope } from "effect"
import type { SqlClient, SqlConnection, SqlError } from "effect/sql"
import { CurrentClientTransaction } from "../../stores/ClientTransaction.ts"
import type { TransactionClient } from "../../stores/TransactionClient.ts"
import { counting } from "../connection/countedStatements.ts"
import { clientConnection } from "./clientConnection.ts"
import { makeWaiter } from "./waiter.ts"

/** Ends a transaction that is to be rolled back: the client gives it back. */
class RolledBack extends Error {
  override readonly name = "RolledBack"
  constructor() {
    super("The transaction is rolled back by effect-integration")
  }
}

/** Ends its own connection: whoever still writes in the transaction must not do so after it. */
const endConnection = "SELECT pg_terminate_backend(pg_backend_pid())"

interface Opened<Tx> {
  readonly tx: Tx
  readonly connection: SqlConnection.Connection
  /** Lets the transaction end with its connection, not to be used again by code that goes on after it. */
  readonly forsake: () => void
}

/** Lets the client open a transaction, which it commits or rolls back when `end` is told to, and says when that is done. */
const begin = <Tx>(client: TransactionClient<Tx>) => {
  const body = Promise.withResolvers<void>()
  const opened = Promise.withResolvers<Tx>()
  // Both may be rejected before anybody waits.
  body.promise.catch(() => undefined)
  opened.promise.catch(() => undefined)
  const undone = new RolledBack()
  const done = client.transaction((tx) => {
    opened.resolve(tx)
    return body.promise
  })
  const ended = Promise.resolve(done).then(
    () => undefined,
    (error: unknown) => {
      opened.reject(error)
      if (error !== undone) throw error
    }
  )
  ended.catch(() => undefined)
  return {
    opened: opened.promise,
    commit: () => {
      body.resolve()
      return ended
    },
    rollback: () => {
      body.reject(undone)
      return ended
    }
  }
}

const open = Effect.fnUntraced(function* <Tx>(
  client: TransactionClient<Tx>,
  scope: Scope.Scope
): Effect.fn.Return<Opened<Tx>, SqlError.SqlError> {
  const transaction = begin(client)
  const waiter = makeWaiter(client.name)
  const { wait } = waiter
  let hasEnded = false
  let isForsaken = false
  // Closed before its end, it is given up: nobody waits for the client any more.
  yield* Scope.addFinalizer(
    scope,
    Effect.sync(() => {
      if (hasEnded) return
      transaction.rollback().catch(() => undefined)
      waiter.giveUp()
    })
  )
  const tx = yield* wait("begin", () => transaction.opened)
  const ending = (operation: string, end: () => Promise<void>) =>
    Effect.map(wait(operation, end), () => {
      hasEnded = true
    })
  const disconnect = Effect.ignore(wait("disconnect", () => client.query(tx, endConnection, [])))
  const connection = clientConnection(client, tx, waiter, {
    begin: Effect.void,
    commit: ending("commit", transaction.commit),
    rollback: Effect.suspend(() => {
      const rollback = ending("rollback", transaction.rollback)
      return isForsaken ? Effect.andThen(disconnect, Effect.ignore(rollback)) : rollback
    })
  })
  return {
    tx,
    connection,
    forsake: () => {
      isForsaken = true
    }
  }
})

/**
 * Runs a transaction in one that the client opens. When `abort` is completed it is given up: whatever waits for an answer fails, and the
 * client is told to roll back, as soon as its connection answers.
 */
export const openTransaction = <Tx, A, E, R>(
  sql: SqlClient.SqlClient,
  client: TransactionClient<Tx>,
  transaction: Effect.Effect<A, E, R>,
  abort: Deferred.Deferred<void> | undefined
): Effect.Effect<A, E | SqlError.SqlError, R> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const { connection, forsake, tx } = yield* restore(open(client, scope)).pipe(
        Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
      )
      const aborting =
        abort === undefined
          ? undefined
          : yield* Effect.forkDetach(Effect.andThen(Deferred.await(abort), Scope.close(scope, Exit.void)))
      const exit = yield* transaction.pipe(
        Effect.provideService(CurrentClientTransaction, { client, tx, forsake, isOurs: true }),
        // One level below the first: it begins and commits on this connection.
        Effect.provideService(sql.transactionService, [counting(connection, false), -1]),
        restore,
        Effect.exit
      )
      aborting?.interruptUnsafe()
      yield* Scope.close(scope, exit)
      return yield* exit
    })
  )

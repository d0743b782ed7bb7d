/**
 * Transactions that another client opens for the engine, and ends when the engine says so.
 *
 * @internal
 */
import { Deferred, Effect, Exit, Fiber, Scope } from "effect"
import type { SqlClient, SqlConnection, SqlError } from "effect/sql"
import { type ClientTransaction, CurrentClientTransaction } from "../../stores/ClientTransaction.ts"
import type { AnyTransactionClient, TransactionClient } from "../../stores/TransactionClient.ts"
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

interface Opened<Tx> extends Pick<ClientTransaction, "identify" | "forsake" | "isForsaken"> {
  readonly tx: Tx
  readonly connection: SqlConnection.Connection
}

/** Lets the client open a transaction, which it commits or rolls back when `end` is told to, and says when that is done. */
const begin = <Tx>(client: TransactionClient<Tx>) => {
  const body = Promise.withResolvers<void>()
  const opened = Promise.withResolvers<Tx>()
  // Both may be rejected before anybody waits.
  body.promise.catch(() => undefined)
  opened.promise.catch(() => undefined)
  const undone = new RolledBack()
  const done = new Promise<void>((resolve) => {
    const ending = client.transaction((tx) => {
      opened.resolve(tx)
      return body.promise
    })
    resolve(ending)
  })
  const ended = done.then(
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

/**
 * What is waited for in a transaction may take its time, so it is ended from another connection; and whoever still writes in the transaction
 * must not do so after it, on a connection that is in no transaction, or in another's: so that is ended too, within 5 seconds, before its
 * pool has it again, unless the client sees to it.
 */
const endOf = ({ refusesAfterEnd }: AnyTransactionClient) =>
  refusesAfterEnd === true ? "SELECT pg_cancel_backend($1::int)" : "SELECT pg_terminate_backend($1::int, 5000)"

/** How long that may take, before it is rolled back as anything else is. */
const endTimeout = "10 seconds"

const endFromOutside = (sql: SqlClient.SqlClient, client: AnyTransactionClient, process: number) =>
  Effect.flatMap(sql.reserve, (connection) => connection.execute(endOf(client), [process], undefined)).pipe(
    Effect.scoped,
    Effect.timeout(endTimeout),
    Effect.tapError((error) =>
      Effect.logWarning(`A statement of ${client.name} that an interrupted handler waits for could not be ended`, error)
    ),
    Effect.ignore
  )

const open = Effect.fnUntraced(function* <Tx>(
  sql: SqlClient.SqlClient,
  client: TransactionClient<Tx>,
  scope: Scope.Scope
): Effect.fn.Return<Opened<Tx>, SqlError.SqlError> {
  const transaction = begin(client)
  const waiter = makeWaiter(client.name)
  const { wait } = waiter
  let hasEnded = false
  let process: number | undefined
  const disconnect = Effect.suspend(() => (process === undefined ? Effect.void : endFromOutside(sql, client, process)))
  let disconnecting: Fiber.Fiber<void> | undefined
  let isOver = false
  const isForsaken = () => isOver
  // Closed before its end, it is given up: nobody waits for the client any more.
  yield* Scope.addFinalizer(
    scope,
    Effect.suspend(() => {
      if (hasEnded) return Effect.void
      waiter.giveUp()
      const rollback = Effect.sync(() => {
        transaction.rollback().catch(() => undefined)
      })
      return Effect.forkDetach(Effect.andThen(disconnect, rollback))
    })
  )
  const tx = yield* wait("begin", () => transaction.opened)
  const ending = (operation: string, end: () => Promise<void>) =>
    Effect.onExit(wait(operation, end), () =>
      Effect.sync(() => {
        hasEnded = true
      })
    )
  const connection = clientConnection(client, tx, waiter, {
    begin: () => Effect.void,
    isForsaken,
    commit: () => ending("commit", transaction.commit),
    rollback: () =>
      Effect.suspend(() => {
        const rollback = ending("rollback", transaction.rollback)
        return disconnecting === undefined
          ? rollback
          : Effect.andThen(Fiber.await(disconnecting), Effect.ignore(rollback))
      })
  })
  return {
    tx,
    connection,
    identify: Effect.suspend(() => {
      if (process !== undefined) return Effect.void
      return connection.execute('SELECT pg_backend_pid() AS "pid"', [], undefined).pipe(
        Effect.tap(([row]) =>
          Effect.sync(() => {
            process = row.pid
          })
        ),
        // Nothing can be done in it any more, which the next statement says.
        Effect.ignore
      )
    }),
    isForsaken,
    forsake: (why) => {
      isOver = true
      if (why === "failed" && client.refusesAfterEnd === true) return
      disconnecting ??= Effect.runFork(disconnect)
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
      const { connection, tx, ...fate } = yield* restore(open(sql, client, scope)).pipe(
        Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
      )
      const aborting =
        abort === undefined
          ? undefined
          : yield* Effect.forkDetach(Effect.andThen(Deferred.await(abort), Scope.close(scope, Exit.void)))
      const exit = yield* transaction.pipe(
        Effect.provideService(CurrentClientTransaction, { client, tx, ...fate, isOurs: true }),
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

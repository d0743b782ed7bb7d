/**
 * Work in a transaction that somebody opened with a client of theirs.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient, SqlConnection } from "effect/sql"
import { StoreError } from "../../errors/StoreErrors.ts"
import { sqlStateOf } from "../../errors/sqlState.ts"
import { TransactionUnusable } from "../../errors/TransactionErrors.ts"
import { CurrentClientTransaction } from "../../stores/ClientTransaction.ts"
import type { AnyTransactionClient, ClientTransactionState } from "../../stores/TransactionClient.ts"
import { storeErrors } from "../connection/errors.ts"
import { clientConnection } from "./clientConnection.ts"
import { databaseOf } from "./sameDatabase.ts"
import { makeWaiter } from "./waiter.ts"

type Problem = TransactionUnusable["problem"]

/** Refused outside of a transaction, and does nothing in one: the catalog is locked so by whoever reads it. */
const onlyInTransaction = "LOCK TABLE pg_catalog.pg_class IN ACCESS SHARE MODE"

/**
 * What SQLSTATEs say of a transaction: no_active_sql_transaction, in_failed_sql_transaction, serialization_failure, deadlock_detected,
 * undefined_table.
 */
const problems = new Map<string, Problem>([
  ["25P01", "none"],
  ["25P02", "failed"],
  ["40001", "conflict"],
  ["40P01", "conflict"],
  ["42P01", "elsewhere"]
])

const states = { none: "none", ended: "ended", failed: "failed" } as const satisfies Partial<
  Record<ClientTransactionState, Problem>
>

const isProblem = (state: ClientTransactionState): state is keyof typeof states => state in states

const problemOf = (client: AnyTransactionClient, tx: unknown, error: StoreError): Problem | undefined => {
  const code = sqlStateOf(error)
  if (code !== undefined) return problems.get(code)
  // The client said it, not the server: as it does of a transaction that is no more.
  const state = client.stateOf(tx)
  return isProblem(state) ? states[state] : undefined
}

/** Clients call an object, or a function, a transaction. */
const isObject = (tx: unknown): tx is object => (typeof tx === "object" && tx !== null) || typeof tx === "function"

/** Nobody's end but their owner's. */
const noEnd = { commit: Effect.void, rollback: Effect.void }

const ready = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  tx: object,
  state: ClientTransactionState,
  connection: SqlConnection.Connection
) {
  if (state === "unknown") yield* connection.executeRaw(onlyInTransaction, [])
  return yield* databaseOf(sql).isThatOfTransaction(tx, connection)
})

/** As `within` of a transactor. */
export const within = <A, E, R>(
  sql: SqlClient.SqlClient,
  client: AnyTransactionClient,
  tx: unknown,
  effect: Effect.Effect<A, E, R>
): Effect.Effect<A, E | TransactionUnusable | StoreError, R> =>
  Effect.flatMap(CurrentClientTransaction, (current) => {
    // In a handler: its delivery's own.
    if (current !== undefined && current.tx === tx) return effect
    const unusable = (problem: Problem, cause: unknown) =>
      new TransactionUnusable({ client: client.name, problem, cause })
    // Types do not reach everybody: a handler that is leased has none.
    if (!isObject(tx)) return Effect.fail(unusable("none", undefined))
    const state = client.stateOf(tx)
    if (isProblem(state)) return Effect.fail(unusable(states[state], undefined))
    const connection = clientConnection(client, tx, makeWaiter(client.name), noEnd)
    const told = <A, E, R>(run: Effect.Effect<A, E, R>) =>
      Effect.mapError(run, (error) => {
        if (!(error instanceof StoreError)) return error
        const problem = problemOf(client, tx, error)
        return problem === undefined ? error : unusable(problem, error.cause)
      })
    const prepare = told(storeErrors("transaction")(ready(sql, tx, state, connection)))
    return Effect.flatMap(prepare, (isOurs): Effect.Effect<A, E | TransactionUnusable | StoreError, R> => {
      if (!isOurs) return Effect.fail(unusable("elsewhere", undefined))
      return effect.pipe(
        Effect.provideService(CurrentClientTransaction, { client, tx, isOurs: false, forsake: () => undefined }),
        // One level below the first, so that savepoints in it are those of a transaction of its own.
        (body) => sql.withTransaction(body),
        Effect.provideService(sql.transactionService, [connection, -1]),
        told
      ) as Effect.Effect<A, E | TransactionUnusable | StoreError, R>
    })
  })

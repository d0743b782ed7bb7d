/**
 * Work in a transaction that somebody opened with a client of theirs.
 *
 * @internal
 */
import { Context, Effect, Semaphore } from "effect"
import { type SqlClient, type SqlConnection, SqlError as SqlErrors } from "effect/sql"
import { StoreError } from "../../errors/StoreErrors.ts"
import { sqlStateOf } from "../../errors/sqlState.ts"
import { TransactionUnusable } from "../../errors/TransactionErrors.ts"
import { CurrentClientTransaction } from "../../stores/ClientTransaction.ts"
import type { AnyTransactionClient, ClientTransactionState } from "../../stores/TransactionClient.ts"
import { checkedConnection, isUnusable } from "./checkedConnection.ts"
import { clientConnection, type Ends } from "./clientConnection.ts"
import { databaseOf } from "./sameDatabase.ts"
import { makeWaiter } from "./waiter.ts"

type Problem = TransactionUnusable["problem"]

/**
 * What SQLSTATEs say of a transaction: no_active_sql_transaction, in_failed_sql_transaction, read_only_sql_transaction, serialization_failure, deadlock_detected,
 * undefined_table, undefined_function, invalid_schema_name.
 */
const problems = new Map<string, Problem>([
  ["25P01", "none"],
  ["25P02", "failed"],
  ["25006", "read-only"],
  ["40001", "conflict"],
  ["40P01", "conflict"],
  ["42P01", "elsewhere"],
  ["42883", "elsewhere"],
  ["3F000", "elsewhere"]
])

const states = { none: "none", ended: "ended", failed: "failed" } as const satisfies Partial<
  Record<ClientTransactionState, Problem>
>

const isProblem = (state: ClientTransactionState): state is keyof typeof states => state in states

const problemOf = (client: AnyTransactionClient, tx: unknown, error: StoreError): Problem | undefined => {
  const code = sqlStateOf(error)
  if (code !== undefined) return problems.get(code)
  // It was asked for what it is not: no transaction of this client.
  if (error.cause instanceof SqlErrors.SqlError && error.cause.reason.cause instanceof TypeError) return "none"
  // The client said it, not the server: as it does of a transaction that is no more.
  const state = client.stateOf(tx)
  return isProblem(state) ? states[state] : undefined
}

/** Clients call an object, or a function, a transaction; a promise of one is not waited for. */
const isObject = (tx: unknown): tx is object =>
  ((typeof tx === "object" && tx !== null) || typeof tx === "function") && !("then" in tx)

const turns = new WeakMap<object, Semaphore.Semaphore>()

/** One after the other in each transaction: most clients take one statement at a time, and a savepoint is in front of all that follows. */
const turnOf = (tx: object): Semaphore.Semaphore => {
  const known = turns.get(tx)
  if (known !== undefined) return known
  const turn = Semaphore.makeUnsafe(1)
  turns.set(tx, turn)
  return turn
}

/** A transaction that is begun inside is a part of theirs, which only its owner ends. */
const asSavepoint = (query: (text: string) => Effect.Effect<unknown, SqlErrors.SqlError>): Ends => ({
  begin: () => Effect.asVoid(query("SAVEPOINT integration")),
  commit: () => Effect.asVoid(query("RELEASE SAVEPOINT integration")),
  isForsaken: () => false,
  rollback: () =>
    Effect.asVoid(Effect.andThen(query("ROLLBACK TO SAVEPOINT integration"), query("RELEASE SAVEPOINT integration")))
})

/** The connection of their transaction. */
const connectionOf = (client: AnyTransactionClient, tx: object): SqlConnection.Connection => {
  const waiter = makeWaiter(client.name)
  const ends = asSavepoint((text) => waiter.wait("savepoint", () => client.query(tx, text, [])))
  return clientConnection(client, tx, waiter, ends)
}

/** Whoever opened it ends it. */
const theirs = {
  isOurs: false,
  identify: Effect.void,
  forsake: () => undefined,
  isForsaken: () => false
} as const

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
    const connection = checkedConnection(connectionOf(client, tx), {
      database: databaseOf(sql),
      client,
      tx,
      isOpen: state === "open",
      elsewhere: () => unusable("elsewhere", undefined)
    })
    return turnOf(tx)
      .withPermit(effect)
      .pipe(
        Effect.updateContext((outside: Context.Context<R>) =>
          outside.pipe(
            Context.add(CurrentClientTransaction, { client, tx, ...theirs }),
            // One level below the first, so that what is begun inside is told to the connection.
            Context.add(sql.transactionService, [connection, -1])
          )
        ),
        Effect.mapError((error) => {
          if (!(error instanceof StoreError)) return error
          if (isUnusable(error.cause)) return error.cause.reason.cause
          const problem = problemOf(client, tx, error)
          return problem === undefined ? error : unusable(problem, error.cause)
        })
      )
  })

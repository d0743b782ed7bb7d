/**
 * A transaction of another client as a connection of the engine's own: what begins, commits and rolls back is told to whoever opened
 * it, everything else is run in it.
 *
 * @internal
 */
import { Effect, Stream } from "effect"
import type { SqlConnection, SqlError } from "effect/sql"
import type { ClientResult, TransactionClient } from "../../stores/TransactionClient.ts"
import { castFromText, parameterOf } from "./parameters.ts"
import { objectsOf, valuesOf } from "./values.ts"
import type { Waiter } from "./waiter.ts"

type Connection = SqlConnection.Connection

/** How a transaction begins and ends, for who opened it: functions, as most are not asked for in a transaction of somebody else. */
export interface Ends {
  readonly begin: () => Effect.Effect<void, SqlError.SqlError>
  readonly commit: () => Effect.Effect<void, SqlError.SqlError>
  readonly rollback: () => Effect.Effect<void, SqlError.SqlError>
  /** Whether it can only be rolled back as a whole any more: nothing is asked of a connection that is on its end. */
  readonly isForsaken: () => boolean
}

const nothing: ClientResult = { columns: [], rows: [] }

const ofSavepoint = /^(ROLLBACK TO|RELEASE) /

/** What is said of isolation where a transaction begins can be said in it, before anything else. */
const setTransaction = (begin: string) => begin.replace(/^BEGIN\b/, "SET TRANSACTION")

/** Runs statements of one transaction one after the other: not all clients let them wait by themselves. */
const inTurn = <Tx>({ query }: TransactionClient<Tx>, tx: Tx, { wait }: Waiter) => {
  /** The one that the client is at, also when nobody waits for it any more. */
  let last: PromiseLike<unknown> | undefined
  return (text: string, parameters: ReadonlyArray<unknown>): Effect.Effect<ClientResult, SqlError.SqlError> =>
    wait("query", () => {
      const values = parameters.map(parameterOf)
      const statement = values.length === 0 ? text : castFromText(text)
      const run = () => query(tx, statement, values)
      // What some clients give is no promise yet, and would run the statement for each who waits.
      const result = last === undefined ? Promise.resolve(run()) : last.then(run)
      const done = () => {
        if (last === ended) last = undefined
      }
      const ended = result.then(done, done)
      last = ended
      return result
    })
}

/**
 * @param ends - what its first BEGIN, its COMMIT and its ROLLBACK do
 */
export const clientConnection = <Tx>(client: TransactionClient<Tx>, tx: Tx, waiter: Waiter, ends: Ends): Connection => {
  const query = inTurn(client, tx, waiter)
  const run = (text: string, parameters: ReadonlyArray<unknown>): Effect.Effect<ClientResult, SqlError.SqlError> => {
    if (text === "COMMIT") return Effect.as(ends.commit(), nothing)
    if (text === "ROLLBACK") return Effect.as(ends.rollback(), nothing)
    if (ends.isForsaken() && ofSavepoint.test(text)) return Effect.succeed(nothing)
    if (text === "BEGIN") return Effect.as(ends.begin(), nothing)
    return text.startsWith("BEGIN ") ? query(setTransaction(text), []) : query(text, parameters)
  }
  const execute: Connection["execute"] = (text, parameters, transformRows) =>
    Effect.map(run(text, parameters), (result) => {
      const rows = objectsOf(result)
      return transformRows === undefined ? rows : transformRows(rows)
    })
  const executeValues: Connection["executeValues"] = (text, parameters) => Effect.map(run(text, parameters), valuesOf)
  return {
    execute,
    executeUnprepared: execute,
    // The command says that a COMMIT did commit: else it has failed.
    executeRaw: (text, parameters) =>
      Effect.map(run(text, parameters), (result) => ({ command: text, rows: objectsOf(result) })),
    executeValues,
    executeValuesUnprepared: executeValues,
    executeStream: (text, ...rest) => Stream.fromIterableEffect(execute(text, ...rest))
  }
}

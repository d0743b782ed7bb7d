/**
 * Connections that count what is run on them in a transaction, and know which statement failed first.
 *
 * @internal
 */
import { Effect, Stream } from "effect"
import type { SqlConnection, SqlError } from "effect/sql"
import { databaseWords } from "../../errors/errorText.ts"
import { sqlStateOf } from "../../errors/sqlState.ts"
import type { FailedStatement } from "../../stores/Transactor.ts"

type Connection = SqlConnection.Connection

interface Counter {
  count: number
  failed: FailedStatement | undefined
  /** Whether everything that is run in the transaction is run on this connection. */
  readonly isComplete: boolean
}

const counters = new WeakMap<Connection, Counter>()

/** The counter of a connection, if it counts all. */
export const countOf = (connection: Connection): (() => number) | undefined => {
  const counter = counters.get(connection)
  return counter?.isComplete === true ? () => counter.count : undefined
}

/** The first statement that failed on a connection, unless it was rolled back to a savepoint since. */
export const failedOf = (connection: Connection): FailedStatement | undefined => counters.get(connection)?.failed

/** Characters of a statement that are told. */
const maxText = 80

/** How a statement begins, without the texts in it: values are parameters where it can be helped. */
const beginningOf = (text: string): string => {
  const line = text
    .replaceAll(/'(?:[^']|'')*'/g, "'…'")
    .replaceAll(/\s+/g, " ")
    .trim()
  return line.length > maxText ? `${line.slice(0, maxText - 1)}…` : line
}

/** Counts something that is to go with a transaction as a statement does. */
export const countOne = (connection: Connection): void => {
  const counter = counters.get(connection)
  if (counter !== undefined) counter.count++
}

/**
 * The same connection, with a counter.
 *
 * @param isComplete - whether everything that is run in the transaction is run on it
 */
export const counting = (connection: Connection, isComplete = true): Connection => {
  const counter: Counter = { count: 0, failed: undefined, isComplete }
  const failing = (text: string) => (error: SqlError.SqlError) => {
    // One that is refused as another has failed before is not the first.
    if (sqlStateOf(error) !== "25P02") counter.failed ??= { text: beginningOf(text), error: databaseWords(error) }
    return error
  }
  const noted =
    <Rest extends ReadonlyArray<unknown>, A>(
      run: (text: string, ...rest: Rest) => Effect.Effect<A, SqlError.SqlError>
    ) =>
    (text: string, ...rest: Rest): Effect.Effect<A, SqlError.SqlError> => {
      counter.count++
      // What failed behind the savepoint has no consequences any more.
      if (text.startsWith("ROLLBACK TO")) counter.failed = undefined
      return Effect.mapError(run(text, ...rest), failing(text))
    }
  const counted: Connection = {
    execute: noted((...all) => connection.execute(...all)),
    executeUnprepared: noted((...all) => connection.executeUnprepared(...all)),
    executeRaw: noted((...all) => connection.executeRaw(...all)),
    executeValues: noted((...all) => connection.executeValues(...all)),
    executeValuesUnprepared: noted((...all) => connection.executeValuesUnprepared(...all)),
    executeStream: (text, ...rest) => {
      counter.count++
      return Stream.mapError(connection.executeStream(text, ...rest), failing(text))
    }
  }
  counters.set(counted, counter)
  return counted
}

/**
 * Connections that count what is run on them in a transaction.
 *
 * @internal
 */
import type { SqlConnection } from "effect/sql"

type Connection = SqlConnection.Connection

interface Counter {
  count: number
}

const counters = new WeakMap<Connection, Counter>()

/** The counter of a connection, if it has one. */
export const countOf = (connection: Connection): (() => number) | undefined => {
  const counter = counters.get(connection)
  return counter === undefined ? undefined : () => counter.count
}

/** Counts something that is to go with a transaction as a statement does. */
export const countOne = (connection: Connection): void => {
  const counter = counters.get(connection)
  if (counter !== undefined) counter.count++
}

/** The same connection, with a counter. */
export const counting = (connection: Connection): Connection => {
  const counter: Counter = { count: 0 }
  const noted =
    <Arguments extends ReadonlyArray<unknown>, A>(run: (...all: Arguments) => A) =>
    (...all: Arguments): A => {
      counter.count++
      return run(...all)
    }
  const counted: Connection = {
    execute: noted((...all) => connection.execute(...all)),
    executeUnprepared: noted((...all) => connection.executeUnprepared(...all)),
    executeRaw: noted((...all) => connection.executeRaw(...all)),
    executeValues: noted((...all) => connection.executeValues(...all)),
    executeValuesUnprepared: noted((...all) => connection.executeValuesUnprepared(...all)),
    executeStream: noted((...all) => connection.executeStream(...all))
  }
  counters.set(counted, counter)
  return counted
}

/**
 * Connections that count what is run on them in a transaction.
 *
 * @internal
 */
import type { SqlConnection } from "effect/sql"

type Connection = SqlConnection.Connection

const counts = new WeakMap<Connection, () => number>()

/** The counter of a connection, if it has one. */
export const countOf = (connection: Connection): (() => number) | undefined => counts.get(connection)

/** The same connection, with a counter. */
export const counting = (connection: Connection): Connection => {
  let count = 0
  const noted =
    <Arguments extends ReadonlyArray<unknown>, A>(run: (...all: Arguments) => A) =>
    (...all: Arguments): A => {
      count++
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
  counts.set(counted, () => count)
  return counted
}

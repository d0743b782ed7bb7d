/**
 * Savepoints that are set only once something is run behind them. A handler that runs no statement then costs neither a
 * savepoint, nor its release, nor a check of constraints: three round trips of eight.
 *
 * @internal
 */
import { Effect, Stream } from "effect"
import type { SqlConnection, SqlError } from "effect/sql"

type Connection = SqlConnection.Connection

/** How the client words what it does with savepoints. */
const wording = /^(SAVEPOINT|RELEASE SAVEPOINT|ROLLBACK TO SAVEPOINT) (effect_sql_\d+)$/

/** Checks now what is deferred to the commit. Nothing is, of what comes behind a savepoint that is held back. */
export const checkConstraints = "SET CONSTRAINTS ALL IMMEDIATE"

const nothing = Effect.succeed<ReadonlyArray<never>>([])

/** Savepoints that are held back, outermost first. */
const makeHeld = () => {
  const names: Array<string> = []
  return {
    isEmpty: () => names.length === 0,
    takeAll: () => names.splice(0),
    /** Whether a statement can be left out: it holds a savepoint back, or ends one that is. */
    absorbs: (statement: string): boolean => {
      if (statement === checkConstraints) return names.length > 0
      const [, command, name = ""] = wording.exec(statement) ?? []
      if (command === "SAVEPOINT") return names.push(name) > 0
      if (command === undefined || !names.includes(name)) return false
      if (command === "RELEASE SAVEPOINT") names.length = names.indexOf(name)
      return true
    }
  }
}

/** The same connection, for one transaction. */
export const holdingSavepoints = (connection: Connection): Connection => {
  const held = makeHeld()
  // Not interrupted: a transaction whose savepoint was cut short could not go back to it.
  const set: Effect.Effect<void, SqlError.SqlError> = Effect.uninterruptible(
    Effect.suspend(() =>
      Effect.forEach(held.takeAll(), (name) => connection.execute(`SAVEPOINT ${name}`, [], undefined), {
        discard: true
      })
    )
  )
  const behind = <A>(statement: Effect.Effect<A, SqlError.SqlError>) =>
    Effect.suspend(() => (held.isEmpty() ? statement : Effect.andThen(set, statement)))
  const unlessAbsorbed = (text: string, statement: ReturnType<Connection["execute"]>) =>
    Effect.suspend(() => (held.absorbs(text) ? nothing : behind(statement)))
  return {
    execute: (text, ...rest) => unlessAbsorbed(text, connection.execute(text, ...rest)),
    executeUnprepared: (text, ...rest) => unlessAbsorbed(text, connection.executeUnprepared(text, ...rest)),
    executeRaw: (...given) => behind(connection.executeRaw(...given)),
    executeValues: (...given) => behind(connection.executeValues(...given)),
    executeValuesUnprepared: (...given) => behind(connection.executeValuesUnprepared(...given)),
    executeStream: (...given) => Stream.unwrap(behind(Effect.succeed(connection.executeStream(...given))))
  }
}

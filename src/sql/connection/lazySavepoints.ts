/**
 * A delivery's savepoint is set only once something is run behind it. A handler that runs no statement then costs neither
 * a savepoint, nor its release, nor a check of constraints: three round trips of seven.
 *
 * Only the outermost savepoint is held back. Those inside it are statements like any other.
 *
 * @internal
 */
import { Effect, Semaphore, Stream } from "effect"
import type { SqlConnection, SqlError } from "effect/sql"

type Connection = SqlConnection.Connection

/** How the client words the outermost savepoint, its release and its rollback. */
const savepoint = "SAVEPOINT effect_sql_1"

const release = "RELEASE SAVEPOINT effect_sql_1"

const undo = "ROLLBACK TO SAVEPOINT effect_sql_1"

/** These need no savepoint: they end the transaction, and it with them. */
const endsAll = new Set(["COMMIT", "ROLLBACK"])

/** Checks now what is deferred to the commit. */
export const checkConstraints = "SET CONSTRAINTS ALL IMMEDIATE"

/**
 * Checks what is deferred and was run since the savepoint was asked for; worded so that nobody else's statement is taken
 * for it.
 */
export const checkSavepoint = `${checkConstraints} /* effect-integration: this savepoint */`

const noRows = Effect.succeed<ReadonlyArray<never>>([])

/** A connection for one transaction, which is told of the outermost savepoint when something is run behind it. */
export const lazySavepoints = (connection: Connection): Connection => {
  /** True until the savepoint has been answered, so that nothing overtakes it, also not on another fiber. */
  let isHeld = false
  const lock = Semaphore.makeUnsafe(1)
  // Not interrupted: a transaction whose savepoint was cut short could not go back to it.
  const set: Effect.Effect<void, SqlError.SqlError> = Effect.uninterruptible(
    Effect.map(connection.execute(savepoint, [], undefined), () => {
      isHeld = false
    })
  )
  /** Whether a statement can be left out. */
  const absorbs = (text: string): boolean => {
    if (text === release) isHeld = false
    return text === release || text === undo || text === checkSavepoint
  }
  /** Makes way for a statement; false: it is left out. */
  const isToRun = (text: string): Effect.Effect<boolean, SqlError.SqlError> =>
    lock.withPermit(
      Effect.suspend(() => {
        if (!isHeld) return Effect.succeed(true)
        if (absorbs(text)) return Effect.succeed(false)
        if (!endsAll.has(text)) return Effect.as(set, true)
        isHeld = false
        return Effect.succeed(true)
      })
    )
  const behind = <A>(text: string, statement: Effect.Effect<A, SqlError.SqlError>) =>
    Effect.suspend(() => (isHeld ? Effect.andThen(isToRun(text), statement) : statement))
  const unlessAbsorbed = (text: string, statement: ReturnType<Connection["execute"]>) =>
    Effect.suspend(() => {
      if (isHeld) return Effect.flatMap(isToRun(text), (isNeeded) => (isNeeded ? statement : noRows))
      if (text !== savepoint) return statement
      isHeld = true
      return noRows
    })
  return {
    execute: (text, ...rest) => unlessAbsorbed(text, connection.execute(text, ...rest)),
    executeUnprepared: (text, ...rest) => unlessAbsorbed(text, connection.executeUnprepared(text, ...rest)),
    executeRaw: (text, ...rest) => behind(text, connection.executeRaw(text, ...rest)),
    executeValues: (text, ...rest) => behind(text, connection.executeValues(text, ...rest)),
    executeValuesUnprepared: (text, ...rest) => behind(text, connection.executeValuesUnprepared(text, ...rest)),
    executeStream: (text, ...rest) =>
      Stream.unwrap(behind(text, Effect.succeed(connection.executeStream(text, ...rest))))
  }
}

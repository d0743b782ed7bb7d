/**
 * Whether another client's database is that of the integration.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient, SqlConnection, SqlError } from "effect/sql"

/** A database of a server that runs: the server's start tells it from others, also from one that was made of its copy. */
const identity = `
  SELECT current_database()::text || ' ' || extract(epoch FROM pg_postmaster_start_time())::text AS "identity"`

const identityOf = (rows: ReadonlyArray<unknown>): string => String(Object(rows[0]).identity)

/** The integration's database. */
export interface Database {
  /** Clients of which a transaction was one of this database. */
  readonly goodClients: WeakSet<object>
  /** Its identity, as it was when it was asked last. */
  readonly ours: Effect.Effect<string, SqlError.SqlError>
  /** Whether a connection of another client is one to the same database. */
  readonly isThatOf: (connection: SqlConnection.Connection) => Effect.Effect<boolean, SqlError.SqlError>
  /**
   * The same, of a transaction, which is asked once. Not once for all of its client: what is given for one of its transactions may be one of
   * another database, where the same tables may be.
   */
  readonly isThatOfTransaction: (
    tx: object,
    connection: SqlConnection.Connection
  ) => Effect.Effect<boolean, SqlError.SqlError>
}

const ask = (connection: SqlConnection.Connection) =>
  Effect.map(connection.execute(identity, [], undefined), identityOf)

const make = (sql: SqlClient.SqlClient): Database => {
  const same = new WeakSet<object>()
  let ours: string | undefined
  // On a connection of its own, whatever transaction is open.
  const askOurs = Effect.scoped(Effect.flatMap(sql.reserve, ask))
  const isThatOf = Effect.fnUntraced(function* (connection: SqlConnection.Connection) {
    const theirs = yield* ask(connection)
    // The server may have been started anew since it was asked.
    if (theirs !== ours) ours = yield* askOurs
    return theirs === ours
  })
  return {
    goodClients: new WeakSet(),
    ours: Effect.suspend(() => {
      if (ours !== undefined) return Effect.succeed(ours)
      return Effect.tap(askOurs, (identity) =>
        Effect.sync(() => {
          ours = identity
        })
      )
    }),
    isThatOf,
    isThatOfTransaction: (tx, connection) =>
      same.has(tx)
        ? Effect.succeed(true)
        : Effect.tap(isThatOf(connection), (isSame) => Effect.sync(() => (isSame ? same.add(tx) : undefined)))
  }
}

const databases = new WeakMap<object, Database>()

/** One for each client of the integration. */
export const databaseOf = (sql: SqlClient.SqlClient): Database => {
  const found = databases.get(sql.transactionService) ?? make(sql)
  databases.set(sql.transactionService, found)
  return found
}

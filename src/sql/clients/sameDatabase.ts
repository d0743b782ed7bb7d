/**
 * Whether another client's database is that of the integration.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient, SqlConnection, SqlError } from "effect/sql"
import type { AnyTransactionClient } from "../../stores/TransactionClient.ts"

/** A database of a server that runs: the server's start tells it from others, also from one that was made of its copy. */
const identity = `
  SELECT current_database()::text || ' ' || extract(epoch FROM pg_postmaster_start_time())::text AS "identity"`

const identityOf = (rows: ReadonlyArray<unknown>): string => String(Object(rows[0]).identity)

interface Database {
  /** Asked once of each client, as all its transactions are of one database. */
  readonly isThatOf: (
    client: AnyTransactionClient,
    connection: SqlConnection.Connection
  ) => Effect.Effect<boolean, SqlError.SqlError>
}

const make = (sql: SqlClient.SqlClient): Database => {
  const same = new WeakSet<AnyTransactionClient>()
  // On a connection of its own, whatever transaction is open.
  const ours = Effect.scoped(Effect.flatMap(sql.reserve, (connection) => connection.execute(identity, [], undefined)))
  return {
    isThatOf: (client, connection) => {
      if (same.has(client)) return Effect.succeed(true)
      return Effect.zipWith(ours, connection.execute(identity, [], undefined), (here, there) => {
        const isSame = identityOf(here) === identityOf(there)
        if (isSame) same.add(client)
        return isSame
      })
    }
  }
}

const databases = new WeakMap<object, Database>()

/** One for each client of the integration. */
export const databaseOf = (sql: SqlClient.SqlClient): Database => {
  const found = databases.get(sql.transactionService) ?? make(sql)
  databases.set(sql.transactionService, found)
  return found
}

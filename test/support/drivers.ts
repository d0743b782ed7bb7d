/** Applications that write with a driver, or nearly so: `pg`, `postgres` and Knex. */
import knex, { type Knex } from "knex"
import pg from "pg"
import postgres from "postgres"
import { knexClient } from "../../src/knex.ts"
import { pgClient } from "../../src/pg.ts"
import { postgresClient } from "../../src/postgres.ts"
import { type Application, optionsOf, type Place } from "./application.ts"

export const withPg = (place: Place): Application<pg.PoolClient> => {
  const pool = new pg.Pool(optionsOf(place))
  pool.on("error", () => undefined)
  return {
    client: pgClient(pool),
    notTransactions: [pool],
    transaction: async (body, isolation = "READ COMMITTED") => {
      const tx = await pool.connect()
      // It may be ended by the server at any time.
      const onError = () => undefined
      tx.on("error", onError)
      try {
        await tx.query(`BEGIN ISOLATION LEVEL ${isolation}`)
        const result = await body(tx)
        await tx.query("COMMIT")
        return result
      } catch (error) {
        await tx.query("ROLLBACK").catch(() => undefined)
        throw error
      } finally {
        tx.off("error", onError)
        tx.release()
      }
    },
    write: (tx, { n, name }) => tx.query("INSERT INTO written (name, n) VALUES ($1, $2)", [name, n]),
    run: (tx, statement) => tx.query(statement),
    nested: async (tx, body) => {
      await tx.query("SAVEPOINT own")
      try {
        await body(tx)
      } catch (error) {
        await tx.query("ROLLBACK TO SAVEPOINT own")
        throw error
      }
    },
    end: () => pool.end()
  }
}

export const withPostgres = ({
  applicationName = "postgres",
  connectionString,
  max,
  schema
}: Place): Application<postgres.TransactionSql> => {
  const connection = { search_path: schema, application_name: applicationName }
  const sql = postgres(connectionString, { max, connection, onnotice: () => undefined })
  return {
    client: postgresClient(sql),
    notTransactions: [sql],
    transaction: async (body, isolation = "READ COMMITTED") => {
      const box: Array<Awaited<ReturnType<typeof body>>> = []
      await sql.begin(`ISOLATION LEVEL ${isolation}`, async (tx) => {
        box.push(await body(tx))
      })
      return box[0] as (typeof box)[number]
    },
    write: async (tx, row) => tx`INSERT INTO written ${tx({ ...row })}`,
    run: async (tx, statement) => tx.unsafe(statement),
    nested: async (tx, body) => {
      await tx.savepoint((inner) => body(inner))
    },
    end: () => sql.end({ timeout: 5 })
  }
}

const isolationOfKnex = {
  "READ COMMITTED": "read committed",
  "REPEATABLE READ": "repeatable read",
  SERIALIZABLE: "serializable"
} as const

export const withKnex = (place: Place): Application<Knex.Transaction> => {
  const { max, ...connection } = optionsOf(place)
  const db = knex({ client: "pg", connection, pool: { min: 0, max } })
  return {
    client: knexClient(db),
    notTransactions: [db],
    transaction: (body, isolation = "READ COMMITTED") =>
      db.transaction(body, { isolationLevel: isolationOfKnex[isolation] }),
    write: async (tx, row) => tx("written").insert(row),
    run: async (tx, statement) => tx.raw(statement),
    nested: (tx, body) => tx.transaction(body),
    end: () => db.destroy()
  }
}

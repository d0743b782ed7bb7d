/** A client of one's own: what the engine needs of it, and the checks that say whether it is right. */
import { Effect, Exit } from "effect"
import { Pool, type PoolClient } from "pg"
import type { TransactionClient } from "../../src/stores.ts"
import { Conformance } from "../../src/testing.ts"

/** How an application calls its database: rows as objects, with values as its driver reads them. */
class Transaction {
  isOver = false
  readonly #connection: PoolClient

  constructor(connection: PoolClient) {
    this.#connection = connection
  }

  async rows(sql: string, values: Array<unknown> = []): Promise<Array<Record<string, unknown>>> {
    return (await this.#connection.query(sql, values)).rows
  }
}

const database = {
  pool: new Pool({ connectionString: process.env.DATABASE_URL ?? "postgres://localhost/shop", max: 5 }),
  async transaction(body: (tx: Transaction) => Promise<void>): Promise<void> {
    const connection = await this.pool.connect()
    const tx = new Transaction(connection)
    connection.on("error", ignore)
    let lost: unknown
    try {
      await tx.rows("BEGIN")
      await body(tx)
      if ((await connection.query("COMMIT")).command === "ROLLBACK") throw new Error("COMMIT rolled back")
    } catch (error) {
      await tx.rows("ROLLBACK").catch((failed) => {
        lost = failed
      })
      throw error
    } finally {
      tx.isOver = true
      connection.off("error", ignore)
      connection.release(lost !== undefined)
    }
  }
}

const ignore = () => undefined

const client: TransactionClient<Transaction> = {
  name: "Database",
  query: async (tx, sql, parameters) => {
    const rows = await tx.rows(sql, [...parameters])
    const names = Object.keys(rows[0] ?? {})
    return { columns: names.map((name) => ({ name })), rows: rows.map((row) => names.map((name) => row[name])) }
  },
  stateOf: (tx) => (!(tx instanceof Transaction) ? "none" : tx.isOver ? "ended" : "unknown"),
  transaction: (body) => database.transaction(body),
  maxConnections: 5
}

const checks = Conformance.transactionClient(client, { areRowsObjects: true, notTransactions: [database] })
for (const check of checks) {
  const exit = await Effect.runPromiseExit(check.test)
  if (Exit.isFailure(exit)) console.log(check.name, String(exit.cause))
}
console.log("checked")
await database.pool.end()

/* Output:
checked
*/

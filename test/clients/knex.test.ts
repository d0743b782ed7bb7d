/** Transactions of `knex`. */
import knex, { type Knex } from "knex"
import { afterAll } from "vitest"
import { knexClient } from "../../src/knex.ts"
import { clientSchema, conforms } from "../support/clients.ts"

const { connectionString, options } = clientSchema()

const connect = (config: Knex.Config = {}) => {
  const db = knex({ client: "pg", connection: { connectionString, options }, pool: { min: 0, max: 5 }, ...config })
  afterAll(() => db.destroy())
  return db
}

const db = connect()
conforms("knex", knexClient(db), { notTransactions: [db] })

/** As `knexSnakeCaseMappers` of Objection has it: names of the application in camelCase, and results that are made anew. */
const mapped = connect({
  wrapIdentifier: (value, wrap) => wrap(value.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)),
  postProcessResponse: (result) => {
    const renamed = (row: Record<string, unknown>) =>
      Object.fromEntries(
        Object.entries(row).map(([key, value]) => [key.replace(/_(\w)/g, (_, c) => c.toUpperCase()), value])
      )
    if (Array.isArray(result)) return result.map(renamed)
    return Array.isArray(result?.rows) ? { ...result, rows: result.rows.map(renamed) } : result
  }
})
conforms("knex with mappers of names", knexClient(mapped), { notTransactions: [mapped] })

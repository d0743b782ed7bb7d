/** Transactions of `postgres`. */
import postgres from "postgres"
import { afterAll } from "vitest"
import { postgresClient } from "../../src/postgres.ts"
import { clientSchema, conforms } from "../support/clients.ts"

const { connectionString, schema } = clientSchema()

const connect = (options: postgres.Options<Record<string, never>> = {}) => {
  const sql = postgres(connectionString, {
    max: 5,
    onnotice: () => undefined,
    ...options,
    connection: { search_path: schema }
  })
  afterAll(() => sql.end({ timeout: 5 }))
  return sql
}
const sql = connect()

conforms("postgres", postgresClient(sql), { notTransactions: [sql] })
const camel = connect({ transform: postgres.camel })
conforms("postgres with postgres.camel", postgresClient(camel), { notTransactions: [camel] })

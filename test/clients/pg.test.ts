/** Transactions of `pg`. */
import { Pool } from "pg"
import { afterAll } from "vitest"
import { pgClient } from "../../src/pg.ts"
import { clientSchema, conforms } from "../support/clients.ts"

const { connectionString, options } = clientSchema()
const pool = new Pool({ connectionString, options, max: 5 })
pool.on("error", () => undefined)
afterAll(() => pool.end())

conforms("pg", pgClient(pool), { notTransactions: [pool] })

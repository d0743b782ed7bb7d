/** Transactions of `knex`. */
import { assert } from "@effect/vitest"
import knex, { type Knex } from "knex"
import { Pool } from "pg"
import { afterAll, vi } from "vitest"
import { knexClient } from "../../src/knex.ts"
import type { TransactionClient } from "../../src/stores/TransactionClient.ts"
import { clientSchema, conforms, rejection, test } from "../support/clients.ts"

const { connectionString, options } = clientSchema()

const connect = (config: Knex.Config = {}) => {
  const db = knex({ client: "pg", connection: { connectionString, options }, pool: { min: 0, max: 5 }, ...config })
  afterAll(() => db.destroy())
  return db
}

const db = connect()
const client: TransactionClient<Knex.Transaction> = knexClient(db)

conforms("knex", client, { notTransactions: [db] })

conforms("knex with prepared statements", knexClient(db, { prepare: true }))

/** As `knexSnakeCaseMappers` of Objection has it: names of the application in camelCase, and results that are made anew. */
const mappers: Knex.Config = {
  wrapIdentifier: (value, wrap) => wrap(value.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)),
  postProcessResponse: (result) => {
    const renamed = (row: Record<string, unknown>) =>
      Object.fromEntries(
        Object.entries(row).map(([key, value]) => [key.replace(/_(\w)/g, (_, letter) => letter.toUpperCase()), value])
      )
    if (Array.isArray(result)) return result.map(renamed)
    return Array.isArray(result?.rows) ? { ...result, rows: result.rows.map(renamed) } : result
  }
}
const mapped = connect(mappers)
conforms("knex with mappers of names", knexClient(mapped), { notTransactions: [mapped] })

test("mappers are for the application's own statements, in the same transaction", () => {
  const { query, transaction } = knexClient(mapped)
  return transaction(async (tx) => {
    await tx.schema.createTable("knex_mapped", (table) => table.integer("someNumber"))
    await tx("knex_mapped").insert({ someNumber: 1 })
    assert.deepStrictEqual(await tx("knex_mapped").select(), [{ someNumber: 1 }])
    assert.deepStrictEqual(await query(tx, "SELECT * FROM knex_mapped", []), {
      columns: [{ name: "some_number", type: 23 }],
      rows: [["1"]]
    })
    await tx.schema.dropTable("knex_mapped")
  })
})

test("it knows the state of each of its transactions, and of one that the application began", async () => {
  assert.strictEqual(client.maxConnections, 5)
  let last: Knex.Transaction | undefined
  await client.transaction(async (tx) => {
    last = tx
    assert.strictEqual(client.stateOf(tx), "open")
    await rejection(tx.transaction((inner) => inner.raw("SELECT 1 / 0")))
    assert.strictEqual(client.stateOf(tx), "open")
  })
  assert.isDefined(last)
  if (last !== undefined) assert.strictEqual(client.stateOf(last), "ended")
  const tx = await db.transaction()
  assert.strictEqual(client.stateOf(tx), "unknown")
  await client.query(tx, "SELECT 1", [])
  assert.strictEqual(client.stateOf(tx), "open")
  await rejection(client.query(tx, "SELECT 1 / 0", []))
  await vi.waitFor(() => assert.strictEqual(client.stateOf(tx), "failed"))
  await tx.rollback()
  assert.strictEqual(client.stateOf(tx), "ended")
  assert.match(String(await rejection(client.query(tx, "SELECT 1", []))), /already complete/)
  assert.strictEqual(client.stateOf(db as Knex.Transaction), "none")
})

test("a statement of the application that failed, and was caught, does not commit", async () => {
  const failed = client.transaction(async (tx) => {
    await rejection(tx.raw("SELECT 1 / 0"))
  })
  assert.strictEqual(((await rejection(failed)) as { readonly code?: unknown }).code, "25P02")
})

test("nor does one whose failure is heard before what became of the transaction", async () => {
  const failed = client.transaction(async (tx) => {
    const connection = await tx.client.acquireConnection()
    connection.getTransactionStatus = () => "T"
    await rejection(tx.raw("SELECT 1 / 0"))
    tx.on("query", () => Reflect.deleteProperty(connection, "getTransactionStatus"))
  })
  assert.strictEqual(((await rejection(failed)) as { readonly code?: unknown }).code, "25P02")
})

test("a savepoint of the application is a transaction too", () =>
  client.transaction(async (tx) => {
    await client.query(tx, "CREATE TEMPORARY TABLE kept (id int) ON COMMIT DROP", [])
    await tx.transaction(async (inner) => client.query(inner, "INSERT INTO kept VALUES ($1)", [1]))
    const undone = tx.transaction(async (inner) => {
      await client.query(inner, "INSERT INTO kept VALUES ($1)", [2])
      throw new Error("mine")
    })
    assert.match(String(await rejection(undone)), /mine/)
    assert.deepStrictEqual((await client.query(tx, "SELECT id FROM kept", [])).rows, [["1"]])
  }))

test("what an error says is what the server said, without the statement that Knex puts before it", () =>
  client.transaction(async (tx) => {
    await client.query(tx, "SAVEPOINT one", [])
    const error = await rejection(client.query(tx, "SELECT '?', $1::text::int + 1 AS a", ["a secret"]))
    await client.query(tx, "ROLLBACK TO SAVEPOINT one", [])
    assert.match(String(error), /^error: invalid input syntax/)
  }))

test("a pool of pg may be its pool", async () => {
  const pool = new Pool({ connectionString, options, max: 3 })
  const pooled = knex({ client: "pg", connectionPool: pool } as Knex.Config)
  const { maxConnections, query, transaction } = knexClient(pooled)
  assert.strictEqual(maxConnections, 3)
  await transaction(async (tx) => {
    assert.deepStrictEqual((await query(tx, "SELECT '?' AS a", [])).rows, [["?"]])
  })
  await pooled.destroy()
  await pool.end()
})

test("another database is refused, and what is no Knex by its type", async () => {
  assert.throws(() => knexClient(knex({ client: "sqlite3", useNullAsDefault: true })), /knexClient.* not sqlite3/)
  const refused = [
    // @ts-expect-error a pool is no Knex
    () => knexClient(new Pool()),
    // @ts-expect-error Knex itself is no transaction
    () => client.stateOf(db)
  ]
  assert.lengthOf(refused, 2)
})

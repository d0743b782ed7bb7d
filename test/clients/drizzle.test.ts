/** Transactions of `drizzle-orm`, over `pg` and over `postgres`. */
import assert from "node:assert/strict"
import { eq } from "drizzle-orm"
import { drizzle } from "drizzle-orm/node-postgres"
import { pgTable, text, timestamp } from "drizzle-orm/pg-core"
import { drizzle as drizzleJs } from "drizzle-orm/postgres-js"
import { Client, Pool } from "pg"
import postgres from "postgres"
import { afterAll } from "vitest"
import { drizzleClient } from "../../src/drizzle.ts"
import type { TransactionClient } from "../../src/stores/TransactionClient.ts"
import { clientSchema, conforms, test } from "../support/clients.ts"

const invoices = pgTable("invoices", { id: text().primaryKey(), paidAt: timestamp({ withTimezone: true }) })
const schema = { invoices }

const { connectionString, options, schema: searchPath } = clientSchema()

const pool = new Pool({ connectionString, options, max: 5 })
pool.on("error", () => undefined)
afterAll(() => pool.end())
const db = drizzle(pool, { schema })

const sql = postgres(connectionString, { max: 4, onnotice: () => undefined, connection: { search_path: searchPath } })
afterAll(() => sql.end({ timeout: 5 }))
const dbJs = drizzleJs(sql, { schema })

const over = { pg: drizzleClient(db), postgres: drizzleClient(dbJs) }

conforms("Drizzle over pg", over.pg, { notTransactions: [db] })
conforms("Drizzle over pg, with prepared statements", drizzleClient(db, { prepare: true }), { notTransactions: [db] })
conforms("Drizzle over postgres", over.postgres, { notTransactions: [dbJs] })

type TxOf<Client> = Client extends TransactionClient<infer Tx> ? Tx : never
type Application<Database extends { transaction: (body: never) => unknown }> = Parameters<
  Parameters<Database["transaction"]>[0]
>[0]

const at = new Date("2026-01-02T03:04:05.678Z")
const create = `CREATE TABLE IF NOT EXISTS invoices (id text PRIMARY KEY, "paidAt" timestamptz)`
const body = async (tx: TxOf<typeof over.pg> | TxOf<typeof over.postgres>, id: string) => {
  await tx.insert(invoices).values({ id, paidAt: at })
  await assert.rejects(
    tx.transaction(async (inner) => {
      await inner.insert(invoices).values({ id: `${id}, taken back` })
      await inner.insert(invoices).values({ id })
    })
  )
  return tx.query.invoices.findMany({ where: eq(invoices.id, id) })
}

test("over pg, a handler's transaction is the application's PgTransaction, with its schema and its savepoints", async () => {
  const { pg: client } = over
  await client.transaction(async (tx) => {
    const same: Application<typeof db> = tx
    // @ts-expect-error There is no such table.
    assert.equal(same.query.invoice, undefined)
    await client.query(same, create, [])
    assert.deepEqual(await body(tx, "pg"), [{ id: "pg", paidAt: at }])
  })
  assert.deepEqual(await db.select().from(invoices).where(eq(invoices.id, "pg")), [{ id: "pg", paidAt: at }])
})

test("over postgres, a handler's transaction is the application's PgTransaction, with its schema and its savepoints", async () => {
  const { postgres: client } = over
  await client.transaction(async (tx) => {
    const same: Application<typeof dbJs> = tx
    // @ts-expect-error There is no such table.
    assert.equal(same.query.invoice, undefined)
    await client.query(same, create, [])
    assert.deepEqual(await body(tx, "postgres"), [{ id: "postgres", paidAt: at }])
  })
  assert.deepEqual(await dbJs.select().from(invoices).where(eq(invoices.id, "postgres")), [
    { id: "postgres", paidAt: at }
  ])
})

test("the application's own transactions take the engine's statements, savepoints too", async () => {
  const in_ = async <Tx>(client: TransactionClient<Tx>, tx: Tx) =>
    (await client.query(tx, "SELECT now() AS at", [])).rows
  await db.transaction(async (tx) => {
    const rows = await in_(over.pg, tx)
    assert.equal(over.pg.stateOf(tx), "open")
    await tx.transaction(async (inner) => assert.deepEqual(await in_(over.pg, inner), rows))
  })
  await dbJs.transaction(async (tx) => {
    const rows = await in_(over.postgres, tx)
    await tx.transaction(async (inner) => assert.deepEqual(await in_(over.postgres, inner), rows))
  })
})

test("a transaction that has ended takes no statement, which would run on its connection", async () => {
  const ended = async <Tx>(client: TransactionClient<Tx>) => {
    let last: Tx | undefined
    await client.transaction(async (tx) => {
      last = tx
    })
    assert.equal(client.stateOf(last as Tx), "ended")
    await assert.rejects(async () => client.query(last as Tx, "SELECT 1", []), /has ended/)
    return last as Tx
  }
  const isOver = (error: Error) => error.cause instanceof Error && error.cause.message === "The transaction has ended"
  const tx = await ended(over.pg)
  await assert.rejects(tx.execute("SELECT 1"), isOver)
  await assert.rejects(
    tx.transaction((inner) => inner.execute("SELECT 1")),
    isOver
  )
  await assert.rejects((await ended(over.postgres)).execute("SELECT 1"), isOver)
})

test("a client of pg alone is refused, and the pools tell how many connections there are", async () => {
  assert.throws(() => drizzleClient(drizzle(new Client({ connectionString }))), /with a Pool/)
  assert.equal(over.pg.maxConnections, 5)
  assert.equal(over.postgres.maxConnections, 4)
})

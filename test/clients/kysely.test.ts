/** Transactions of `kysely`. */
import assert from "node:assert/strict"
import {
  CamelCasePlugin,
  CompiledQuery,
  type DatabaseConnection,
  Kysely,
  PostgresDialect,
  PostgresDriver,
  sql,
  type Transaction
} from "kysely"
import { Pool, TypeOverrides, types } from "pg"
import { afterAll } from "vitest"
import { kyselyClient } from "../../src/kysely.ts"
import { objectsOf } from "../../src/sql/clients/values.ts"
import type { TransactionClient } from "../../src/stores/TransactionClient.ts"
import { clientSchema, conforms, rejection, test } from "../support/clients.ts"

interface Database {
  readonly invoice: { readonly id: string; readonly paidAt: Date | null }
}

const { connectionString, options } = clientSchema()

const connect = (plugins: Array<CamelCasePlugin> = [], overrides?: TypeOverrides) => {
  const pool = new Pool({ connectionString, options, max: 5, ...(overrides && { types: overrides }) })
  pool.on("error", () => undefined)
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }), plugins })
  afterAll(() => db.destroy())
  return { client: kyselyClient(db, { pool }), db }
}

const conforming = (name: string, { client, db }: ReturnType<typeof connect>) =>
  conforms(name, client, { areRowsObjects: true, notTransactions: [db] })

const plain = connect()
conforming("Kysely", plain)
conforming("Kysely with CamelCasePlugin", connect([new CamelCasePlugin()]))

/** Of an application that reads times and JSON itself. */
const texts = new TypeOverrides()
for (const type of [types.builtins.TIMESTAMPTZ, types.builtins.JSONB, types.builtins.BOOL]) {
  texts.setTypeParser(type, (value: string) => value)
}
conforming("Kysely with type parsers of its own", connect([], texts))

/** Parsers that leave the types of their values as they are, or change what nothing but the engine needs. */
const changing: Readonly<Record<string, readonly [type: number, parse: (value: string) => unknown]>> = {
  "keys of JSON": [types.builtins.JSONB, (value) => JSON.parse(value.replaceAll("a_b", "aB"))],
  "times in JSON": [
    types.builtins.JSONB,
    (value) => JSON.parse(value, (_, each) => (/^\d{4}-/.test(each) ? new Date(each) : each))
  ],
  UUIDs: [types.builtins.UUID, (value) => ({ value })],
  texts: [types.builtins.TEXT, (value) => value.toUpperCase()]
}

for (const [what, [type, parse]] of Object.entries(changing)) {
  test(`a type parser that changes ${what} does not reach the engine's values`, async () => {
    const overrides = new TypeOverrides()
    overrides.setTypeParser(type, parse)
    const { client } = connect([], overrides)
    const json = { a_b: ["2026-07-01T12:00:00.123Z"] }
    const id = "00000000-0000-4000-8000-00000000000a"
    const statement = "SELECT $1::jsonb AS json, $2::uuid AS id, 'a_b' AS text"
    await client.transaction(async (tx) => {
      const given = await client.query(tx, statement, [JSON.stringify(json), id])
      assert.deepEqual(objectsOf(given), [{ json, id, text: "a_b" }])
    })
  })
}

test("a handler's transaction is the application's Transaction", async () => {
  const client: TransactionClient<Transaction<Database>> = plain.client
  await client.transaction(async (tx) => {
    // @ts-expect-error There is no such table.
    tx.selectFrom("invoices")
    assert.equal(tx.selectFrom("invoice").select("paidAt").compile().sql, `select "paidAt" from "invoice"`)
  })
})

test("a controlled transaction is the application's to end, and known as ended then", async () => {
  const tx = await plain.db.startTransaction().execute()
  await plain.client.query(tx, "SELECT 1", [])
  assert.equal(plain.client.stateOf(tx), "unknown")
  await tx.rollback().execute()
  assert.equal(plain.client.stateOf(tx), "ended")
  await assert.rejects(async () => plain.client.query(tx, "SELECT 1", []), /already rolled back/)
})

test("a transaction rejects, too, where the dialect does not look at what COMMIT did", async () => {
  const pool = new Pool({ connectionString, max: 1 })
  class Careless extends PostgresDriver {
    override async commitTransaction(connection: DatabaseConnection) {
      await connection.executeQuery(CompiledQuery.raw("commit"))
    }
  }
  const dialect = new PostgresDialect({ pool })
  dialect.createDriver = () => new Careless({ pool })
  const db = new Kysely({ dialect })
  const client = kyselyClient(db, { pool })
  await assert.rejects(
    client.transaction(async (tx) => {
      await assert.rejects(async () => client.query(tx, "SELECT 1 / 0", []), { code: "22012" })
    }),
    { code: "25P02" }
  )
  await db.destroy()
})

test("no statement is sent behind the end of a transaction: what comes then is refused", async () => {
  const pool = new Pool({ connectionString, max: 1 })
  const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) })
  const client = kyselyClient(db)
  let sent: Array<unknown> = []
  let stray = (_: unknown) => undefined as unknown
  pool.on("connect", (connection) => {
    const query = connection.query.bind(connection) as (...args: ReadonlyArray<unknown>) => unknown
    Object.assign(connection, {
      query: (...args: ReadonlyArray<unknown>) => {
        sent.push(args[0])
        const result = query(...args)
        stray(args[0])
        return result
      }
    })
  })
  const mine = new Error("mine")
  for (const end of ["commit", "rollback"]) {
    const late: Array<Promise<unknown>> = []
    const ended = client.transaction(async (tx) => {
      const before = tx.selectNoFrom(sql`3`.as("n"))
      sent = []
      stray = (text) => {
        if (text !== end) return
        const all = [
          tx.selectNoFrom(sql`1`.as("n")).execute(),
          tx.withoutPlugins().executeQuery(before.compile()),
          before.execute(),
          client.query(tx, "SELECT 2", [])
        ]
        late.push(...all.map(rejection))
      }
      if (end === "rollback") throw mine
    })
    if (end === "rollback") assert.equal(await rejection(ended), mine)
    else await ended
    assert.equal(sent.at(-1), end)
    assert.equal(late.length, 4)
    for (const error of await Promise.all(late)) assert.match(String(error), /already (committed|rolled back)/)
    assert.equal(sent.at(-1), end)
  }
  assert.equal(client.refusesAfterEnd, true)
  await db.destroy()
})

test("connections of the pool that is given have a listener, so that one that ends does not end the process", async () => {
  const pool = new Pool({ connectionString, max: 1 })
  const db = new Kysely({ dialect: new PostgresDialect({ pool }) })
  kyselyClient(db, { pool })
  const connection = await pool.connect()
  assert.equal(connection.listenerCount("error"), 1)
  connection.release()
  await db.destroy()
})

test("the pool tells how many connections there are, an option what it does not", async () => {
  assert.equal(plain.client.maxConnections, 5)
  assert.equal(kyselyClient(plain.db).maxConnections, undefined)
  assert.equal(kyselyClient(plain.db, { maxConnections: 3 }).maxConnections, 3)
})

test("a dialect that makes texts of times, and is not PostgresDialect, is refused", async () => {
  const pool = new Pool({ connectionString, max: 1, types: texts })
  // A dialect of its own: what it gets is a text, or nothing.
  const connectText = async () => {
    const client = await pool.connect()
    return {
      query: async (sql: unknown, parameters: ReadonlyArray<unknown>) => client.query(String(sql), [...parameters]),
      release: () => client.release()
    }
  }
  const db = new Kysely({
    dialect: new PostgresDialect({ pool: { connect: connectText, end: () => pool.end() } as never })
  })
  const client = kyselyClient(db)
  await assert.rejects(
    client.transaction(async (tx) => {
      await client.query(tx, "SELECT 1", [])
    }),
    /kyselyClient: times come as string, as the driver's type parsers/
  )
  await db.destroy()
})

/** Transactions of `pg`. */
import { assert } from "@effect/vitest"
import { Client, Pool, type PoolClient, type PoolConfig, types } from "pg"
import { afterAll, vi } from "vitest"
import { pgClient } from "../../src/pg.ts"
import type { TransactionClient } from "../../src/stores/TransactionClient.ts"
import { clientSchema, conforms, rejection, test } from "../support/clients.ts"

const { connectionString, options } = clientSchema()

const connect = (config: PoolConfig = {}) => {
  const pool = new Pool({ connectionString, options, max: 5, ...config })
  pool.on("error", () => undefined)
  afterAll(() => pool.end())
  return pool
}

const pool = connect()
const client: TransactionClient<PoolClient> = pgClient(pool)

conforms("pg", client, { notTransactions: [pool] })

conforms("pg with prepared statements", pgClient(pool, { prepare: true }))

/** Whatever it is asked for, it makes nothing of it. */
const odd = { getTypeParser: () => () => "odd" }
conforms("pg with type parsers of its own", pgClient(connect({ types: odd })))

test("type parsers that all of an application has change nothing", async () => {
  const parser = types.getTypeParser(23)
  types.setTypeParser(23, () => "odd")
  try {
    await client.transaction(async (tx) => {
      assert.deepStrictEqual((await tx.query("SELECT 1 AS a")).rows, [{ a: "odd" }])
      assert.deepStrictEqual((await client.query(tx, "SELECT 1 AS a", [])).rows, [["1"]])
    })
  } finally {
    types.setTypeParser(23, parser)
  }
})

test("it knows the state of each of its transactions, and of one that the application began", async () => {
  assert.strictEqual(client.maxConnections, 5)
  const tx = await pool.connect()
  assert.strictEqual(client.stateOf(tx), "none")
  await tx.query("BEGIN")
  assert.strictEqual(client.stateOf(tx), "open")
  assert.deepStrictEqual((await client.query(tx, "SELECT $1::int + 1 AS a", [1])).rows, [["2"]])
  await rejection(client.query(tx, "SELECT 1 / 0", []))
  await vi.waitFor(() => assert.strictEqual(client.stateOf(tx), "failed"))
  await tx.query("ROLLBACK")
  assert.strictEqual(client.stateOf(tx), "none")
  tx.release()
  assert.strictEqual(client.stateOf(pool as unknown as PoolClient), "none")
})

test("a connection whose transaction ended is used again, one that was lost is not", async () => {
  const one = connect({ max: 1 })
  const { query, transaction } = pgClient(one)
  const pids: Array<unknown> = []
  const noting = async (tx: PoolClient) => {
    pids.push((await query(tx, "SELECT pg_backend_pid()", [])).rows[0]?.[0])
  }
  await transaction(noting)
  await rejection(
    transaction(async (tx) => {
      await noting(tx)
      throw new Error("mine")
    })
  )
  await rejection(
    transaction(async (tx) => {
      await noting(tx)
      const table = "CREATE TEMPORARY TABLE broken (id int UNIQUE DEFERRABLE INITIALLY DEFERRED) ON COMMIT DROP"
      await query(tx, table, [])
      await query(tx, "INSERT INTO broken VALUES (1), (1)", [])
    })
  )
  await transaction(noting)
  assert.strictEqual(new Set(pids).size, 1)
  await rejection(
    transaction(async (tx) => void (await query(tx, "SELECT pg_terminate_backend(pg_backend_pid())", [])))
  )
  await transaction(noting)
  assert.strictEqual(new Set(pids).size, 2)
})

test("a connection that did not answer ROLLBACK in time is not used again", async () => {
  const { query, transaction } = pgClient(connect({ max: 1, query_timeout: 1000 }))
  const pids: Array<unknown> = []
  const late = transaction(async (tx) => {
    pids.push(...((await query(tx, "SELECT pg_backend_pid()", [])).rows[0] ?? []))
    await query(tx, "SELECT pg_sleep(60)", [])
  })
  assert.match(String(await rejection(late)), /Query read timeout/)
  await transaction(async (tx) => {
    pids.push(
      ...((await query(tx, "SELECT pg_backend_pid(), pg_terminate_backend($1)", [Number(pids[0])])).rows[0] ?? [])
    )
  })
  assert.notStrictEqual(pids[0], pids[1])
})

test("long statements are prepared where that is wanted, once per connection, and short ones are not", async () => {
  const one = connect({ max: 1 })
  const long = `SELECT $1::int AS a -- ${"x".repeat(200)}`
  const prepared = async (prepare: boolean) => {
    const names: Array<unknown> = []
    const { query, transaction } = pgClient(one, { prepare })
    await transaction(async (tx) => {
      for (const n of [1, 2, 3]) {
        assert.deepStrictEqual((await query(tx, long, [n])).rows, [[String(n)]])
        await query(tx, "SELECT $1::int", [n])
      }
      names.push(...(await query(tx, "SELECT name FROM pg_prepared_statements", [])).rows)
    })
    return names.length
  }
  assert.strictEqual(await prepared(false), 0)
  assert.strictEqual(await prepared(true), 1)
  // Another client on the same pool gives it the same name.
  assert.strictEqual(await prepared(true), 1)
})

test("something else is refused by its type", async () => {
  const refused = [
    // @ts-expect-error a client is no pool
    () => pgClient(new Client()),
    // @ts-expect-error a pool is no transaction
    () => client.stateOf(pool)
  ]
  assert.lengthOf(refused, 2)
})

test("what goes on in a transaction after its end is refused, to a promise and to a callback, and its connection stays", async () => {
  const one = connect({ max: 1 })
  const client = pgClient(one)
  const pid = "SELECT pg_backend_pid() AS pid"
  let before: unknown
  const kept: Array<PoolClient> = []
  await client.transaction(async (tx) => {
    kept.push(tx)
    before = (await tx.query(pid)).rows
  })
  const tx = kept[0] as PoolClient
  const called = new Promise((resolve, reject) => {
    tx.query("SELECT 1", (error) => (error ? reject(error) : resolve(1)))
  })
  for (const each of [tx.query("SELECT 1"), called]) {
    assert.match(String(await rejection(each)), /The transaction has ended/)
  }
  assert.strictEqual(client.stateOf(tx), "ended")
  assert.deepStrictEqual((await one.query(pid)).rows, before)
})

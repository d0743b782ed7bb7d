/** Transactions of `postgres`. */
import { assert } from "@effect/vitest"
import postgres from "postgres"
import { afterAll } from "vitest"
import { postgresClient } from "../../src/postgres.ts"
import type { TransactionClient } from "../../src/stores/TransactionClient.ts"
import { clientSchema, conforms, rejection, test } from "../support/clients.ts"

const { connectionString, schema } = clientSchema()

const connect = <Types extends Record<string, postgres.PostgresType>>(options: postgres.Options<Types> = {}) => {
  const connection = { search_path: schema }
  const sql = postgres(connectionString, { max: 5, onnotice: () => undefined, ...options, connection })
  // It waits for ever for a connection that ended while a query was sent.
  afterAll(() => sql.end({ timeout: 1 }))
  return sql
}
const sql = connect()
const client: TransactionClient<postgres.TransactionSql> = postgresClient(sql)

conforms("postgres", client, { notTransactions: [sql] })

const camel = connect({ transform: postgres.camel })
conforms("postgres with names in camelCase", postgresClient(camel), { notTransactions: [camel] })

const odd = { to: 23, from: [23, 25, 16], serialize: String, parse: () => "odd" }
conforms(
  "postgres with types of its own, and no prepared statements",
  postgresClient(connect({ types: { odd }, prepare: false }))
)

test("names are transformed for the application's own statements, in the same transaction", () => {
  const { query, transaction } = postgresClient(camel)
  const another = postgresClient(camel)
  const text = `SELECT 'a' AS some_name, 'b' AS "someName", $1::int AS "other_one"`
  return transaction(async (tx) => {
    assert.deepStrictEqual([...(await tx.unsafe(text, [0], { prepare: true }))], [{ someName: "b", otherOne: 0 }])
    for (const n of [1, 2]) {
      assert.deepStrictEqual([...(await tx`SELECT ${n}::int AS some_name`)], [{ someName: n }])
      const { columns, rows } = await query(tx, text, [n])
      assert.deepStrictEqual((await another.query(tx, text, [n])).columns, columns)
      assert.deepStrictEqual(
        columns.map(({ name }) => name),
        ["some_name", "someName", "other_one"]
      )
      assert.deepStrictEqual(rows, [["a", "b", String(n)]])
      assert.deepStrictEqual([...(await tx.unsafe(text, [n], { prepare: true }))], [{ someName: "b", otherOne: n }])
    }
  })
})

test("it knows the state of each of its transactions, and little of one that the application began", async () => {
  assert.strictEqual(client.maxConnections, 5)
  let last: postgres.TransactionSql | undefined
  await client.transaction(async (tx) => {
    last = tx
    assert.strictEqual(client.stateOf(tx), "open")
    await rejection(tx.savepoint((inner) => inner`SELECT 1 / 0`))
    assert.strictEqual(client.stateOf(tx), "unknown")
  })
  assert.isDefined(last)
  if (last === undefined) return
  assert.strictEqual(client.stateOf(last), "ended")
  // The connection is somebody else's by now.
  assert.match(String(await rejection(client.query(last, "SELECT 1", []))), /has ended/)
  assert.match(String(await rejection(last`SELECT 1`)), /has ended/)
  await sql.begin(async (tx) => {
    assert.strictEqual(client.stateOf(tx), "unknown")
    await client.query(tx, "SELECT 1", [])
    assert.strictEqual(client.stateOf(tx), "unknown")
  })
  assert.strictEqual(client.stateOf(sql as unknown as postgres.TransactionSql), "none")
})

test("a transaction is what sql.begin gives: fragments, helpers, savepoints", () =>
  client.transaction(async (tx) => {
    await tx`CREATE TEMPORARY TABLE kept (id int, name text) ON COMMIT DROP`
    await tx`INSERT INTO kept ${tx(
      [
        { id: 1, name: "a" },
        { id: 2, name: "b" }
      ],
      "id",
      "name"
    )}`
    const all = await tx.savepoint('named "so', (inner) => [inner`SELECT 1 AS a`, inner`SELECT ${2}::int AS a`])
    assert.deepStrictEqual(
      all.map(([row]) => row?.a),
      [1, 2]
    )
    const where = tx`WHERE id IN ${tx([2, 3])}`
    assert.deepStrictEqual([...(await tx`SELECT name FROM kept ${where}`)], [{ name: "b" }])
    const mine = new Error("mine")
    const undone = tx.savepoint(async (inner) => {
      await inner`DELETE FROM kept`
      await inner.savepoint((innermost) => innermost`DELETE FROM kept`)
      throw mine
    })
    assert.strictEqual(await rejection(undone), mine)
    // A failure that was caught takes back its savepoint, too.
    const caught = tx.savepoint(async (inner) => {
      await inner`DELETE FROM kept`
      await rejection(inner`SELECT 1 / 0`)
    })
    assert.strictEqual(((await rejection(caught)) as { readonly code?: unknown }).code, "25P02")
    assert.deepStrictEqual((await client.query(tx, "SELECT id FROM kept ORDER BY id", [])).rows, [["1"], ["2"]])
  }))

test("a statement of the application that failed, and was caught, does not commit", async () => {
  const failed = client.transaction(async (tx) => {
    await rejection(tx`SELECT 1 / 0`)
  })
  assert.strictEqual(((await rejection(failed)) as { readonly code?: unknown }).code, "25P02")
})

test("a statement of the engine that failed behind a savepoint does not end a transaction of the application", async () => {
  const kept = await sql.begin(async (tx) => {
    await client.query(tx, "SAVEPOINT one", [])
    await rejection(client.query(tx, "SELECT 1 / 0", []))
    await client.query(tx, "ROLLBACK TO SAVEPOINT one", [])
    const inner = tx.savepoint(async (nested) => {
      await client.query(nested, "SAVEPOINT one", [])
      await rejection(client.query(nested, "SELECT 1 / 0", []))
      await client.query(nested, "ROLLBACK TO SAVEPOINT one", [])
    })
    await inner
    // A savepoint of the application's takes back what the engine's did not.
    const theirs = tx.savepoint((nested) => rejection(client.query(nested, "SELECT 1 / 0", [])))
    assert.deepInclude(await rejection(theirs), { code: "22012" })
    return "kept"
  })
  assert.strictEqual(kept, "kept")
})

test("statements that wait when a connection ends are rejected, however many", async () => {
  const outcomes: Array<Promise<unknown>> = []
  const lost = client.transaction(async (tx) => {
    const { rows } = await client.query(tx, "SELECT pg_backend_pid()", [])
    for (let n = 0; n < 5; n++) {
      outcomes.push(rejection(client.query(tx, "SELECT pg_sleep($1)", [30])), rejection(tx`SELECT pg_sleep(${30})`))
    }
    await sql`SELECT pg_terminate_backend(${Number(rows[0]?.[0])}, 5000)`
    await Promise.all(outcomes)
  })
  assert.strictEqual(((await rejection(lost)) as { readonly code?: unknown }).code, "CONNECTION_CLOSED")
  assert.lengthOf(outcomes, 10)
})

test("in a transaction of the application whose connection ended, no statement is sent", async () => {
  const checked = Promise.withResolvers<unknown>()
  const begun = sql.begin(async (tx) => {
    const { rows } = await client.query(tx, "SELECT pg_backend_pid()", [])
    const waiting = rejection(client.query(tx, "SELECT pg_sleep(60)", []))
    await sql`SELECT pg_terminate_backend(${Number(rows[0]?.[0])}, 5000)`
    await waiting
    checked.resolve(await rejection(client.query(tx, "SELECT 1", [])))
    // Its ROLLBACK would end the process: that is not sent by us.
    await new Promise<never>(() => undefined)
  })
  const code = "CONNECTION_CLOSED"
  assert.deepInclude(await rejection(begun), { code })
  assert.deepInclude(await checked.promise, { code })
})

test("a file that is missing does not end a transaction: it takes statements, and is rolled back", async () => {
  const missing = { code: "ENOENT" }
  const failed = client.transaction(async (tx) => {
    assert.deepInclude(await rejection(tx.file("missing.sql")), missing)
    assert.deepStrictEqual((await client.query(tx, "SELECT 'on' AS it", [])).rows, [["on"]])
    await tx.file("missing.sql")
  })
  assert.deepInclude(await rejection(failed), missing)
})

test("a failure of the engine's that no savepoint takes back rejects sql.begin, though it was caught", async () => {
  const failed = sql.begin(async (tx) => {
    assert.deepInclude(await rejection(client.query(tx, "SELECT 1 / 0", [])), { code: "22012" })
    return "unheard"
  })
  assert.deepInclude(await rejection(failed), { code: "22012" })
  const unreleased = sql.begin(async (tx) => {
    await client.query(tx, "SAVEPOINT one", [])
    await rejection(client.query(tx, "SELECT 1 / 0", []))
    assert.deepInclude(await rejection(client.query(tx, "ROLLBACK TO SAVEPOINT other", [])), { code: "3B001" })
    return "unheard"
  })
  assert.deepInclude(await rejection(unreleased), { code: "22012" })
  const behind = sql.begin(async (tx) => {
    await client.query(tx, "SAVEPOINT one", [])
    await client.query(tx, "RELEASE SAVEPOINT one", [])
    await rejection(client.query(tx, "SELECT 1 / 0", []))
    return "unheard"
  })
  assert.deepInclude(await rejection(behind), { code: "22012" })
})

test("what would change rows is refused, and what is no sql by its type", async () => {
  const rows = postgres(connectionString, { transform: { row: (row: object) => row } })
  assert.throws(() => postgresClient(rows), /transform\.row/)
  const refused = [
    // @ts-expect-error a function is no sql
    () => postgresClient(postgres),
    // @ts-expect-error sql itself is no transaction
    () => client.stateOf(sql)
  ]
  assert.lengthOf(refused, 2)
})

test("a statement that would end the engine's transaction is not sent: its connection would be another's then", async () => {
  const one = postgresClient(connect({ max: 1 }))
  for (const statement of ["COMMIT", " rollback", "END", "ABORT", "ROLLBACK WORK", "prepare transaction 'a'"]) {
    await one.transaction(async (tx) => {
      await tx.unsafe("SELECT set_config('effect.kept', 'yes', true)")
      assert.match(String(await rejection(tx.unsafe(statement))), /the engine's to end/)
      await tx`SAVEPOINT own`
      await tx`ROLLBACK TO SAVEPOINT own`
      await tx.unsafe("ROLLBACK TRANSACTION TO own")
      assert.deepStrictEqual((await one.query(tx, "SELECT current_setting('effect.kept')", [])).rows, [["yes"]])
    })
  }
  await one.transaction(async (tx) => {
    assert.match(String(await rejection(tx`COMMIT`)), /the engine's to end/)
  })
})

/** The checks of `TransactionClient`: each finds a client that breaks its rule. */
import { assert } from "@effect/vitest"
import { Effect, Exit } from "effect"
import { Pool, type PoolClient } from "pg"
import { afterAll } from "vitest"
import { pgClient } from "../../src/pg.ts"
import type { ClientResult, TransactionClient } from "../../src/stores/TransactionClient.ts"
import * as Conformance from "../../src/testing/conformance/Conformance.ts"
import { clientSchema, test } from "../support/clients.ts"

const { connectionString, options } = clientSchema()
const pool = new Pool({ connectionString, options, max: 5 })
pool.on("error", () => undefined)
afterAll(() => pool.end())

type Client = TransactionClient<PoolClient>

const client: Client = pgClient(pool)

/** Whose transactions end as `end` says, which gets the transaction as it is and its body. */
const ending = (
  end: (run: Client["transaction"], body: (tx: PoolClient) => Promise<void>) => Promise<void>
): Client => ({
  ...client,
  transaction: (body) => end(client.transaction, body)
})

/** What goes wrong beside the body is not told. */
const silent = ending(async (run, body) => {
  let failure: { readonly error: unknown } | undefined
  await run((tx) =>
    body(tx).catch((error) => {
      failure = { error }
      throw error
    })
  ).catch(() => undefined)
  if (failure !== undefined) throw failure.error
})

/** Who cannot have more than so many transactions. */
const atMost = (most: number): Client => {
  let open = 0
  return ending(async (run, body) => {
    if (open >= most) throw new Error("busy")
    open++
    await run(body).finally(() => open--)
  })
}

/** Who asks for something else. */
const asking = (
  change: (sql: string, parameters: ReadonlyArray<unknown>) => readonly [string, ReadonlyArray<unknown>]
): Client => ({
  ...client,
  query: (tx, sql, parameters) =>
    client.query(
      tx,
      ...(change(sql, parameters) as Parameters<Client["query"]> extends [unknown, ...infer Rest] ? Rest : never)
    )
})

/** Who makes something else of a result. */
const giving = (change: (result: ClientResult, sql: string) => ClientResult): Client => ({
  ...client,
  query: async (tx, sql, parameters) => change(await client.query(tx, sql, parameters), sql)
})

const broken: Readonly<Record<string, Client>> = {
  "what was committed is seen by others when transaction() resolves": ending((run, body) =>
    run(async (tx) => {
      await body(tx)
      await client.query(tx, "ROLLBACK", [])
      await client.query(tx, "BEGIN", [])
    })
  ),
  "a body that rejects is rolled back, and its error comes back as it is": ending((run, body) =>
    run(body).catch((cause) => Promise.reject(new Error("mine", { cause })))
  ),
  "a transaction whose COMMIT rolls back as a statement had failed rejects": silent,
  "a COMMIT that fails rejects with what the server said": ending((run, body) =>
    run(body).catch((error) => Promise.reject(new Error(String(error))))
  ),
  "a savepoint takes back what failed behind it, and the rest commits": asking((sql, parameters) => [
    sql.startsWith("SAVEPOINT") ? "SELECT 1" : sql,
    parameters
  ]),
  "errors hold the server's SQLSTATE": {
    ...client,
    query: (...args) =>
      client.query(...args).then(
        (result) => result,
        (error) => Promise.reject(new Error(String(error)))
      )
  },
  "a transaction whose connection ends rejects, and the next one has another": silent,
  "says how many connections there are, or nothing": { ...client, maxConnections: 0 },
  "two transactions are open at once, if there are two connections": atMost(1),
  "more transactions than connections end, each as its body says": atMost(5),
  "what it knows of a transaction is so": { ...client, stateOf: () => "none" },
  "parameters arrive as they are, each alone": asking((sql, parameters) => [
    sql,
    parameters.map((value) => (value === "" ? null : value))
  ]),
  "parameters arrive as they are, many in one statement, in any order": asking((sql, parameters) => [
    sql,
    parameters.length > 1 ? parameters.toReversed() : parameters
  ]),
  "parameters without a cast are what PostgreSQL reads in their text, as the column's type has it": asking(
    (sql, parameters) => [
      sql,
      sql.startsWith("INSERT") ? parameters.map((value) => (value === "true" ? "false" : value)) : parameters
    ]
  ),
  "a parameter is used as often as it stands in the statement": asking((sql, parameters) => {
    const uses = [...sql.matchAll(/\$(\d+)/g)]
    return [sql, uses.length > parameters.length ? uses.map((_, index) => parameters[index]) : parameters]
  }),
  "what looks like a parameter in text, names, comments and operators is none": asking((sql, parameters) => [
    sql.replaceAll("??", "?"),
    parameters
  ]),
  "values are PostgreSQL's own texts, with the types' OIDs, or what they mean": giving(({ columns, rows }) => ({
    columns: columns.map(({ name }) => ({ name })),
    rows
  })),
  "columns come in order, as they are named, and so do rows": giving(({ columns, rows }) => ({
    columns: columns.map((column) => ({ ...column, name: column.name.replace(/_n/, "N") })),
    rows
  })),
  "columns of one name are kept apart": giving(({ columns, rows }) => {
    const names = [...new Set(columns.map(({ name }) => name))]
    const lastOf = (name: string) => columns.findLastIndex((column) => column.name === name)
    return { columns: names.map((name) => ({ name })), rows: rows.map((row) => names.map((name) => row[lastOf(name)])) }
  }),
  "a statement that gives no rows has none, nor columns": giving((result, sql) =>
    sql.startsWith("UPDATE") ? { columns: [{ name: "count" }], rows: [[1]] } : result
  )
}

const checks = (of: Client) => Conformance.transactionClient(of, { notTransactions: [pool] })

test("each check has a client here that breaks its rule", async () => {
  assert.sameMembers(
    checks(client).map(({ name }) => name),
    Object.keys(broken)
  )
})

for (const [name, of] of Object.entries(broken)) {
  test(`found: ${name}`, async () => {
    const check = checks(of).find((each) => each.name === name)
    assert.isDefined(check)
    if (check !== undefined) assert.isTrue(Exit.isFailure(await Effect.runPromiseExit(check.test)))
  })
}

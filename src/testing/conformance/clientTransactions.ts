/**
 * What a client's transactions must do: how they end, what a failed statement does to them, and what is known of them.
 *
 * @internal
 */
import assert from "node:assert/strict"
import type { TransactionClient } from "../../stores/TransactionClient.ts"
import { alone, check, codesOf, inTime, rejectionOf, withTable } from "./clientSupport.ts"

const endings = <Tx>(client: TransactionClient<Tx>) => [
  check("what was committed is seen by others when transaction() resolves", () =>
    withTable(client, async ({ ids, insert }) => {
      await client.transaction(async (tx) => {
        await insert(tx, 1)
        assert.deepEqual(await ids(), [], "nothing is seen before")
      })
      assert.deepEqual(await ids(), [1])
    })
  ),

  check("a body that rejects is rolled back, and its error comes back as it is", () =>
    withTable(client, async ({ ids, insert }) => {
      for (const error of [new Error("mine"), Object.freeze({ mine: true }), "mine", undefined]) {
        const rejection = await rejectionOf(
          client.transaction(async (tx) => {
            await insert(tx, 1)
            throw error
          }),
          "a transaction whose body rejects"
        )
        assert.ok(rejection === error, `the body's own error (${String(error)}), not ${String(rejection)}`)
        assert.deepEqual(await ids(), [])
      }
    })
  ),

  check("a transaction whose COMMIT rolls back as a statement had failed rejects", () =>
    withTable(client, async ({ ids, insert }) => {
      await rejectionOf(
        client.transaction(async (tx) => {
          await insert(tx, 1)
          await rejectionOf(insert(tx, 1), "a second row with the same key")
        }),
        "a transaction with a failed statement"
      )
      assert.deepEqual(await ids(), [])
    })
  ),

  check("a COMMIT that fails rejects with what the server said", () =>
    withTable(client, async ({ ids, name }) => {
      const rejection = await rejectionOf(
        client.transaction(async (tx) => {
          await client.query(tx, `INSERT INTO ${name} (id, other) VALUES (1, 1), (2, 1)`, [])
        }),
        "a transaction that breaks a deferred constraint"
      )
      assert.ok(codesOf(rejection).includes("23505"), "the error holds 23505")
      assert.deepEqual(await ids(), [])
    })
  ),

  check("a savepoint takes back what failed behind it, and the rest commits", () =>
    withTable(client, async ({ ids, insert }) => {
      await client.transaction(async (tx) => {
        await insert(tx, 1)
        await client.query(tx, "SAVEPOINT one", [])
        await insert(tx, 2)
        await rejectionOf(insert(tx, 2), "a second row with the same key")
        await client.query(tx, "ROLLBACK TO SAVEPOINT one", [])
        await client.query(tx, "RELEASE SAVEPOINT one", [])
        await insert(tx, 3)
      })
      assert.deepEqual(await ids(), [1, 3])
    })
  )
]

const errors = <Tx>(client: TransactionClient<Tx>) => [
  check("errors hold the server's SQLSTATE", () =>
    withTable(client, async ({ name }) => {
      const failing: ReadonlyArray<readonly [code: string, sql: string]> = [
        ["23505", `INSERT INTO ${name} (id) VALUES (1), (1)`],
        ["42P01", "SELECT 1 FROM no_table_of_this_name"],
        ["40001", "DO $$ BEGIN RAISE EXCEPTION 'again' USING ERRCODE = '40001'; END $$"],
        ["25P02", "SELECT 1"]
      ]
      const last = new Error("enough")
      const rejection = await rejectionOf(
        client.transaction(async (tx) => {
          for (const [code, sql] of failing) {
            if (code !== "25P02") await client.query(tx, "SAVEPOINT one", [])
            const error = await rejectionOf(client.query(tx, sql, []), sql)
            assert.ok(codesOf(error).includes(code), `the error of ${sql} holds ${code}: ${codesOf(error).join()}`)
            // The last of them stays: what follows it is refused.
            if (code !== "40001" && code !== "25P02") await client.query(tx, "ROLLBACK TO SAVEPOINT one", [])
          }
          throw last
        }),
        "the transaction"
      )
      assert.equal(rejection, last)
    })
  ),

  check("a transaction whose connection ends rejects, and the next one has another", async () => {
    const ofMine = new Error("the body's")
    for (const isWaiting of [true, false]) {
      const rejection = await rejectionOf(
        client.transaction(async (tx) => {
          const { rows } = await client.query(tx, "SELECT pg_backend_pid()", [])
          const killed = `SELECT pg_terminate_backend(${Number(rows[0]?.[0])}, 5000)`
          const waiting = isWaiting
            ? rejectionOf(client.query(tx, "SELECT pg_sleep(30)::text", []), "its statement")
            : undefined
          await alone(client, killed)
          await waiting
          await rejectionOf(client.query(tx, "SELECT 1", []), "a statement after its end")
          if (isWaiting) throw ofMine
        }),
        "a transaction whose connection ended"
      )
      if (isWaiting) assert.equal(rejection, ofMine)
      for (let n = 0; n < 3; n++) await inTime(alone(client, "SELECT 1"), "the next transaction")
    }
  })
]

/** Transactions beside others: two that wait for each other, and more than there are connections. */
const concurrency = <Tx>(client: TransactionClient<Tx>) => [
  check("says how many connections there are, or nothing", async () => {
    const { maxConnections } = client
    assert.ok(maxConnections === undefined || (Number.isInteger(maxConnections) && maxConnections > 0))
  }),

  check("two transactions are open at once, if there are two connections", async () => {
    if (client.maxConnections === 1) return
    const [one, other] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    const both = [
      client.transaction(async () => {
        one.resolve()
        await other.promise
      }),
      client.transaction(async () => {
        other.resolve()
        await one.promise
      })
    ]
    try {
      await inTime(Promise.all(both), "each of two transactions")
    } finally {
      one.resolve()
      other.resolve()
    }
  }),

  check("more transactions than connections end, each as its body says", () =>
    withTable(client, async ({ ids, insert }) => {
      const numbers = Array.from({ length: 20 }, (_, index) => index)
      const ended = await inTime(
        Promise.allSettled(
          numbers.map((id) =>
            client.transaction(async (tx) => {
              await insert(tx, id)
              await client.query(tx, "SELECT pg_sleep(0.01)::text", [])
              if (id % 3 === 0) throw id
            })
          )
        ),
        "each of 20 transactions"
      )
      assert.deepEqual(
        ended.map((each) => (each.status === "rejected" ? each.reason : undefined)),
        numbers.map((id) => (id % 3 === 0 ? id : undefined))
      )
      assert.deepEqual(
        await ids(),
        numbers.filter((id) => id % 3 !== 0)
      )
    })
  )
]

const states = <Tx>(client: TransactionClient<Tx>, others: ReadonlyArray<unknown>) => [
  check("what it knows of a transaction is so", async () => {
    const known = (tx: unknown, ...possible: ReadonlyArray<string>) =>
      assert.ok(
        ["unknown", ...possible].includes(client.stateOf(tx as Tx)),
        `${possible[0]}: ${client.stateOf(tx as Tx)}`
      )
    let last: unknown
    await client.transaction(async (tx) => {
      last = tx
      known(tx, "open")
      await client.query(tx, "SELECT 1", [])
      known(tx, "open")
      await client.query(tx, "SAVEPOINT one", [])
      await rejectionOf(client.query(tx, "SELECT 1 / 0", []), "a division by zero")
      known(tx, "failed", "open")
      await client.query(tx, "ROLLBACK TO SAVEPOINT one", [])
      known(tx, "open")
    })
    known(last, "ended", "none")
    await rejectionOf(
      client.transaction(async (tx) => {
        last = tx
        throw new Error("mine")
      }),
      "a transaction whose body rejects"
    )
    known(last, "ended", "none")
    for (const other of others) known(other, "none")
  })
]

export const clientTransactions = <Tx>(client: TransactionClient<Tx>, others: ReadonlyArray<unknown>) => [
  ...endings(client),
  ...errors(client),
  ...concurrency(client),
  ...states(client, others)
]

/** Other clients of PostgreSQL, on a schema of their own. */
import { describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { Client } from "pg"
import { afterAll, beforeAll, inject } from "vitest"
import type { TransactionClient } from "../../src/stores/TransactionClient.ts"
import * as Conformance from "../../src/testing/conformance/Conformance.ts"
import { uniqueSchema } from "./databases.ts"

/** A schema for the tests of a file, made before them and dropped after them, as options of a connection. */
export const clientSchema = () => {
  const schema = uniqueSchema()
  const alone = async (sql: string) => {
    const client = new Client({ connectionString: inject("postgresUrl") })
    await client.connect()
    await client.query(sql)
    await client.end()
  }
  beforeAll(() => alone(`CREATE SCHEMA ${schema}`))
  afterAll(() => alone(`DROP SCHEMA ${schema} CASCADE`))
  return { schema, connectionString: inject("postgresUrl"), options: `-c search_path=${schema}` }
}

/** The checks of `TransactionClient` for a client, as tests. */
export const conforms = <Tx>(
  name: string,
  client: TransactionClient<Tx>,
  options: Conformance.TransactionClientOptions = {}
) =>
  describe(name, () => {
    for (const check of Conformance.transactionClient(client, options)) it.live(check.name, () => check.test)
  })

/** Runs a promise as a test. */
export const test = (name: string, body: () => Promise<void>) => it.live(name, () => Effect.promise(body))

/** What a promise rejects with; it must reject. */
export const rejection = async (promise: PromiseLike<unknown>): Promise<unknown> => {
  const outcome = await Promise.resolve(promise).then(
    () => "resolved",
    (error: unknown) => ({ error })
  )
  if (typeof outcome === "string") throw new Error("it resolved")
  return outcome.error
}

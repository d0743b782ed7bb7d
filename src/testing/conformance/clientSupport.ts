/**
 * What the checks of other clients' transactions share.
 *
 * @internal
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import type { ClientParameter, ClientResult, TransactionClient } from "../../stores/TransactionClient.ts"
import { checkOf } from "./Check.ts"
import { unique } from "./support.ts"

export { codesOf } from "../../errors/sqlState.ts"
export type { Check } from "./Check.ts"

const named = checkOf("TransactionClient")

/** A check that is written with promises. */
export const check = (name: string, test: () => Promise<void>) => named(name, Effect.promise(test))

/** What a promise rejects with; it must reject, and may take ten seconds. */
export const rejectionOf = async (promise: PromiseLike<unknown>, what: string): Promise<unknown> => {
  const ended = await inTime(
    Promise.resolve(promise).then(
      () => ({ rejected: false, error: undefined }),
      (error: unknown) => ({ rejected: true, error })
    ),
    what
  )
  assert.ok(ended.rejected, `${what} rejects`)
  return ended.error
}

/** What a promise resolves with; more than ten seconds are taken for forever. */
export const inTime = async <A>(promise: Promise<A>, what: string): Promise<A> => {
  const timer = Promise.withResolvers<never>()
  const timeout = setTimeout(() => timer.reject(new assert.AssertionError({ message: `${what} ends` })), 10_000)
  try {
    return await Promise.race([promise, timer.promise])
  } finally {
    clearTimeout(timeout)
  }
}

/** A table of the check's own, as its statements see it. */
export interface Table<Tx> {
  readonly name: string
  readonly insert: (tx: Tx, id: number) => PromiseLike<ClientResult>
  /** The ids in the table, as another transaction sees them. */
  readonly ids: () => Promise<ReadonlyArray<number>>
}

/** Runs a check with a new table: `id` that is unique, `other` that is unique when it is committed. */
export const withTable = async <Tx>(client: TransactionClient<Tx>, body: (table: Table<Tx>) => Promise<void>) => {
  const name = unique("client").replaceAll("-", "_")
  await alone(client, `CREATE TABLE ${name} (id int PRIMARY KEY, other int UNIQUE DEFERRABLE INITIALLY DEFERRED)`)
  try {
    await body({
      name,
      insert: (tx, id) => client.query(tx, `INSERT INTO ${name} (id) VALUES ($1)`, [id]),
      ids: async () => (await alone(client, `SELECT id FROM ${name} ORDER BY id`)).rows.map(([id]) => Number(id))
    })
  } finally {
    await alone(client, `DROP TABLE ${name}`)
  }
}

/** The result of one statement in a transaction of its own. */
export const alone = async <Tx>(
  client: TransactionClient<Tx>,
  sql: string,
  parameters: ReadonlyArray<ClientParameter> = []
): Promise<ClientResult> => {
  let result: ClientResult = { columns: [], rows: [] }
  await client.transaction(async (tx) => {
    result = await client.query(tx, sql, parameters)
  })
  return result
}

/**
 * The transactions of `pg` (node-postgres): clients of a pool on which BEGIN was run.
 *
 * @since 0.1.0
 */
import type { ClientParameter, TransactionClient } from "../stores/TransactionClient.ts"
import { type PgResult, resultOf, stateOfConnection, textQuery } from "./pgTexts.ts"

export type { PgResult } from "./pgTexts.ts"

/** What is needed of a client of a pool, `PoolClient`. @since 0.1.0 */
export interface PgTransaction {
  query(config: {
    text: string
    values: Array<unknown>
    rowMode: "array"
    types: { getTypeParser: () => (value: string) => string }
  }): Promise<PgResult>
  release(error?: Error | boolean): void
  on(event: "error", listener: (error: Error) => void): unknown
  removeListener(event: "error", listener: (error: Error) => void): unknown
}

/** What is needed of a `Pool`. @since 0.1.0 */
export interface PgPool<Client> {
  /** As it is declared, with a callback too: what the promise gives is found only so. */
  readonly connect: {
    (): Promise<Client>
    (callback: (error: Error | undefined, client: Client | undefined, done: (release?: unknown) => void) => void): void
  }
  readonly options: { readonly max: number }
}

const run = (client: PgTransaction, text: string, parameters: ReadonlyArray<ClientParameter> = []) =>
  client.query(textQuery(text, parameters))

/** Ends a transaction whose body is done, and gives the client back. */
const inTransaction = async <Client extends PgTransaction>(client: Client, body: (tx: Client) => Promise<void>) => {
  let lost: Error | undefined
  const onError = (error: Error) => {
    lost ??= error
  }
  // Without a listener, a connection that ends between two statements ends the process.
  client.on("error", onError)
  try {
    await run(client, "BEGIN")
    try {
      await body(client)
    } catch (error) {
      await run(client, "ROLLBACK").catch((failure: Error) => {
        lost ??= failure
      })
      throw error
    }
    const { command } = await run(client, "COMMIT").catch((failure) => {
      // Unknown is whether it was committed, and in what state the connection is: it is not used again.
      lost ??= failure
      throw failure
    })
    if (command === "ROLLBACK") throw new Error("A statement in the transaction had failed, so COMMIT rolled it back")
  } finally {
    client.removeListener("error", onError)
    client.release(lost)
  }
}

/**
 * The transactions of a pool of `pg`: `tx` is the `PoolClient` on which BEGIN was run, by the engine or by the application.
 *
 * ```ts
 * const client = pgClient(new Pool({ connectionString }))
 * ```
 *
 * @param pool - a `Pool` of `pg`, which stays the application's to end
 *
 * @since 0.1.0
 */
export const pgClient = <Client extends PgTransaction>(pool: PgPool<Client>): TransactionClient<Client> => ({
  name: "pg",
  query: async (tx, sql, parameters) => resultOf(await run(tx, sql, parameters)),
  // A pool has clients, and is no transaction.
  stateOf: (tx) => ("totalCount" in tx ? "none" : stateOfConnection(tx)),
  transaction: async (body) => inTransaction(await pool.connect(), body),
  maxConnections: pool.options.max
})

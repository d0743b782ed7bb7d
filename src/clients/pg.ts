/**
 * The transactions of `pg` (node-postgres): clients of a pool on which BEGIN was run.
 *
 * @since 0.1.0
 */
import type { TransactionClient } from "../stores/TransactionClient.ts"
import { check } from "./given.ts"
import { isBinary, type PgResult, resultOf, stateOfConnection, textQuery } from "./pgTexts.ts"
import { hasEnded, untilEnd } from "./pgTransaction.ts"
import { namesFor, type PrepareOptions } from "./statementNames.ts"

export type { PgResult } from "./pgTexts.ts"
export type { PrepareOptions } from "./statementNames.ts"

/** What is needed of a client of a pool, `PoolClient`. @since 0.1.0 */
export interface PgTransaction {
  query(config: {
    name?: string
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
  readonly options: { readonly max: number; readonly binary?: boolean | undefined }
}

const run = (client: PgTransaction, text: string) => client.query(textQuery(text, []))

/** With the code of in_failed_sql_transaction, as which the server refuses any other statement. */
const rolledBack = () =>
  Object.assign(new Error("A statement in the transaction had failed, so COMMIT rolled it back"), { code: "25P02" })

/** Runs a body between BEGIN and COMMIT, and gives the client back: to be closed, if it does not say that nothing is open on it. */
const inTransaction = async <Client extends PgTransaction>(client: Client, body: (tx: Client) => Promise<void>) => {
  let lost: Error | undefined
  const onError = (error: Error) => {
    lost ??= error
  }
  // Without a listener, a connection that ends between two statements ends the process.
  client.on("error", onError)
  const end = { isSent: false }
  try {
    await run(client, "BEGIN")
    await body(untilEnd(client, end))
    end.isSent = true
    const { command } = await run(client, "COMMIT")
    if (command === "ROLLBACK") throw rolledBack()
  } catch (error) {
    end.isSent = true
    await run(client, "ROLLBACK").catch(onError)
    throw error
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
 * @param options - whether statements are prepared
 *
 * @since 0.1.0
 */
export const pgClient = <Client extends PgTransaction>(
  pool: PgPool<Client>,
  options: PrepareOptions = {}
): TransactionClient<Client> => {
  const isPool = (given: Record<string, unknown>) => "totalCount" in given && typeof given.connect === "function"
  check("pgClient", pool, isPool, "a Pool of pg: new Pool({ connectionString })")
  if (pool.options.binary === true) throw isBinary("pgClient")
  const nameOf = namesFor(options)
  return {
    name: "pg",
    query: async (tx, sql, parameters) => resultOf(await tx.query(textQuery(sql, parameters, nameOf(sql)))),
    // A pool has clients, and is no transaction.
    stateOf: (tx) => ("totalCount" in tx ? "none" : hasEnded(tx) ? "ended" : stateOfConnection(tx)),
    transaction: async (body) => inTransaction(await pool.connect(), body),
    maxConnections: pool.options.max,
    refusesAfterEnd: true
  }
}

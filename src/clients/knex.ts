/**
 * The transactions of `knex` on PostgreSQL.
 *
 * @since 0.1.0
 */
import type { ClientTransactionState, TransactionClient } from "../stores/TransactionClient.ts"
import { check } from "./given.ts"
import { isBinary, type PgResult, resultOf, stateOfConnection, textQuery } from "./pgTexts.ts"
import { namesFor, type PrepareOptions } from "./statementNames.ts"

export type { PrepareOptions } from "./statementNames.ts"

/** What is needed of a `Knex.Transaction`. @since 0.1.0 */
export interface KnexTransaction {
  /** `knex` itself has none. */
  isCompleted(): boolean
  on(event: "query-error", listener: () => void): unknown
  /** Knex declares it as `any`. */
  readonly client: unknown
}

/** What is needed of a `Knex`. @since 0.1.0 */
export interface KnexDatabase<Tx> {
  transaction<A>(body: (tx: Tx) => Promise<A>): Promise<A>
  /** Knex declares it as `any`. */
  readonly client: unknown
}

/** Knex's inside, of a transaction: one connection of `pg`, and statements on it. */
interface Inside {
  acquireConnection(): Promise<object>
  query(connection: object, statement: object): Promise<{ readonly response: PgResult }>
}

/** Knex's inside, of the whole. */
interface Outside {
  readonly driverName?: unknown
  readonly pool?: { readonly max?: unknown }
  /** A pool of `pg` that was given to it is wrapped. */
  readonly config?: {
    readonly connectionPool?: { readonly options?: { readonly max?: unknown; readonly binary?: unknown } }
  }
  readonly connectionSettings?: { readonly binary?: unknown }
}

/**
 * Runs a statement on the connection of a transaction, without what Knex makes of texts and results: each `?` would be a parameter, even
 * in a string, and `postProcessResponse` would rename columns. Knex hands `options` on to `pg`, where they replace what it made of `sql`.
 */
const run = async (connection: object, tx: KnexTransaction, options: ReturnType<typeof textQuery>) => {
  const statement = { method: "raw", sql: options.text.replaceAll("?", "\\?"), bindings: [], options }
  try {
    const { response } = await (tx.client as Inside).query(connection, statement)
    return response
  } catch (error) {
    throw inOwnWords(error, options.text)
  }
}

/** Knex puts the statement in front of what the server said. */
const inOwnWords = (error: unknown, text: string): unknown => {
  const before = `${text} - `
  if (error instanceof Error && error.message.startsWith(before)) error.message = error.message.slice(before.length)
  return error
}

/**
 * The transactions of `knex`: `tx` is a `Knex.Transaction`, of the engine, or of the application's own `knex.transaction`, savepoints too.
 *
 * ```ts
 * const client = knexClient(knex({ client: "pg", connection: url }))
 * ```
 *
 * Throws a `TypeError` for a `knex` whose driver is not `pg`.
 *
 * @param knex - what `knex(…)` gives, which stays the application's to destroy
 * @param options - whether statements are prepared
 *
 * @since 0.1.0
 */
export const knexClient = <Tx extends KnexTransaction>(
  knex: KnexDatabase<Tx>,
  options: PrepareOptions = {}
): TransactionClient<Tx> => {
  const nameOf = namesFor(options)
  check(
    "knexClient",
    knex,
    ({ client, transaction }) => client !== undefined && typeof transaction === "function",
    'what knex({ client: "pg", connection }) gives'
  )
  const { config, connectionSettings, driverName, pool } = knex.client as Outside
  if (driverName !== "pg") throw new TypeError(`knexClient: PostgreSQL with the driver pg is needed, not ${driverName}`)
  const settings = config?.connectionPool?.options ?? connectionSettings
  if (settings?.binary === true) throw isBinary("knexClient")
  const max = pool?.max ?? config?.connectionPool?.options?.max

  /** Connections of transactions that a statement was run in. */
  const connections = new WeakMap<object, object>()

  const connectionOf = async (tx: Tx) => {
    const connection = connections.get(tx) ?? (await (tx.client as Inside).acquireConnection())
    connections.set(tx, connection)
    return connection
  }

  const stateOf = (tx: Tx): ClientTransactionState => {
    if (typeof tx.isCompleted !== "function") return "none"
    if (tx.isCompleted()) return "ended"
    const connection = connections.get(tx)
    return connection === undefined ? "unknown" : stateOfConnection(connection)
  }

  const transaction = async (body: (tx: Tx) => Promise<void>) => {
    let failure: { readonly error: unknown } | undefined
    const ended = knex.transaction(async (tx) => {
      try {
        let hasFailed = false
        tx.on("query-error", () => {
          hasFailed = true
        })
        // From now on its state is known.
        const connection = await connectionOf(tx)
        await body(tx)
        // Knex's COMMIT would not say that it rolled back.
        if (hasFailed || stateOfConnection(connection) !== "open") await run(connection, tx, textQuery("SELECT 1", []))
      } catch (error) {
        failure = { error }
        throw error
      }
    })
    try {
      await ended
    } catch (error) {
      failure ??= { error }
    }
    // Not what became of it: rejected with undefined, Knex resolves; and ROLLBACK may have failed too.
    if (failure !== undefined) throw failure.error
  }

  return {
    name: "Knex",
    query: async (tx, sql, parameters) =>
      resultOf(await run(await connectionOf(tx), tx, textQuery(sql, parameters, nameOf(sql)))),
    stateOf,
    transaction,
    maxConnections: typeof max === "number" ? max : undefined
  }
}

/**
 * The transactions of `kysely` on PostgreSQL.
 *
 * @since 0.1.0
 */
import type { ClientParameter, ClientTransactionState, TransactionClient } from "../stores/TransactionClient.ts"
import { endings } from "./endings.ts"
import { check } from "./given.ts"
import { endingAlone } from "./kyselyEnd.ts"
import { isBinary } from "./pgTexts.ts"
import { misread, ofRowObjects, type RowObjects, sample } from "./rowObjects.ts"

/** What is needed of a `Transaction`. @since 0.1.0 */
export interface KyselyTransaction {
  readonly isTransaction: true
  withoutPlugins(): object
}

/** What is needed of a `Kysely`. @since 0.1.0 */
export interface KyselyDatabase<Tx> {
  transaction(): { execute<A>(body: (tx: Tx) => Promise<A>): Promise<A> }
}

/** What is needed of a `Pool` of `pg`. @since 0.1.0 */
export interface KyselyPool {
  readonly options: { readonly max: number; readonly binary?: boolean | undefined }
  on(event: "connect", listener: (client: KyselyPoolClient) => void): unknown
}

/** What is needed of a client in such a pool. @since 0.1.0 */
export interface KyselyPoolClient {
  on(event: "error", listener: (error: Error) => void): unknown
}

/** What `kyselyClient` cannot find in a `Kysely`. @since 0.1.0 */
export interface KyselyOptions {
  /**
   * The `Pool` that its `PostgresDialect` was given, before it was used. Its connections get a listener for `error`: without one, a
   * connection that ends during a transaction ends the process. So without it, the engine does not end that of a handler which takes longer
   * than it may, but cancels its statement and keeps those that come later from the connection; one that reads a stream meanwhile holds up
   * the end of its transaction. And it tells `maxConnections`. Default: none.
   */
  readonly pool?: KyselyPool | undefined
  /** Connections of its pool, at most. Default: as `pool` says; without it, 10 are assumed. */
  readonly maxConnections?: number | undefined
}

/** A `CompiledQuery`, as `CompiledQuery.raw` makes it. */
const compiled = (sql: unknown, parameters: ReadonlyArray<ClientParameter>) => ({
  sql,
  parameters,
  query: { kind: "RawNode", sqlFragments: [String(sql)], parameters: [] },
  queryId: { queryId: "effect-integration" }
})

type Compiled = ReturnType<typeof compiled>

const execute = async (tx: KyselyTransaction, statement: Compiled) => {
  // The application's plugins may rename what comes back.
  const plain = tx.withoutPlugins() as { executeQuery(query: Compiled): Promise<{ readonly rows: RowObjects }> }
  return (await plain.executeQuery(statement)).rows
}

/** Runs a statement. */
type Run = (
  tx: KyselyTransaction,
  sql: string,
  parameters: ReadonlyArray<ClientParameter>
) => Promise<{ readonly rows: RowObjects; readonly types?: ReadonlyArray<number> }>

/** Values as the application's type parsers make them. */
const parsed: Run = async (tx, sql, parameters) => ({ rows: await execute(tx, compiled(sql, parameters)) })

/**
 * Values as PostgreSQL writes them, with their types: `PostgresDialect` hands on what stands as the text of a statement, and `pg` takes
 * options there.
 */
const written: Run = async (tx, text, parameters) => {
  const types: Array<number> = []
  const getTypeParser = (type: number) => {
    types.push(type)
    return (value: string) => value
  }
  const options = { text, types: { getTypeParser }, toString: () => text }
  return { rows: await execute(tx, compiled(options, parameters)), types }
}

/** How to run statements of a `Kysely`: `pg`'s own parsers tell times from texts, those of an application may not. */
const find = async (tx: KyselyTransaction): Promise<Run> => {
  const problem = misread((await parsed(tx, sample, [])).rows)
  if (problem === undefined) return parsed
  const [row] = await written(tx, sample, []).then(
    ({ rows, types }) => (types?.length === 7 ? rows : []),
    () => []
  )
  if (typeof row?.at === "string" && row.fact === "t") return written
  throw new TypeError(`kyselyClient: ${problem}, as the driver's type parsers are not those of PostgresDialect and pg.`)
}

/** What it says of a statement in a transaction that has ended. */
const isEnd = (error: unknown) =>
  error instanceof Error && /^Transaction is already (committed|rolled back)$/.test(error.message)

/**
 * The transactions of `kysely`: `tx` is a `Transaction`, of the engine, or of the application's own `db.transaction()` or
 * `db.startTransaction()`.
 *
 * ```ts
 * const client = kyselyClient(new Kysely<Database>({ dialect: new PostgresDialect({ pool }) }), { pool })
 * ```
 *
 * The first statement is preceded by one that looks at what becomes of times, lists, JSON, texts and ids. It rejects with a `TypeError` if a
 * dialect other than `PostgresDialect` does not make `Date`s, lists and objects of them, or changes them.
 *
 * @param db - a `Kysely`, which stays the application's to destroy
 *
 * @since 0.1.0
 */
export const kyselyClient = <Tx extends KyselyTransaction>(
  db: KyselyDatabase<Tx>,
  options: KyselyOptions = {}
): TransactionClient<Tx> => {
  check("kyselyClient", db, ({ transaction }) => typeof transaction === "function", "a Kysely: new Kysely({ dialect })")
  const { pool } = options
  if (pool?.options.binary === true) throw isBinary("kyselyClient")
  // Its statement rejects, and the next has another connection.
  pool?.on("connect", (client) => client.on("error", () => undefined))

  const open = (body: (tx: Tx) => Promise<void>) => db.transaction().execute(body)
  const { hasEnded, noticing, transaction } = endings<Tx>(pool === undefined ? endingAlone(open) : open, (tx) =>
    parsed(tx, "SELECT 1", [])
  )

  let found: Run | undefined
  const run = async (tx: Tx, sql: string, parameters: ReadonlyArray<ClientParameter>) => {
    found ??= await find(tx)
    const { rows, types } = await found(tx, sql, parameters)
    return ofRowObjects(rows, types)
  }

  const stateOf = (tx: Tx): ClientTransactionState => {
    if (tx.isTransaction !== true) return "none"
    const { isCommitted, isRolledBack } = tx as { readonly isCommitted?: boolean; readonly isRolledBack?: boolean }
    return hasEnded(tx) || isCommitted === true || isRolledBack === true ? "ended" : "unknown"
  }

  const maxConnections = options.maxConnections ?? pool?.options.max
  return {
    name: "Kysely",
    query: (tx, sql, parameters) => noticing(tx, () => run(tx, sql, parameters), isEnd),
    stateOf,
    transaction,
    maxConnections,
    // Where nobody listens to its connections, the engine must not have them ended.
    refusesAfterEnd: pool === undefined
  }
}

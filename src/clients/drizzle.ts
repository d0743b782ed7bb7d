/**
 * The transactions of `drizzle-orm` on PostgreSQL, over `pg` or `postgres`.
 *
 * @since 0.1.0
 */
import type { ClientTransactionState, TransactionClient } from "../stores/TransactionClient.ts"
import { endings } from "./endings.ts"
import { type PgPool, type PgTransaction, pgClient } from "./pg.ts"
import { type PostgresSql, type PostgresTransaction, postgresClient } from "./postgres.ts"

/** What is needed of a `PgTransaction`. @since 0.1.0 */
export interface DrizzleTransaction {
  rollback(): never
}

/** What is needed of a `NodePgDatabase` or a `PostgresJsDatabase`. @since 0.1.0 */
export interface DrizzleDatabase<Tx> {
  transaction<A>(body: (tx: Tx) => Promise<A>): Promise<A>
  readonly $client: unknown
}

/** Drizzle's inside: statements of a driver's client, and what makes transactions of them. */
interface Session<Tx> {
  readonly client: object
  readonly schema: unknown
  readonly options: object
  transaction(body: (tx: Tx) => Promise<void>): Promise<void>
}

/** Drizzle's inside, of a database and of a transaction. */
interface Inside<Tx> {
  readonly dialect: unknown
  readonly session: Session<Tx>
}

type SessionClass<Tx> = new (client: object, dialect: unknown, schema: unknown, options: object) => Session<Tx>

type TransactionClass<Tx> = new (dialect: unknown, session: Session<Tx>, schema: unknown) => Tx

/** A driver's client that does nothing. */
const silent = {
  query: async () => ({ rows: [], fields: [] }),
  begin: (body: (client: object) => Promise<void>) => body(silent)
}

/** Makes Drizzle's transactions of transactions of its driver: Drizzle's own do not say when COMMIT rolled back. */
const maker = <Tx extends object>({ dialect, session }: Inside<Tx>) => {
  const { options, schema } = session
  const SessionOf = session.constructor as SessionClass<Tx>
  let transactionClass: Promise<TransactionClass<Tx>> | undefined
  /** Its class, which nothing tells but one of its transactions. */
  const find = async () => {
    const found = Promise.withResolvers<TransactionClass<Tx>>()
    await new SessionOf(silent, dialect, schema, {}).transaction(async (tx) => {
      found.resolve(tx.constructor as TransactionClass<Tx>)
    })
    return found.promise
  }
  return async (client: object): Promise<Tx> => {
    transactionClass ??= find()
    return new (await transactionClass)(dialect, new SessionOf(client, dialect, schema, options), schema)
  }
}

/** The driver's own transactions. */
const driverOf = (client: unknown): unknown => {
  if (typeof client === "function" && "begin" in client) {
    return postgresClient(client as unknown as PostgresSql<PostgresTransaction>)
  }
  if (typeof client === "object" && client !== null && "totalCount" in client) {
    return pgClient(client as unknown as PgPool<PgTransaction>)
  }
  throw new TypeError(
    "drizzleClient: a database of drizzle-orm/node-postgres with a Pool, or of drizzle-orm/postgres-js, is needed"
  )
}

/**
 * The transactions of `drizzle-orm`: `tx` is a `PgTransaction`, of the engine, or of the application's own `db.transaction`.
 *
 * ```ts
 * const client = drizzleClient(drizzle(pool, { schema }))
 * ```
 *
 * Throws a `TypeError` for other drivers, and for a `Client` of `pg`, on which two transactions at once would be one.
 *
 * @param db - what `drizzle(…)` gives for `pg` or `postgres`
 *
 * @since 0.1.0
 */
export const drizzleClient = <Tx extends DrizzleTransaction>(db: DrizzleDatabase<Tx>): TransactionClient<Tx> => {
  const driver = driverOf(db.$client) as TransactionClient<object>
  const transactionOf = maker(db as unknown as Inside<Tx>)
  const clientOf = (tx: Tx) => (tx as unknown as Inside<Tx>).session.client

  const { hasEnded, transaction } = endings<Tx>(
    (body) => driver.transaction(async (client) => body(await transactionOf(client))),
    async () => undefined
  )

  const stateOf = (tx: Tx): ClientTransactionState => {
    if (typeof tx.rollback !== "function") return "none"
    return hasEnded(tx) ? "ended" : driver.stateOf(clientOf(tx))
  }

  return {
    name: "Drizzle",
    query: async (tx, sql, parameters) => {
      // Its connection may be another's by now.
      if (hasEnded(tx)) throw new Error("The transaction has ended")
      return driver.query(clientOf(tx), sql, parameters)
    },
    stateOf,
    transaction,
    maxConnections: driver.maxConnections
  }
}

/**
 * The transactions of `drizzle-orm` on PostgreSQL, over `pg` or `postgres`.
 *
 * @since 0.1.0
 */
import type { ClientTransactionState, TransactionClient } from "../stores/TransactionClient.ts"
import { endings } from "./endings.ts"
import { check } from "./given.ts"
import { type PgPool, type PgTransaction, pgClient } from "./pg.ts"
import { type PostgresSql, type PostgresTransaction, postgresClient } from "./postgres.ts"
import type { PrepareOptions } from "./statementNames.ts"

export type { PrepareOptions } from "./statementNames.ts"

/** What is needed of a `PgTransaction`. @since 0.1.0 */
export interface DrizzleTransaction {
  rollback(): never
}

/** What is needed of a `NodePgDatabase` or a `PostgresJsDatabase`. @since 0.1.0 */
export interface DrizzleDatabase<Tx> {
  transaction<A>(body: (tx: Tx) => Promise<A>): Promise<A>
  readonly $client: unknown
}

/** Drizzle's inside: statements of a driver's client, and transactions of it. */
interface Session<Tx> {
  client: object
  transaction(body: (tx: Tx) => Promise<void>): Promise<void>
}

const sessionOf = <Tx>(inside: object) => (inside as { readonly session: Session<Tx> }).session

/**
 * Drizzle's own transaction, in one that its driver has begun and will end: Drizzle's COMMIT does not say that it rolled back. Its
 * statements have a session of their own, so what comes after its end does not reach the connection, which may be another's by then.
 */
const within = <Tx>(db: object, client: object, body: (tx: Tx) => Promise<void>) => {
  const outside = {
    /** Over `pg`, Drizzle begins and ends with statements. */
    query: async ({ text }: { readonly text: string }) => {
      if (/^(begin|commit|rollback)\s*$/.test(text)) return { rows: [], fields: [] }
      throw new Error("The transaction has ended")
    },
    /** Over `postgres`, it asks for it. */
    begin: (inner: (client: object) => Promise<void>) => inner(client)
  }
  const whole = sessionOf<Tx>(db)
  const session: Session<Tx> = Object.assign(Object.create(Object.getPrototypeOf(whole)), whole, { client: outside })
  return session.transaction(async (tx) => {
    session.client = client
    try {
      await body(tx)
    } finally {
      session.client = outside
    }
  })
}

/** The driver's own transactions. */
const driverOf = (client: unknown, options: PrepareOptions): unknown => {
  if (typeof client === "function" && "begin" in client) {
    return postgresClient(client as unknown as PostgresSql<PostgresTransaction>)
  }
  if (typeof client === "object" && client !== null && "totalCount" in client) {
    return pgClient(client as unknown as PgPool<PgTransaction>, options)
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
 * @param db - what `drizzle(…)` gives for `pg` or `postgres`, whose pool stays the application's to end
 * @param options - whether statements are prepared over `pg`; over `postgres` that is for its own options to say
 *
 * @since 0.1.0
 */
export const drizzleClient = <Tx extends DrizzleTransaction>(
  db: DrizzleDatabase<Tx>,
  options: PrepareOptions = {}
): TransactionClient<Tx> => {
  const isDrizzle = (given: Record<string, unknown>) => "$client" in given && typeof given.transaction === "function"
  check("drizzleClient", db, isDrizzle, "what drizzle(pool) gives")
  const driver = driverOf(db.$client, options) as TransactionClient<object>
  const clientOf = (tx: Tx) => sessionOf(tx).client

  const { hasEnded, transaction } = endings<Tx>(
    (body) => driver.transaction((client) => within(db, client, body)),
    async () => undefined
  )

  const stateOf = (tx: Tx): ClientTransactionState => {
    if (typeof tx.rollback !== "function") return "none"
    return hasEnded(tx) ? "ended" : driver.stateOf(clientOf(tx))
  }

  return {
    name: "Drizzle",
    query: (tx, sql, parameters) => driver.query(clientOf(tx), sql, parameters),
    stateOf,
    transaction,
    maxConnections: driver.maxConnections,
    refusesAfterEnd: driver.refusesAfterEnd
  }
}

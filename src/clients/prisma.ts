/**
 * The transactions of Prisma, 7 or later, on PostgreSQL.
 *
 * @since 0.1.0
 */
import type { ClientParameter, ClientTransactionState, TransactionClient } from "../stores/TransactionClient.ts"
import { endings } from "./endings.ts"
import { check } from "./given.ts"
import { misread, ofRowObjects, type RowObjects, sample } from "./rowObjects.ts"

/** What is needed of a `Prisma.TransactionClient`. @since 0.1.0 */
export interface PrismaTransaction {
  $queryRawUnsafe(sql: string, ...parameters: Array<unknown>): PromiseLike<unknown>
}

/** What is needed of a `PrismaClient`. @since 0.1.0 */
export interface PrismaDatabase<Tx> {
  $transaction<A>(
    body: (tx: Tx) => Promise<A>,
    options?: { readonly maxWait?: number; readonly timeout?: number }
  ): Promise<A>
}

/** What `prismaClient` does not find in a `PrismaClient`, and how long its transactions may take. @since 0.1.0 */
export interface PrismaOptions {
  /**
   * Milliseconds after which Prisma rolls back a transaction that the engine opened, 1 to 2 147 483 647. Prisma's own 5 000 would end
   * batches of handlers that wait for something. Default: 2 147 483 647, 24 days.
   */
  readonly timeoutMillis?: number | undefined
  /** Milliseconds that such a transaction waits for a connection. Default: 30 000. */
  readonly maxWaitMillis?: number | undefined
  /** Connections of the driver adapter's pool, at most. Default: it does not tell, and 10 are assumed. */
  readonly maxConnections?: number | undefined
}

const run = async (tx: PrismaTransaction, sql: string, parameters: ReadonlyArray<ClientParameter> = []) =>
  (await tx.$queryRawUnsafe(sql, ...parameters)) as RowObjects

/** Prisma reads what the server writes in a session's TimeZone as if it were UTC. */
const checkTimes = async (tx: PrismaTransaction) => {
  const problem = misread(await run(tx, sample))
  if (problem !== undefined) {
    throw new TypeError(
      `prismaClient: ${problem}. The driver adapter needs sessions with the TimeZone UTC: new PrismaPg({ connectionString, options: "-c TimeZone=UTC" }).`
    )
  }
}

/** `numeric` comes as a `Decimal`, which has a type of its own in each generated client. */
const withoutDecimals = (value: unknown): unknown =>
  typeof value === "object" && value !== null && "toFixed" in value && typeof value.toFixed === "function"
    ? value.toFixed()
    : value

/** What it says of a statement in a transaction that has ended, or that it has given up. */
const isEnd = (error: unknown) =>
  typeof error === "object" && error !== null && "code" in error && error.code === "P2028"

/**
 * The transactions of Prisma: `tx` is a `Prisma.TransactionClient`, of the engine, or of the application's own `prisma.$transaction`.
 *
 * ```ts
 * const client = prismaClient(new PrismaClient({ adapter: new PrismaPg({ connectionString }) }))
 * ```
 *
 * The first statement is preceded by one that looks at what becomes of times. It rejects with a `TypeError` where the session's TimeZone
 * is not UTC: Prisma's driver adapter reads times wrongly there.
 *
 * @param prisma - a generated `PrismaClient`, extended ones too, which stays the application's to disconnect
 *
 * @since 0.1.0
 */
export const prismaClient = <Tx extends PrismaTransaction>(
  prisma: PrismaDatabase<Tx>,
  options: PrismaOptions = {}
): TransactionClient<Tx> => {
  const isPrisma = ({ $transaction }: Record<string, unknown>) => typeof $transaction === "function"
  check("prismaClient", prisma, isPrisma, "a PrismaClient: new PrismaClient({ adapter })")
  const { maxConnections, maxWaitMillis: maxWait = 30_000, timeoutMillis: timeout = 2 ** 31 - 1 } = options

  const { hasEnded, noticing, transaction } = endings<Tx>(
    (body) => prisma.$transaction(body, { maxWait, timeout }),
    (tx) => run(tx, "SELECT 1")
  )

  let isChecked = false
  const send = async (tx: Tx, sql: string, parameters: ReadonlyArray<ClientParameter>) => {
    if (!isChecked) await checkTimes(tx)
    isChecked = true
    const { columns, rows } = ofRowObjects(await run(tx, sql, parameters))
    return { columns, rows: rows.map((row) => row.map(withoutDecimals)) }
  }

  const stateOf = (tx: Tx): ClientTransactionState => {
    // Transactions have `$transaction` too, for savepoints; only the client itself connects.
    if ("$connect" in tx && typeof tx.$connect === "function") return "none"
    return hasEnded(tx) ? "ended" : "unknown"
  }

  return {
    name: "Prisma",
    query: (tx, sql, parameters) => noticing(tx, () => send(tx, sql, parameters), isEnd),
    stateOf,
    transaction,
    maxConnections
  }
}

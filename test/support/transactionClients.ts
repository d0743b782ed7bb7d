/**
 * Applications of tests: each writes with a client of its own, whose transactions the engine shares.
 *
 * `TRANSACTION_CLIENT=pg npx vitest run test/delivery` runs tests of delivery in transactions of `pg`.
 */
import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted, type Scope } from "effect"
import knex, { type Knex } from "knex"
import pg from "pg"
import postgres from "postgres"
import type { AnyTransactionClient, TransactionClient } from "../../src/index.ts"
import { knexClient } from "../../src/knex.ts"
import { pgClient } from "../../src/pg.ts"
import { postgresClient } from "../../src/postgres.ts"

/** Where a client connects to, and how many connections it may have. */
export interface Place {
  readonly connectionString: string
  readonly schema: string
  readonly max: number
  readonly applicationName: string | undefined
}

/** A row that an application writes: nothing but its transactions keeps it from being there twice. */
export interface Written {
  readonly name: string
  readonly n: number
}

/** The table of those rows. */
export const createWritten = "CREATE TABLE IF NOT EXISTS written (name text NOT NULL, n int NOT NULL)"

/** Isolation of a transaction, as PostgreSQL calls it. */
export type Isolation = "READ COMMITTED" | "REPEATABLE READ" | "SERIALIZABLE"

/** What an application does with its client, as the client's own documentation has it. */
export interface Application<Tx> {
  readonly client: TransactionClient<Tx>
  /** What is no transaction, though it runs statements. */
  readonly notTransactions: ReadonlyArray<unknown>
  /** Runs a body in a transaction: it commits when that resolves. */
  readonly transaction: <A>(body: (tx: Tx) => Promise<A>, isolation?: Isolation) => Promise<A>
  readonly write: (tx: Tx, row: Written) => Promise<unknown>
  /** Runs a statement that the server refuses. */
  readonly fail: (tx: Tx) => Promise<unknown>
  /** Runs a body behind a savepoint: rejected, what was written in it is taken back. */
  readonly nested: (tx: Tx, body: (tx: Tx) => Promise<void>) => Promise<void>
  readonly end: () => Promise<unknown>
}

// biome-ignore lint/suspicious/noExplicitAny: it gives a transaction and takes the same, so that nothing else stands for all.
export type AnyApplication = Application<any>

type Make = (place: Place) => AnyApplication

const optionsOf = ({ applicationName, connectionString, max, schema }: Place) => ({
  connectionString,
  max,
  ...(applicationName === undefined ? {} : { application_name: applicationName }),
  options: `-c search_path=${schema}`
})

const withPg = (place: Place): Application<pg.PoolClient> => {
  const pool = new pg.Pool(optionsOf(place))
  pool.on("error", () => undefined)
  return {
    client: pgClient(pool),
    notTransactions: [pool],
    transaction: async (body, isolation = "READ COMMITTED") => {
      const tx = await pool.connect()
      // It may be ended by the server at any time.
      const onError = () => undefined
      tx.on("error", onError)
      try {
        await tx.query(`BEGIN ISOLATION LEVEL ${isolation}`)
        const result = await body(tx)
        await tx.query("COMMIT")
        return result
      } catch (error) {
        await tx.query("ROLLBACK").catch(() => undefined)
        throw error
      } finally {
        tx.off("error", onError)
        tx.release()
      }
    },
    write: (tx, { n, name }) => tx.query("INSERT INTO written (name, n) VALUES ($1, $2)", [name, n]),
    fail: (tx) => tx.query("SELECT 1 / 0"),
    nested: async (tx, body) => {
      await tx.query("SAVEPOINT own")
      try {
        await body(tx)
      } catch (error) {
        await tx.query("ROLLBACK TO SAVEPOINT own")
        throw error
      }
    },
    end: () => pool.end()
  }
}

const withPostgres = ({
  applicationName = "postgres",
  connectionString,
  max,
  schema
}: Place): Application<postgres.TransactionSql> => {
  const connection = { search_path: schema, application_name: applicationName }
  const sql = postgres(connectionString, { max, connection, onnotice: () => undefined })
  return {
    client: postgresClient(sql),
    notTransactions: [sql],
    transaction: async (body, isolation = "READ COMMITTED") => {
      const box: Array<Awaited<ReturnType<typeof body>>> = []
      await sql.begin(`ISOLATION LEVEL ${isolation}`, async (tx) => {
        box.push(await body(tx))
      })
      return box[0] as (typeof box)[number]
    },
    write: async (tx, row) => tx`INSERT INTO written ${tx({ ...row })}`,
    fail: async (tx) => tx`SELECT 1 / 0`,
    nested: async (tx, body) => {
      await tx.savepoint((inner) => body(inner))
    },
    end: () => sql.end({ timeout: 5 })
  }
}

const isolationOfKnex = {
  "READ COMMITTED": "read committed",
  "REPEATABLE READ": "repeatable read",
  SERIALIZABLE: "serializable"
} as const

const withKnex = (place: Place): Application<Knex.Transaction> => {
  const { max, ...connection } = optionsOf(place)
  const db = knex({ client: "pg", connection, pool: { min: 0, max } })
  return {
    client: knexClient(db),
    notTransactions: [db],
    transaction: (body, isolation = "READ COMMITTED") =>
      db.transaction(body, { isolationLevel: isolationOfKnex[isolation] }),
    write: async (tx, row) => tx("written").insert(row),
    fail: async (tx) => tx.raw("SELECT 1 / 0"),
    nested: (tx, body) => tx.transaction(body),
    end: () => db.destroy()
  }
}

/** By the name of the client. */
export const transactionClients: Readonly<Record<string, Make>> = {
  pg: withPg,
  postgres: withPostgres,
  Knex: withKnex
}

/** The names, for tests of each. */
export const clientNames: ReadonlyArray<string> = Object.keys(transactionClients)

/** An application of a client. */
export const applicationOf = (name: string, place: Place): AnyApplication => {
  const make = transactionClients[name]
  if (make === undefined) throw new Error(`There is no client ${name}`)
  return make(place)
}

/** One on the database of the `PgClient`, until the scope closes. */
export const applicationNamed = (
  name: string,
  more: Partial<Place> = {}
): Effect.Effect<AnyApplication, never, PgClient.PgClient | Scope.Scope> =>
  Effect.gen(function* () {
    const config: PgClient.PgPoolConfig = (yield* PgClient.PgClient).config
    return yield* Effect.acquireRelease(
      Effect.sync(() =>
        applicationOf(name, {
          connectionString: config.url === undefined ? "" : Redacted.value(config.url),
          schema: config.startupParameters?.search_path ?? "public",
          max: config.maxConnections ?? 10,
          applicationName: config.applicationName ?? config.startupParameters?.application_name,
          ...more
        })
      ),
      ({ end }) => Effect.promise(end)
    )
  })

/** A client for the database of the `PgClient`, until the scope closes. */
export const clientNamed = (
  name: string
): Effect.Effect<AnyTransactionClient, never, PgClient.PgClient | Scope.Scope> =>
  Effect.map(applicationNamed(name), ({ client }) => client)

/** That of the environment, for databases that are servers. */
export const clientOfEnvironment = Effect.gen(function* () {
  const name = process.env.TRANSACTION_CLIENT
  const config: PgClient.PgPoolConfig = (yield* PgClient.PgClient).config
  return name === undefined || config.url === undefined ? {} : { client: yield* clientNamed(name) }
})

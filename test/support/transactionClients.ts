/**
 * Clients that open the transactions of tests: `TRANSACTION_CLIENT=pg npx vitest run test/delivery` runs tests of delivery in
 * transactions of `pg`.
 */
import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted, type Scope } from "effect"
import knex from "knex"
import pg from "pg"
import postgres from "postgres"
import type { AnyTransactionClient } from "../../src/index.ts"
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

type Make = (place: Place) => { readonly client: AnyTransactionClient; readonly end: () => Promise<unknown> }

const optionsOf = ({ applicationName, connectionString, max, schema }: Place) => ({
  connectionString,
  max,
  application_name: applicationName ?? "transactions",
  options: `-c search_path=${schema}`
})

/** By name: each makes a client of its own kind, with a pool. */
export const transactionClients: Readonly<Record<string, Make>> = {
  pg: (place) => {
    const pool = new pg.Pool(optionsOf(place))
    pool.on("error", () => undefined)
    return { client: pgClient(pool), end: () => pool.end() }
  },
  postgres: ({ applicationName = "postgres", connectionString, max, schema }) => {
    const connection = { search_path: schema, application_name: applicationName }
    const sql = postgres(connectionString, { max, connection, onnotice: () => undefined })
    return { client: postgresClient(sql), end: () => sql.end({ timeout: 5 }) }
  },
  Knex: (place) => {
    const { max, ...connection } = optionsOf(place)
    const db = knex({ client: "pg", connection, pool: { min: 0, max } })
    return { client: knexClient(db), end: () => db.destroy() }
  }
}

/** A client for the database of the `PgClient`, until the scope closes. */
export const clientNamed = (
  name: string
): Effect.Effect<AnyTransactionClient, never, PgClient.PgClient | Scope.Scope> =>
  Effect.gen(function* () {
    const config: PgClient.PgPoolConfig = (yield* PgClient.PgClient).config
    const make = transactionClients[name]
    if (make === undefined) throw new Error(`There is no client ${name}`)
    const { client } = yield* Effect.acquireRelease(
      Effect.sync(() =>
        make({
          connectionString: config.url === undefined ? "" : Redacted.value(config.url),
          schema: config.startupParameters?.search_path ?? "public",
          max: config.maxConnections ?? 10,
          applicationName: config.applicationName ?? config.startupParameters?.application_name
        })
      ),
      ({ end }) => Effect.promise(end)
    )
    return client
  })

/** That of the environment, for databases that are servers. */
export const clientOfEnvironment = Effect.gen(function* () {
  const name = process.env.TRANSACTION_CLIENT
  const config: PgClient.PgPoolConfig = (yield* PgClient.PgClient).config
  return name === undefined || config.url === undefined ? {} : { client: yield* clientNamed(name) }
})

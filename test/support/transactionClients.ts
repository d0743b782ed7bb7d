/**
 * Clients that open the transactions of tests: `TRANSACTION_CLIENT=pg npx vitest run test/delivery` runs tests of delivery in
 * transactions of `pg`.
 */
import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted, type Scope } from "effect"
import pg from "pg"
import type { AnyTransactionClient } from "../../src/index.ts"
import { pgClient } from "../../src/pg.ts"

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
  application_name: applicationName,
  options: `-c search_path=${schema}`
})

/** By name: each makes a client of its own kind, with a pool. */
export const transactionClients: Readonly<Record<string, Make>> = {
  pg: (place) => {
    const pool = new pg.Pool(optionsOf(place))
    pool.on("error", () => undefined)
    return { client: pgClient(pool), end: () => pool.end() }
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

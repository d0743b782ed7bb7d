/**
 * Applications of tests: each writes with a client of its own, whose transactions the engine shares.
 *
 * `TRANSACTION_CLIENT=pg npx vitest run test/delivery` runs tests of delivery in transactions of `pg`.
 */
import { PgClient } from "@effect/sql-pg"
import { Effect, Redacted, type Scope } from "effect"
import type { AnyTransactionClient } from "../../src/index.ts"
import type { AnyApplication, Place } from "./application.ts"
import { withKnex, withPg, withPostgres } from "./drivers.ts"
import { withDrizzle, withDrizzleOverPostgres } from "./drizzle.ts"
import { withKysely, withKyselyAlone, withPrisma } from "./mappers.ts"

/** By the name of the client. */
export const transactionClients: Readonly<Record<string, (place: Place) => AnyApplication>> = {
  pg: withPg,
  postgres: withPostgres,
  Knex: withKnex,
  Kysely: withKysely,
  Drizzle: withDrizzle,
  "Drizzle over postgres": withDrizzleOverPostgres,
  Prisma: withPrisma
}

/** One that is told less, for tests of how transactions are ended. */
export const kyselyAlone = "Kysely without its pool"

/** The names, for tests of each. */
export const clientNames: ReadonlyArray<string> = Object.keys(transactionClients)

/** One of each client, where its driver does not matter. */
export const clientKinds: ReadonlyArray<string> = clientNames.filter((name) => !name.includes(" "))

/** An application of a client. */
export const applicationOf = (name: string, place: Place): AnyApplication => {
  const make = name === kyselyAlone ? withKyselyAlone : transactionClients[name]
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

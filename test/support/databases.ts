/**
 * Databases for tests: a schema of its own on the run's PostgreSQL, or a PGlite in memory.
 */
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { inject } from "vitest"
import { Integration } from "../../src/index.ts"
import * as PgLite from "../../src/pglite/PgLite.ts"

/** A name nobody else uses. */
export const uniqueSchema = () => `test_${crypto.randomUUID().replaceAll("-", "")}`

type ClientOptions = Pick<PgClient.PgPoolConfig, "connectTimeout" | "maxConnections" | "maxMessageSize" | "types">

/** A client on the run's PostgreSQL whose unqualified names mean `schema`. */
export const clientFor = (schema: string, options: ClientOptions & { readonly url?: string } = {}) =>
  PgClient.layer({
    ...options,
    url: Redacted.make(options.url ?? inject("postgresUrl")),
    maxConnections: options.maxConnections ?? 10,
    startupParameters: { search_path: schema }
  })

/** Creates a schema, and drops it when the scope closes. */
export const withSchema = (schema: string) =>
  Layer.effectDiscard(
    Effect.acquireRelease(
      SqlClient.SqlClient.use((sql) => sql`CREATE SCHEMA ${sql(schema)}`),
      () => SqlClient.SqlClient.use((sql) => Effect.orDie(sql`DROP SCHEMA IF EXISTS ${sql(schema)} CASCADE`))
    )
  )

/** PostgreSQL in a new schema, dropped when the layer closes. */
export const postgres = (options: ClientOptions = {}) =>
  Layer.unwrap(
    Effect.sync(() => {
      const schema = uniqueSchema()
      return withSchema(schema).pipe(Layer.provideMerge(clientFor(schema, options)))
    })
  )

/**
 * All services in a schema of their own, with `tables` in it, for tests with child processes: `env` leads those there.
 */
export const inSchema = <A, E, R, E2>(
  tables: Effect.Effect<unknown, E2, SqlClient.SqlClient>,
  body: (env: Record<string, string>) => Effect.Effect<A, E, R>,
  integration = Integration.layer({ settings: { pollingIntervalMs: 200, idlePollingIntervalMs: 200 } })
) => {
  const schema = uniqueSchema()
  const Live = integration.pipe(
    Layer.provideMerge(Layer.effectDiscard(tables)),
    Layer.provideMerge(withSchema(schema)),
    Layer.provideMerge(clientFor(schema))
  )
  return body({ TEST_URL: inject("postgresUrl"), TEST_SCHEMA: schema }).pipe(Effect.scoped, Effect.provide(Live))
}

/** What conformance suites run on, with identical results. */
export const databases = [
  { name: "PostgreSQL", layer: postgres(), isServer: true },
  { name: "PGlite", layer: PgLite.layerMemory, isServer: false }
] as const

/** All services on each store, in memory too; options as in `Integration.layer`. */
export const runtimes = [
  ...databases.map(({ isServer, layer, name }) => ({
    name,
    layer: (options: Integration.Options = {}) => Layer.provide(Integration.layer(options), layer),
    isServer
  })),
  {
    name: "memory",
    layer: (options: Integration.MemoryOptions = {}) => Integration.layerMemory(options),
    isServer: true
  }
] as const

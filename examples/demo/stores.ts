/**
 * Where the demo keeps its data: PGlite in a directory, the PostgreSQL of `DATABASE_URL`, or memory with
 * `DEMO_STORE=memory`. Nothing else of the application knows.
 */
import { mkdirSync } from "node:fs"
import { dirname } from "node:path"
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { Integration } from "../../src/index.ts"
import * as PgLite from "../../src/pglite/PgLite.ts"
import { Invoices } from "../finance/Invoices.ts"
import { Tasks } from "../operations/Tasks.ts"

const url = process.env.DATABASE_URL ?? ""
const schemaNamed = process.env.DEMO_SCHEMA
const dataNamed = process.env.DEMO_DATA
const isMemory = process.env.DEMO_STORE === "memory"

/** Traffic has a place of its own unless it is named: what it leaves behind is not in the figures of the plain demo. */
const placeOf = (hasTraffic: boolean) => ({
  schema: schemaNamed ?? (hasTraffic ? "integration_demo_traffic" : "integration_demo"),
  dataDir: dataNamed ?? (hasTraffic ? "./data/demo-traffic" : "./data/demo")
})

/** What is settled is removed after an hour of traffic, so that it can go on for days. */
const settingsOf = (hasTraffic: boolean) => ({
  retryBaseDelayMs: 200,
  ...(hasTraffic ? { retentionHours: 1, deadLetterRetentionHours: 24 } : {})
})

const server = (schema: string) =>
  Layer.effectDiscard(SqlClient.SqlClient.use((sql) => sql`CREATE SCHEMA IF NOT EXISTS ${sql(schema)}`)).pipe(
    Layer.provideMerge(PgClient.layer({ url: Redacted.make(url), startupParameters: { search_path: schema } }))
  )

const embedded = (dataDir: string) =>
  Layer.unwrap(
    Effect.sync(() => {
      mkdirSync(dirname(dataDir), { recursive: true })
      return PgLite.layer({ dataDir })
    })
  )

const onDatabase = (hasTraffic: boolean) => {
  const { dataDir, schema } = placeOf(hasTraffic)
  return Layer.mergeAll(Invoices.layerSql, Tasks.layerSql).pipe(
    Layer.provideMerge(Integration.layer({ settings: settingsOf(hasTraffic) })),
    Layer.provide(url === "" ? embedded(dataDir) : server(schema))
  )
}

const inMemory = (hasTraffic: boolean) =>
  Layer.mergeAll(Invoices.layerMemory, Tasks.layerMemory).pipe(
    Layer.provideMerge(Integration.layerMemory({ settings: settingsOf(hasTraffic) }))
  )

export const where = (hasTraffic: boolean): string => {
  const { dataDir, schema } = placeOf(hasTraffic)
  return isMemory ? "memory" : url === "" ? `PGlite in ${dataDir}` : `PostgreSQL, schema ${schema}`
}

/** The application's services and the integration, on the store that was asked for. */
export const layer = (hasTraffic: boolean): Layer.Layer<Invoices | Tasks | Integration.Services, unknown> =>
  isMemory ? inMemory(hasTraffic) : onDatabase(hasTraffic)

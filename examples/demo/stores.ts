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
const schema = process.env.DEMO_SCHEMA ?? "integration_demo"
const dataDir = process.env.DEMO_DATA ?? "./data/demo"
const isMemory = process.env.DEMO_STORE === "memory"

const settings = { retryBaseDelayMs: 200 }

const createSchema = Layer.effectDiscard(
  SqlClient.SqlClient.use((sql) => sql`CREATE SCHEMA IF NOT EXISTS ${sql(schema)}`)
)

const server = createSchema.pipe(
  Layer.provideMerge(PgClient.layer({ url: Redacted.make(url), startupParameters: { search_path: schema } }))
)

const embedded = Layer.unwrap(
  Effect.sync(() => {
    mkdirSync(dirname(dataDir), { recursive: true })
    return PgLite.layer({ dataDir })
  })
)

const onDatabase = Layer.mergeAll(Invoices.layerSql, Tasks.layerSql).pipe(
  Layer.provideMerge(Integration.layer({ settings })),
  Layer.provide(url === "" ? embedded : server)
)

const inMemory = Layer.mergeAll(Invoices.layerMemory, Tasks.layerMemory).pipe(
  Layer.provideMerge(Integration.layerMemory({ settings }))
)

export const where = isMemory ? "memory" : url === "" ? `PGlite in ${dataDir}` : `PostgreSQL, schema ${schema}`

/** The application's services and the integration, on the store that was asked for. */
export const layer: Layer.Layer<Invoices | Tasks | Integration.Services, unknown> = isMemory ? inMemory : onDatabase

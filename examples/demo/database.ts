/** Where the demo keeps its data: PGlite in a directory, or the PostgreSQL of `DATABASE_URL`. */
import { mkdirSync } from "node:fs"
import { dirname } from "node:path"
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import * as PgLite from "../../src/PgLite.ts"

const url = process.env.DATABASE_URL ?? ""
const schema = process.env.DEMO_SCHEMA ?? "integration_demo"
const dataDir = process.env.DEMO_DATA ?? "./data/demo"

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

export const isServer = url !== ""

export const where = isServer ? `PostgreSQL, schema ${schema}` : `PGlite in ${dataDir}`

export const layer = isServer ? server : embedded

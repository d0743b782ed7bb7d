/** Applications that write with Drizzle, over `pg` and over `postgres`. */
import { sql } from "drizzle-orm"
import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres"
import { integer, pgTable, text } from "drizzle-orm/pg-core"
import { drizzle as drizzleJs } from "drizzle-orm/postgres-js"
import pg from "pg"
import postgres from "postgres"
import { drizzleClient } from "../../src/drizzle.ts"
import { type Application, type Isolation, optionsOf, type Place, type Written } from "./application.ts"

const written = pgTable("written", { name: text().notNull(), n: integer().notNull() })

const isolationsOfDrizzle = {
  "READ COMMITTED": "read committed",
  "REPEATABLE READ": "repeatable read",
  SERIALIZABLE: "serializable"
} as const

type DrizzleTx = Parameters<Parameters<NodePgDatabase["transaction"]>[0]>[0]

/** What is the same over both drivers. */
const ofDrizzle = {
  write: (tx: DrizzleTx, row: Written) => tx.insert(written).values(row).execute(),
  run: (tx: DrizzleTx, statement: string) => tx.execute(sql.raw(statement)).execute(),
  nested: (tx: DrizzleTx, body: (tx: DrizzleTx) => Promise<void>) => tx.transaction(body)
}

export const withDrizzle = (place: Place): Application<DrizzleTx> => {
  const pool = new pg.Pool(optionsOf(place))
  pool.on("error", () => undefined)
  const db = drizzle(pool)
  return {
    ...ofDrizzle,
    client: drizzleClient(db),
    notTransactions: [db],
    transaction: (body, isolation: Isolation = "READ COMMITTED") =>
      db.transaction(body, { isolationLevel: isolationsOfDrizzle[isolation] }),
    end: () => pool.end()
  }
}

export const withDrizzleOverPostgres = ({
  applicationName = "postgres",
  connectionString,
  max,
  schema
}: Place): Application<DrizzleTx> => {
  const connection = { search_path: schema, application_name: applicationName }
  const driver = postgres(connectionString, { max, connection, onnotice: () => undefined })
  const db = drizzleJs(driver)
  return {
    ...ofDrizzle,
    client: drizzleClient(db) as never,
    notTransactions: [db],
    transaction: (body, isolation: Isolation = "READ COMMITTED") =>
      db.transaction(body as never, { isolationLevel: isolationsOfDrizzle[isolation] }),
    end: () => driver.end({ timeout: 5 })
  }
}

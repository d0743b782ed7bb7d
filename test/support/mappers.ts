/** Applications that write with what knows their tables: Kysely, Drizzle and Prisma. */
import { PrismaPg } from "@prisma/adapter-pg"
import { sql } from "drizzle-orm"
import { drizzle, type NodePgDatabase } from "drizzle-orm/node-postgres"
import { integer, pgTable, text } from "drizzle-orm/pg-core"
import { drizzle as drizzleJs } from "drizzle-orm/postgres-js"
import { Kysely, sql as kyselySql, PostgresDialect, type Transaction } from "kysely"
import pg from "pg"
import postgres from "postgres"
import { drizzleClient } from "../../src/drizzle.ts"
import { kyselyClient } from "../../src/kysely.ts"
import { prismaClient } from "../../src/prisma.ts"
import { type Prisma, PrismaClient } from "../clients/prisma/generated/client.ts"
import { type Application, type Isolation, optionsOf, type Place, type Written } from "./application.ts"

interface Tables {
  readonly written: Written
}

export const withKysely = (place: Place): Application<Transaction<Tables>> => {
  const pool = new pg.Pool(optionsOf(place))
  pool.on("error", () => undefined)
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  const isolations = {
    "READ COMMITTED": "read committed",
    "REPEATABLE READ": "repeatable read",
    SERIALIZABLE: "serializable"
  } as const
  return {
    client: kyselyClient(db, { pool }),
    notTransactions: [db],
    transaction: (body, isolation = "READ COMMITTED") =>
      db.transaction().setIsolationLevel(isolations[isolation]).execute(body),
    write: (tx, row) => tx.insertInto("written").values(row).execute(),
    run: (tx, statement) => kyselySql.raw(statement).execute(tx),
    nested: async (tx, body) => {
      await kyselySql`SAVEPOINT own`.execute(tx)
      try {
        await body(tx)
      } catch (error) {
        await kyselySql`ROLLBACK TO SAVEPOINT own`.execute(tx)
        throw error
      }
    },
    end: () => db.destroy()
  }
}

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

export const withPrisma = (place: Place): Application<Prisma.TransactionClient> => {
  const options = optionsOf(place)
  const adapter = new PrismaPg({ ...options, options: `${options.options} -c TimeZone=UTC` }, { schema: place.schema })
  const prisma = new PrismaClient({ adapter })
  const isolations = {
    "READ COMMITTED": "ReadCommitted",
    "REPEATABLE READ": "RepeatableRead",
    SERIALIZABLE: "Serializable"
  } as const
  return {
    client: prismaClient(prisma, { maxConnections: place.max }),
    notTransactions: [prisma],
    transaction: (body, isolation = "READ COMMITTED") =>
      prisma.$transaction(body, { isolationLevel: isolations[isolation], maxWait: 30_000, timeout: 60_000 }),
    write: (tx, { n, name }) => tx.written.create({ data: { n, name } }),
    run: (tx, statement) => tx.$executeRawUnsafe(statement),
    nested: async (tx, body) => {
      await tx.$executeRaw`SAVEPOINT own`
      try {
        await body(tx)
      } catch (error) {
        await tx.$executeRaw`ROLLBACK TO SAVEPOINT own`
        throw error
      }
    },
    end: () => prisma.$disconnect()
  }
}

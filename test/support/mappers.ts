/** Applications that write with what knows their tables: Kysely and Prisma. */
import { PrismaPg } from "@prisma/adapter-pg"
import { Kysely, PostgresDialect, sql, type Transaction } from "kysely"
import pg from "pg"
import { kyselyClient } from "../../src/kysely.ts"
import { prismaClient } from "../../src/prisma.ts"
import { type Prisma, PrismaClient } from "../clients/prisma/generated/client.ts"
import { type Application, optionsOf, type Place, type Written } from "./application.ts"

interface Tables {
  readonly written: Written
}

const kyselyWith = (place: Place, isPoolGiven: boolean): Application<Transaction<Tables>> => {
  const pool = new pg.Pool(optionsOf(place))
  pool.on("error", () => undefined)
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) })
  const isolations = {
    "READ COMMITTED": "read committed",
    "REPEATABLE READ": "repeatable read",
    SERIALIZABLE: "serializable"
  } as const
  return {
    client: isPoolGiven ? kyselyClient(db, { pool }) : kyselyClient(db, { maxConnections: place.max }),
    notTransactions: [db],
    transaction: (body, isolation = "READ COMMITTED") =>
      db.transaction().setIsolationLevel(isolations[isolation]).execute(body),
    write: (tx, row) => tx.insertInto("written").values(row).execute(),
    run: (tx, statement) => sql.raw(statement).execute(tx),
    nested: async (tx, body) => {
      await sql`SAVEPOINT own`.execute(tx)
      try {
        await body(tx)
      } catch (error) {
        await sql`ROLLBACK TO SAVEPOINT own`.execute(tx)
        throw error
      }
    },
    end: () => db.destroy()
  }
}

export const withKysely = (place: Place) => kyselyWith(place, true)

/** Nobody listens to its connections. */
export const withKyselyAlone = (place: Place) => kyselyWith(place, false)

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

/** Transactions of Prisma. */
import assert from "node:assert/strict"
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { PrismaPg } from "@prisma/adapter-pg"
import { Cause } from "effect"
import { afterAll } from "vitest"
import { isConnectionLost, isContention, isRefused } from "../../src/errors/sqlState.ts"
import { prismaClient } from "../../src/prisma.ts"
import type { TransactionClient } from "../../src/stores/TransactionClient.ts"
import { clientSchema, conforms, test } from "../support/clients.ts"
import { generatePrismaInto, prismaFolder } from "../support/prisma.ts"
import { type Prisma, PrismaClient } from "./prisma/generated/client.ts"

const { connectionString, options, schema } = clientSchema()

const connect = (more = "") => {
  const adapter = new PrismaPg({ connectionString, options: options + more, max: 5 }, { schema })
  const prisma = new PrismaClient({ adapter })
  afterAll(() => prisma.$disconnect())
  return prisma
}

const prisma = connect(" -c TimeZone=UTC")
const client = prismaClient(prisma, { maxConnections: 5 })
conforms("Prisma", client, { areRowsObjects: true, notTransactions: [prisma] })

const extended = prisma.$extends({ model: { invoice: { paid: () => "paid" } } })
const extendedClient = prismaClient(extended)
conforms("Prisma with extensions", extendedClient, { areRowsObjects: true, notTransactions: [extended] })

const create = `CREATE TABLE IF NOT EXISTS "Invoice" (id text PRIMARY KEY, total numeric NOT NULL, cents int8 NOT NULL, at timestamptz(3) NOT NULL)`
const invoice = (id: string) => ({ id, total: "1.5", cents: 9007199254740993n, at: new Date("2026-07-01T12:00:00Z") })

test("a handler's transaction is Prisma.TransactionClient", async () => {
  const typed: TransactionClient<Prisma.TransactionClient> = client
  await typed.transaction(async (tx) => {
    await typed.query(tx, create, [])
    const { id } = await tx.invoice.create({ data: invoice("typed") })
    // @ts-expect-error There is no such model.
    assert.equal(tx.invoices, undefined)
    assert.equal(id, "typed")
  })
  assert.equal(await prisma.invoice.count({ where: { id: "typed" } }), 1)
})

test("a handler's transaction has what the application extended", () =>
  extendedClient.transaction(async (tx) => assert.equal(tx.invoice.paid(), "paid")))

test("numbers of other types than JavaScript's come as PostgreSQL writes them, or as bigint", () =>
  client.transaction(async (tx) => {
    const { rows } = await client.query(tx, "SELECT 12345678901234567890.10::numeric, 9007199254740993::int8", [])
    assert.deepEqual(rows, [["12345678901234567890.1", 9007199254740993n]])
  }))

test("Prisma's own timeout does not end the engine's transactions, one that is given does", async () => {
  const wait = async (tx: Prisma.TransactionClient) => {
    await tx.$queryRaw`SELECT pg_sleep(0.2)::text`
    await tx.$queryRaw`SELECT 1`
  }
  const short = new PrismaClient({
    adapter: new PrismaPg({ connectionString, max: 1 }),
    transactionOptions: { timeout: 50 }
  })
  await prismaClient(short).transaction(wait)
  await assert.rejects(prismaClient(short, { timeoutMillis: 50 }).transaction(wait), { code: "P2028" })
  await short.$disconnect()
})

test("a session whose TimeZone is not UTC is refused: Prisma reads its times wrongly", async () => {
  const berlin = prismaClient(connect(" -c TimeZone=Europe/Berlin"))
  await assert.rejects(
    berlin.transaction(async (tx) => {
      await berlin.query(tx, "SELECT 1", [])
    }),
    /prismaClient: times come 2 hours late\. .*TimeZone=UTC/
  )
})

test("a write conflict that Prisma reports of a handler's own statement is known as contention", async () => {
  await client.transaction(async (tx) => {
    await client.query(tx, create, [])
    await tx.invoice.create({ data: invoice("contended") })
  })
  const update = (tx: Prisma.TransactionClient) =>
    tx.invoice.update({ where: { id: "contended" }, data: { cents: 1n } })
  const conflict = await prisma
    .$transaction(
      async (tx) => {
        await tx.invoice.count()
        await update(prisma)
        await update(tx)
      },
      { isolationLevel: "RepeatableRead" }
    )
    .then(
      () => undefined,
      (error: unknown) => error
    )
  assert.equal((conflict as { readonly code?: string }).code, "P2034")
  assert.ok(isContention(Cause.fail(conflict)))
  const other = await prisma.invoice.create({ data: invoice("contended") }).catch((error: unknown) => error)
  assert.ok(!isContention(Cause.fail(other)))
})

test("Prisma's own codes are not taken for SQLSTATEs, and a server that is not there for one that refuses", async () => {
  const nobody = new PrismaClient({ adapter: new PrismaPg({ connectionString: "postgres://127.0.0.1:1/nothing" }) })
  const nothing = prismaClient(nobody)
  const error = await nothing.transaction(async () => undefined).catch((error: unknown) => error)
  assert.equal((error as { readonly code?: string }).code, "P1001")
  assert.ok(isConnectionLost(Cause.fail(error)))
  const late = Object.assign(new Error("Transaction already closed"), { code: "P2028", clientVersion: "7.10.1" })
  assert.ok(!isRefused(Cause.fail(late)))
  assert.ok(isRefused(Cause.fail(Object.assign(new Error("raised"), { code: "P0001" }))))
  await nobody.$disconnect()
})

test("a transaction that has ended is known, and Prisma takes no statement in it", async () => {
  let last: Prisma.TransactionClient | undefined
  await client.transaction(async (tx) => {
    last = tx
  })
  assert.equal(client.stateOf(last!), "ended")
  await assert.rejects(async () => client.query(last!, "SELECT 1", []), { code: "P2028" })
})

test("the generated client is of this schema and this version of Prisma", async () => {
  const contents = (folder: string) =>
    readdirSync(join(folder, "generated"), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => [entry.name, readFileSync(join(entry.parentPath, entry.name), "utf8")])
      .toSorted()
  const folder = mkdtempSync(join(tmpdir(), "prisma-"))
  try {
    generatePrismaInto(folder)
    assert.deepEqual(contents(folder), contents(prismaFolder), "node test/support/prisma.ts")
  } finally {
    rmSync(folder, { recursive: true })
  }
})

/** Events in transactions of Drizzle, published and handled. */
import { sql } from "drizzle-orm"
import { drizzle } from "drizzle-orm/node-postgres"
import { integer, pgTable, text } from "drizzle-orm/pg-core"
import { Pool } from "pg"
import { z } from "zod"
import { drizzleClient } from "../../src/drizzle.ts"
import { DomainEvent } from "../../src/index.ts"
import { createIntegration, subscriber } from "../../src/promise.ts"

const url = process.env.DATABASE_URL ?? "postgres://localhost/shop"
const invoice = pgTable("invoice", { id: text().primaryKey(), amount: integer().notNull() })
const task = pgTable("task", { id: text().primaryKey(), title: text().notNull() })

const pool = new Pool({ connectionString: url })
const db = drizzle(pool, { schema: { invoice, task } })
const client = drizzleClient(db)

const InvoiceCreated = DomainEvent.define("invoice.created", {
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: (invoice) => invoice.invoiceId,
  payload: z.object({ invoiceId: z.string(), amount: z.number() })
})

// `tx` is what `db.transaction` gives, in the delivery's transaction: the task, the link and the delivery's mark commit together, once.
const createTask = subscriber({
  client,
  consumer: "operations.tasks",
  event: InvoiceCreated,
  handler: async (event, { links, tx }) => {
    const taskId = `task-${event.payload.invoiceId}`
    await tx.insert(task).values({ id: taskId, title: `Process ${event.payload.invoiceId}` })
    const target = { module: "operations", entityType: "Task", entityId: taskId }
    await links.create({ source: event.aggregate, target, linkType: "cascade" })
  }
})

const integration = createIntegration({ url, client, subscribers: [createTask] })

// The invoice and its event exist together, or not at all.
const createInvoice = (invoiceId: string, amount: number) =>
  db.transaction(async (tx) => {
    await tx.insert(invoice).values({ id: invoiceId, amount })
    const event = await integration.publisherIn(tx).publish(InvoiceCreated, { invoiceId, amount })
    if (amount === 0) throw new Error(`${invoiceId}: nothing to pay`)
    return event
  })

await db.execute(sql`CREATE TABLE IF NOT EXISTS invoice (id text PRIMARY KEY, amount int NOT NULL)`)
await db.execute(sql`CREATE TABLE IF NOT EXISTS task (id text PRIMARY KEY, title text NOT NULL)`)
await integration.start()

const event = await createInvoice("inv-1", 100)
for (const delivery of await integration.settled(event.id)) console.log(delivery.consumer, delivery.status)
for (const link of await integration.findLinksBySource(event.aggregate)) console.log(link.target.entityId)
for (const { title } of await db.select().from(task)) console.log(title)
await createInvoice("inv-2", 0).catch((error: Error) => console.log(error.message))
const invoices = await db.select().from(invoice)
console.log(`${invoices.length} invoice, ${(await integration.stats()).total} event`)

await integration.stop() // before the pool, which it uses
await pool.end()

/* Output:
operations.tasks processed
task-inv-1
Process inv-1
inv-2: nothing to pay
1 invoice, 1 event
*/

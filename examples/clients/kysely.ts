/** Events in transactions of Kysely, published and handled. */
import { Kysely, PostgresDialect, sql } from "kysely"
import { Pool } from "pg"
import { z } from "zod"
import { DomainEvent } from "../../src/index.ts"
import { kyselyClient } from "../../src/kysely.ts"
import { createIntegration, subscriber } from "../../src/promise.ts"

interface Database {
  readonly invoice: { readonly id: string; readonly amount: number }
  readonly task: { readonly id: string; readonly title: string }
}

const url = process.env.DATABASE_URL ?? "postgres://localhost/shop"
const pool = new Pool({ connectionString: url })
const db = new Kysely<Database>({ dialect: new PostgresDialect({ pool }) })
const client = kyselyClient(db, { pool })

const InvoiceCreated = DomainEvent.define("invoice.created", {
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: (invoice) => invoice.invoiceId,
  payload: z.object({ invoiceId: z.string(), amount: z.number() })
})

// `tx` is a `Transaction<Database>`, the delivery's: the task, the link and the delivery's mark commit together, once.
const createTask = subscriber({
  client,
  consumer: "operations.tasks",
  event: InvoiceCreated,
  handler: async (event, { links, tx }) => {
    const taskId = `task-${event.payload.invoiceId}`
    await tx
      .insertInto("task")
      .values({ id: taskId, title: `Process ${event.payload.invoiceId}` })
      .execute()
    const target = { module: "operations", entityType: "Task", entityId: taskId }
    await links.create({ source: event.aggregate, target, linkType: "cascade" })
  }
})

const integration = createIntegration({ url, client, subscribers: [createTask] })

// The invoice and its event exist together, or not at all.
const createInvoice = (invoiceId: string, amount: number) =>
  db.transaction().execute(async (tx) => {
    await tx.insertInto("invoice").values({ id: invoiceId, amount }).execute()
    const event = await integration.publisherIn(tx).publish(InvoiceCreated, { invoiceId, amount })
    if (amount === 0) throw new Error(`${invoiceId}: nothing to pay`)
    return event
  })

await sql`CREATE TABLE IF NOT EXISTS invoice (id text PRIMARY KEY, amount int NOT NULL)`.execute(db)
await sql`CREATE TABLE IF NOT EXISTS task (id text PRIMARY KEY, title text NOT NULL)`.execute(db)
await integration.start()

const event = await createInvoice("inv-1", 100)
for (const delivery of await integration.settled(event.id)) console.log(delivery.consumer, delivery.status)
for (const link of await integration.findLinksBySource(event.aggregate)) console.log(link.target.entityId)
for (const task of await db.selectFrom("task").select("title").execute()) console.log(task.title)
await createInvoice("inv-2", 0).catch((error: Error) => console.log(error.message))
const invoices = await db.selectFrom("invoice").select("id").execute()
console.log(`${invoices.length} invoice, ${(await integration.stats()).total} event`)

await integration.stop() // before the pool, which it uses
await db.destroy()

/* Output:
operations.tasks processed
task-inv-1
Process inv-1
inv-2: nothing to pay
1 invoice, 1 event
*/

/** Events in transactions of Knex, published and handled. */
import knex from "knex"
import { z } from "zod"
import { DomainEvent } from "../../src/index.ts"
import { knexClient } from "../../src/knex.ts"
import { createIntegration, subscriber } from "../../src/promise.ts"

const url = process.env.DATABASE_URL ?? "postgres://localhost/shop"
const db = knex({ client: "pg", connection: url })
const client = knexClient(db)

const InvoiceCreated = DomainEvent.define("invoice.created", {
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: (invoice) => invoice.invoiceId,
  payload: z.object({ invoiceId: z.string(), amount: z.number() })
})

// `tx` is a `Knex.Transaction`, the delivery's: the task, the link and the delivery's mark commit together, once.
const createTask = subscriber({
  client,
  consumer: "operations.tasks",
  event: InvoiceCreated,
  handler: async (event, { links, tx }) => {
    const taskId = `task-${event.payload.invoiceId}`
    await tx("task").insert({ id: taskId, title: `Process ${event.payload.invoiceId}` })
    const target = { module: "operations", entityType: "Task", entityId: taskId }
    await links.create({ source: event.aggregate, target, linkType: "cascade" })
  }
})

const integration = createIntegration({ url, client, subscribers: [createTask] })

// The invoice and its event exist together, or not at all.
const createInvoice = (invoiceId: string, amount: number) =>
  db.transaction(async (tx) => {
    await tx("invoice").insert({ id: invoiceId, amount })
    const event = await integration.publisherIn(tx).publish(InvoiceCreated, { invoiceId, amount })
    if (amount === 0) throw new Error(`${invoiceId}: nothing to pay`)
    return event
  })

await db.raw("CREATE TABLE IF NOT EXISTS invoice (id text PRIMARY KEY, amount int NOT NULL)")
await db.raw("CREATE TABLE IF NOT EXISTS task (id text PRIMARY KEY, title text NOT NULL)")
await integration.start()

const event = await createInvoice("inv-1", 100)
for (const delivery of await integration.settled(event.id)) console.log(delivery.consumer, delivery.status)
for (const link of await integration.findLinksBySource(event.aggregate)) console.log(link.target.entityId)
for (const task of await db("task").select("title")) console.log(task.title)
await createInvoice("inv-2", 0).catch((error: Error) => console.log(error.message))
const invoices = await db("invoice").select("id")
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

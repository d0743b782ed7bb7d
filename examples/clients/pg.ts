/** Events in transactions of `pg` (node-postgres), published and handled. */
import { Pool } from "pg"
import { z } from "zod"
import { DomainEvent } from "../../src/index.ts"
import { pgClient } from "../../src/pg.ts"
import { createIntegration, subscriber } from "../../src/promise.ts"

const url = process.env.DATABASE_URL ?? "postgres://localhost/shop"
const pool = new Pool({ connectionString: url })
const client = pgClient(pool)

const InvoiceCreated = DomainEvent.define("invoice.created", {
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: (invoice) => invoice.invoiceId,
  payload: z.object({ invoiceId: z.string(), amount: z.number() })
})

// `tx` is a client of the pool, in the delivery's transaction: the task, the link and the delivery's mark commit together, once.
const createTask = subscriber({
  client,
  consumer: "operations.tasks",
  event: InvoiceCreated,
  handler: async (event, { links, tx }) => {
    const taskId = `task-${event.payload.invoiceId}`
    await tx.query("INSERT INTO task (id, title) VALUES ($1, $2)", [taskId, `Process ${event.payload.invoiceId}`])
    const target = { module: "operations", entityType: "Task", entityId: taskId }
    await links.create({ source: event.aggregate, target, linkType: "cascade" })
  }
})

const integration = createIntegration({ url, client, subscribers: [createTask] })

// The invoice and its event exist together, or not at all.
const createInvoice = async (invoiceId: string, amount: number) => {
  const tx = await pool.connect()
  try {
    await tx.query("BEGIN")
    await tx.query("INSERT INTO invoice (id, amount) VALUES ($1, $2)", [invoiceId, amount])
    const event = await integration.publisherIn(tx).publish(InvoiceCreated, { invoiceId, amount })
    if (amount === 0) throw new Error(`${invoiceId}: nothing to pay`)
    await tx.query("COMMIT")
    return event
  } catch (error) {
    await tx.query("ROLLBACK")
    throw error
  } finally {
    tx.release()
  }
}

await pool.query("CREATE TABLE IF NOT EXISTS invoice (id text PRIMARY KEY, amount int NOT NULL)")
await pool.query("CREATE TABLE IF NOT EXISTS task (id text PRIMARY KEY, title text NOT NULL)")
await integration.start()

const event = await createInvoice("inv-1", 100)
for (const delivery of await integration.settled(event.id)) console.log(delivery.consumer, delivery.status)
for (const link of await integration.findLinksBySource(event.aggregate)) console.log(link.target.entityId)
for (const task of (await pool.query("SELECT title FROM task")).rows) console.log(task.title)
await createInvoice("inv-2", 0).catch((error: Error) => console.log(error.message))
const invoices = await pool.query("SELECT id FROM invoice")
console.log(`${invoices.rows.length} invoice, ${(await integration.stats()).total} event`)

await integration.stop() // before the pool, which it uses
await pool.end()

/* Output:
operations.tasks processed
task-inv-1
Process inv-1
inv-2: nothing to pay
1 invoice, 1 event
*/

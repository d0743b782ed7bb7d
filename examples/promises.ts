/** The same without a line of Effect in the application: async handlers, promises, real errors. */
import { z } from "zod"
import { DomainEvent } from "../src/index.ts"
import { createIntegration, subscriber } from "../src/promise.ts"

const InvoiceCreated = DomainEvent.define("invoice.created", {
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: (invoice) => invoice.invoiceId,
  payload: z.object({ invoiceId: z.string(), amount: z.number() })
})

const createTask = subscriber({
  consumer: "operations.tasks",
  mode: "transactional", // all it writes goes through `sql` and `links`
  event: InvoiceCreated,
  handler: async (event, { links, sql }) => {
    const taskId = `task-${event.payload.invoiceId}`
    await sql`INSERT INTO task (id, title) VALUES (${taskId}, ${`Process ${event.payload.invoiceId}`})`
    const target = { module: "operations", entityType: "Task", entityId: taskId }
    await links.create({ source: event.aggregate, target, linkType: "cascade" })
  }
})

await using integration = createIntegration({ pglite: true, subscribers: [createTask] }) // { url } for a server
await integration.transaction(async ({ sql }) => {
  await sql`CREATE TABLE invoice (id text PRIMARY KEY, amount float8)`
  await sql`CREATE TABLE task (id text PRIMARY KEY, title text)`
})
await integration.start()

// The invoice and its event exist together, or not at all.
const event = await integration.transaction(async ({ publish, sql }) => {
  await sql`INSERT INTO invoice (id, amount) VALUES (${"inv-1"}, ${100})`
  return publish(InvoiceCreated, { invoiceId: "inv-1", amount: 100 })
})
for (const delivery of await integration.settled(event.id)) console.log(delivery.consumer, delivery.status)
for (const link of await integration.findLinksBySource(event.aggregate)) console.log(link.target.entityId)
try {
  await integration.publish(InvoiceCreated, { invoiceId: "", amount: 1 })
} catch (error) {
  console.log(error instanceof Error, String(error))
}

/* Output:
operations.tasks processed
task-inv-1
true InvalidIdentifier: Invalid aggregateId of event "invoice.created": is empty. Nothing was written.
*/

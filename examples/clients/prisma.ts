/** Events in transactions of Prisma, published and handled. The client is generated of schema.prisma. */
import { PrismaPg } from "@prisma/adapter-pg"
import { z } from "zod"
import { DomainEvent } from "../../src/index.ts"
import { prismaClient } from "../../src/prisma.ts"
import { createIntegration, subscriber } from "../../src/promise.ts"
import { PrismaClient } from "./generated/client.ts"

const url = process.env.DATABASE_URL ?? "postgres://localhost/shop"
const prisma = new PrismaClient({ adapter: new PrismaPg({ connectionString: url }) })
const client = prismaClient(prisma)

const InvoiceCreated = DomainEvent.define("invoice.created", {
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: (invoice) => invoice.invoiceId,
  payload: z.object({ invoiceId: z.string(), amount: z.number() })
})

// `tx` is a `Prisma.TransactionClient`, the delivery's: the task, the link and the delivery's mark commit together, once.
const createTask = subscriber({
  client,
  consumer: "operations.tasks",
  event: InvoiceCreated,
  handler: async (event, { links, tx }) => {
    const taskId = `task-${event.payload.invoiceId}`
    await tx.task.create({ data: { id: taskId, title: `Process ${event.payload.invoiceId}` } })
    const target = { module: "operations", entityType: "Task", entityId: taskId }
    await links.create({ source: event.aggregate, target, linkType: "cascade" })
  }
})

const integration = createIntegration({ url, client, subscribers: [createTask] })

// The invoice and its event exist together, or not at all.
const createInvoice = (invoiceId: string, amount: number) =>
  prisma.$transaction(async (tx) => {
    await tx.invoice.create({ data: { id: invoiceId, amount } })
    const event = await integration.publisherIn(tx).publish(InvoiceCreated, { invoiceId, amount })
    if (amount === 0) throw new Error(`${invoiceId}: nothing to pay`)
    return event
  })

await prisma.$executeRaw`CREATE TABLE IF NOT EXISTS invoice (id text PRIMARY KEY, amount int NOT NULL)`
await prisma.$executeRaw`CREATE TABLE IF NOT EXISTS task (id text PRIMARY KEY, title text NOT NULL)`
await integration.start()

const event = await createInvoice("inv-1", 100)
for (const delivery of await integration.settled(event.id)) console.log(delivery.consumer, delivery.status)
for (const link of await integration.findLinksBySource(event.aggregate)) console.log(link.target.entityId)
for (const task of await prisma.task.findMany()) console.log(task.title)
await createInvoice("inv-2", 0).catch((error: Error) => console.log(error.message))
console.log(`${await prisma.invoice.count()} invoice, ${(await integration.stats()).total} event`)

await integration.stop() // before the pool, which it uses
await prisma.$disconnect()

/* Output:
operations.tasks processed
task-inv-1
Process inv-1
inv-2: nothing to pay
1 invoice, 1 event
*/

/** The door of promises, in plain JavaScript, with the application's own pool and schemas. */
import { DomainEvent } from "effect-integration"
import { createIntegration, subscriber } from "effect-integration/promise"
import pg from "pg"
import { z } from "zod"
import { behave, invoices, isFirst, refusal, settings, tables, url } from "./behaviour.mjs"

const InvoiceCreated = DomainEvent.define("invoice.created", {
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: (payload) => payload.invoice,
  payload: z.object({ invoice: z.string() })
})

const createTask = subscriber({
  consumer: "operations.tasks",
  mode: "transactional",
  event: InvoiceCreated,
  handler: async ({ aggregate, attempt, payload: { invoice } }, { links, sql }) => {
    await sql`INSERT INTO task (invoice) VALUES (${invoice})`
    const target = { module: "operations", entityType: "Task", entityId: invoice }
    await links.create({ source: aggregate, target, linkType: "cascade" })
    behave({ attempt, invoice })
  }
})

const pool = new pg.Pool({ connectionString: url })
for (const table of tables) await pool.query(table)
const integration = createIntegration({ pool, settings, subscribers: [createTask] })
await integration.start()

const createInvoice = (invoice) =>
  integration.transaction(async ({ publish, sql }) => {
    await sql`INSERT INTO invoice (id) VALUES (${invoice})`
    await publish(InvoiceCreated, { invoice })
    if (invoice === "ghost") throw refusal
  })

if (isFirst) {
  await createInvoice("ghost").catch(() => undefined)
  for (const invoice of invoices) await createInvoice(invoice)
}
await integration.allSettled(["operations.tasks"])
await integration.stop()
await pool.end()

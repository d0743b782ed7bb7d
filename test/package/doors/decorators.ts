/** The door of decorated classes. */
import { PgClient } from "@effect/sql-pg"
import { Layer, Redacted, Schema } from "effect"
import { DomainEvent, Integration, Subscriber } from "effect-integration"
import { Consumer, Subscribe } from "effect-integration/decorators"
import type { HandlerContext } from "effect-integration/HandlerContext"
import { createIntegration } from "effect-integration/promise"
import { behave, invoices, isFirst, refusal, settings, tables, url } from "./behaviour.mjs"

const InvoiceCreated = DomainEvent.define("invoice.created", {
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: (payload) => payload.invoice,
  payload: Schema.Struct({ invoice: Schema.String })
})

@Consumer("operations.tasks", { mode: "transactional" })
class Tasks {
  @Subscribe(InvoiceCreated)
  async create(
    { aggregate, attempt, payload: { invoice } }: DomainEvent.Of<typeof InvoiceCreated>,
    { links, sql }: HandlerContext
  ) {
    await sql`INSERT INTO task (invoice) VALUES (${invoice})`
    const target = { module: "operations", entityType: "Task", entityId: invoice }
    await links.create({ source: aggregate, target, linkType: "cascade" })
    behave({ attempt, invoice })
  }
}

const layer = Layer.provide(Integration.layer({ settings }), PgClient.layer({ url: Redacted.make(url) }))
await using integration = createIntegration({ layer, subscribers: Subscriber.fromClass(Tasks) })
await integration.transaction(async ({ sql }) => {
  for (const table of tables) await sql.query(table)
})
await integration.start()

const createInvoice = (invoice: string) =>
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

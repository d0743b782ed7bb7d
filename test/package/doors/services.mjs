/** The door of the reference's names, without Nest. */
import { Consumer } from "effect-integration"
import { createServices, LinkType } from "effect-integration/services"
import { behave, invoices, isFirst, refusal, settings, tables, url } from "./behaviour.mjs"

const services = createServices({ url, settings })
const { publisher, registry } = services

const tasks = Consumer.make("operations.tasks", { mode: "transactional" })
registry.subscribe("invoice.created", tasks, async (event, { linkService, sql }) => {
  const { invoice } = event.payload
  await sql`INSERT INTO task (invoice) VALUES (${invoice})`
  await linkService.createLink({
    sourceModule: event.sourceModule,
    sourceEntityType: event.aggregateType,
    sourceEntityId: event.aggregateId,
    targetModule: "operations",
    targetEntityType: "Task",
    targetEntityId: invoice,
    linkType: LinkType.CASCADE
  })
  behave({ attempt: event.attempt, invoice })
})

await services.transaction(async ({ sql }) => {
  for (const table of tables) await sql.query(table)
})
await services.start()

const createInvoice = (invoice) =>
  services.transaction(async ({ sql }) => {
    await sql`INSERT INTO invoice (id) VALUES (${invoice})`
    await publisher.publishEvent("invoice.created", "finance", "Invoice", invoice, { invoice })
    if (invoice === "ghost") throw refusal
  })

if (isFirst) {
  await createInvoice("ghost").catch(() => undefined)
  for (const invoice of invoices) await createInvoice(invoice)
}
await services.integration.allSettled(["operations.tasks"])
await services.stop()

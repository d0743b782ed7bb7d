/** The services of the reference system by their own names, over PGlite: publish in a transaction, handle once, link. */
import { createServices, LinkType } from "../src/services.ts"

// On a server: createServices({ url: process.env.DATABASE_URL })
const services = createServices({ pglite: true })
const { inbox, links, outbox, publisher, registry } = services

registry.subscribe("invoice.created", "operations.tasks", async (event, { linkService, logger }) => {
  logger.debug(`task for ${event.aggregateId}`)
  await linkService.createLink({
    sourceModule: event.sourceModule,
    sourceEntityType: event.aggregateType,
    sourceEntityId: event.aggregateId,
    targetModule: "operations",
    targetEntityType: "Task",
    targetEntityId: `task-${event.aggregateId}`,
    linkType: LinkType.CASCADE
  })
})

await services.start()
const event = await services.transaction(async ({ sql }) => {
  await sql`CREATE TABLE invoice (id text PRIMARY KEY, amount int NOT NULL)`
  await sql`INSERT INTO invoice VALUES (${"inv-1"}, ${100})`
  return publisher.publishEvent("invoice.created", "finance", "Invoice", "inv-1", { amount: 100 })
})
await services.integration.settled(event.id)

const [link] = await links.findOutbound("finance", "Invoice", "inv-1")
console.log(link?.linkType, link?.targetEntityId)
console.log((await outbox.getById(event.id))?.status, await inbox.isProcessed(event.id, "operations.tasks"))
await services.stop()

/* Output:
cascade task-inv-1
processed true
*/

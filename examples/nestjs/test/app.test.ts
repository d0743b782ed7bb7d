import "reflect-metadata"
import { Test } from "@nestjs/testing"
import { IntegrationLinkService, IntegrationServices, OutboxService } from "effect-integration/nestjs"
import { expect, it } from "vitest"
import { AppModule } from "../src/app.module.js"
import { InvoiceService } from "../src/finance.module.js"
import { MailHandlers } from "../src/operations.module.js"

it("an invoice becomes a task, a link and a mail, each once", async () => {
  const testing = await Test.createTestingModule({ imports: [AppModule] }).compile()
  const app = await testing.init()
  const { integration } = app.get(IntegrationServices)
  const invoices = app.get(InvoiceService)

  const event = await invoices.create("inv-1", 100)
  const deliveries = await integration.settled(event.id, { timeout: "20 seconds" })
  expect(deliveries.map(({ consumer, status }) => [consumer, status])).toEqual([
    ["operations.mail", "processed"],
    ["operations.tasks", "processed"]
  ])
  const [link] = await app.get(IntegrationLinkService).findOutbound("finance", "Invoice", "inv-1")
  expect(link).toMatchObject({ linkType: "cascade", targetEntityId: "task-inv-1" })
  expect((await app.get(OutboxService).getById(event.id))?.status).toBe("processed")

  // A second invoice of this id is refused, and so is its event.
  await expect(invoices.create("inv-1", 5)).rejects.toThrow("duplicate key")
  expect((await integration.stats()).total).toBe(1)

  // A mail that fails is tried again, by itself.
  const returned = await invoices.create("inv-2", -100)
  await integration.settled(returned.id, { timeout: "20 seconds" })
  expect(app.get(MailHandlers).sent).toEqual(["invoice.created inv-1, attempt 1", "invoice.created inv-2, attempt 2"])

  await app.close()
})

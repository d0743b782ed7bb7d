import "reflect-metadata"
import { Test } from "@nestjs/testing"
import { IntegrationLinkService, IntegrationServices, OutboxService } from "effect-integration/nestjs"
import { AppModule } from "../src/app.module"
import { InvoiceService } from "../src/finance.module"
import { AuditHandlers } from "../src/operations.module"

it("an invoice becomes a task with a link, and is noted", async () => {
  const testing = await Test.createTestingModule({ imports: [AppModule] }).compile()
  const app = await testing.init()
  const event = await app.get(InvoiceService).create("inv-1", 100)
  await app.get(IntegrationServices).integration.settled(event.id, { timeout: "20 seconds" })
  expect(await app.get(OutboxService).getById(event.id)).toMatchObject({ status: "processed", attemptCount: 1 })
  const [link] = await app.get(IntegrationLinkService).findOutbound("finance", "Invoice", "inv-1")
  expect(link).toMatchObject({ linkType: "cascade", targetEntityId: "task-inv-1" })
  expect(app.get(AuditHandlers).seen).toEqual(["invoice.created by a test"])
  await app.close()
})

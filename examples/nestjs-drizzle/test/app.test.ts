import "reflect-metadata"
import { Test } from "@nestjs/testing"
import { IntegrationLinkService, IntegrationServices } from "effect-integration/nestjs"
import { expect, it } from "vitest"
import { AppModule } from "../src/app.module.js"
import { DrizzleService } from "../src/drizzle.module.js"
import { InvoiceService } from "../src/finance.module.js"
import { task } from "../src/schema.js"

it("an invoice and its event, a task and its delivery are one transaction each, of Drizzle", async () => {
  const testing = await Test.createTestingModule({ imports: [AppModule] }).compile()
  const app = await testing.init()
  const { integration } = app.get(IntegrationServices)
  const invoices = app.get(InvoiceService)
  const { db } = app.get(DrizzleService)
  const linksOf = (invoiceId: string) => app.get(IntegrationLinkService).findOutbound("finance", "Invoice", invoiceId)

  const event = await invoices.create("inv-1", 100)
  const deliveries = await integration.settled(event.id, { timeout: "20 seconds" })
  expect(deliveries.map(({ attemptCount, consumer, status }) => [consumer, status, attemptCount])).toEqual([
    ["operations.tasks", "processed", 1]
  ])
  expect(await db.select().from(task)).toEqual([{ id: "task-inv-1", title: "Process invoice inv-1" }])
  expect((await linksOf("inv-1")).map(({ targetEntityId }) => targetEntityId)).toEqual(["task-inv-1"])

  // A second invoice of this id is refused, and so is its event.
  await expect(invoices.create("inv-1", 5)).rejects.toThrow("Failed query")
  expect((await integration.stats()).total).toBe(1)

  // What the first attempt wrote is gone when the second writes the same.
  const returned = await invoices.create("inv-2", -100)
  const [delivery] = await integration.settled(returned.id, { timeout: "20 seconds" })
  expect(delivery).toMatchObject({ status: "processed", attemptCount: 2 })
  expect(await db.select().from(task)).toHaveLength(2)
  expect(await linksOf("inv-2")).toHaveLength(1)

  await app.close()
})

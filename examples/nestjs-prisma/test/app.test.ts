import "reflect-metadata"
import { Test } from "@nestjs/testing"
import { IntegrationLinkService, IntegrationServices } from "effect-integration/nestjs"
import { expect, it } from "vitest"
import { AppModule } from "../src/app.module.js"
import { InvoiceService } from "../src/finance.module.js"
import { PrismaService } from "../src/prisma.module.js"

it("an invoice and its event, a task and its delivery are one transaction each, of Prisma", async () => {
  const testing = await Test.createTestingModule({ imports: [AppModule] }).compile()
  const app = await testing.init()
  const { integration } = app.get(IntegrationServices)
  const invoices = app.get(InvoiceService)
  const prisma = app.get(PrismaService)
  const linksOf = (invoiceId: string) => app.get(IntegrationLinkService).findOutbound("finance", "Invoice", invoiceId)

  const event = await invoices.create("inv-1", 100)
  const deliveries = await integration.settled(event.id, { timeout: "20 seconds" })
  expect(deliveries.map(({ attemptCount, consumer, status }) => [consumer, status, attemptCount])).toEqual([
    ["operations.tasks", "processed", 1]
  ])
  expect(await prisma.task.findMany()).toEqual([{ id: "task-inv-1", title: "Process invoice inv-1" }])
  expect((await linksOf("inv-1")).map(({ targetEntityId }) => targetEntityId)).toEqual(["task-inv-1"])

  // A second invoice of this id is refused, and so is its event.
  await expect(invoices.create("inv-1", 5)).rejects.toThrow("Unique constraint")
  expect((await integration.stats()).total).toBe(1)

  // What the first attempt wrote is gone when the second writes the same.
  const returned = await invoices.create("inv-2", -100)
  const [delivery] = await integration.settled(returned.id, { timeout: "20 seconds" })
  expect(delivery).toMatchObject({ status: "processed", attemptCount: 2 })
  expect(await prisma.task.count()).toBe(2)
  expect(await linksOf("inv-2")).toHaveLength(1)

  // By the names of the reference system: nothing is deleted twice, and nothing published of it.
  await invoices.cancel("inv-1")
  await expect(invoices.cancel("inv-1")).rejects.toThrow()
  expect(await prisma.invoice.count()).toBe(1)
  expect((await integration.stats()).total).toBe(3)

  await app.close()
})

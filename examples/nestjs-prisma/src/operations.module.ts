import { Injectable, Module } from "@nestjs/common"
import type { DomainEvent, HandlerContext } from "effect-integration"
import { Consumer, IntegrationLinkService, LinkType, Subscribe } from "effect-integration/nestjs"
import { InvoiceCreated } from "./events.js"
import type { Prisma } from "./generated/prisma/client.js"

/** `transactional`: `tx` is the delivery's transaction, and what services write is part of it. Task, link and mark commit together. */
@Injectable()
@Consumer("operations.tasks", { mode: "transactional" })
export class TaskHandlers {
  constructor(private readonly links: IntegrationLinkService) {}

  @Subscribe(InvoiceCreated)
  async createTask(event: DomainEvent.Of<typeof InvoiceCreated>, { tx }: HandlerContext<Prisma.TransactionClient>) {
    const { amount, invoiceId } = event.payload
    const task = await tx.task.create({ data: { id: `task-${invoiceId}`, title: `Process invoice ${invoiceId}` } })
    await this.links.createLink({
      sourceModule: "finance",
      sourceEntityType: "Invoice",
      sourceEntityId: invoiceId,
      targetModule: "operations",
      targetEntityType: "Task",
      targetEntityId: task.id,
      linkType: LinkType.CASCADE
    })
    if (amount < 0 && event.attempt === 1) throw new Error("nobody is there to process it")
  }
}

@Module({ providers: [TaskHandlers] })
export class OperationsModule {}

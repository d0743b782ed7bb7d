import { Injectable, Module } from "@nestjs/common"
import type { DomainEvent, HandlerContext } from "effect-integration"
import { Consumer, Subscribe } from "effect-integration/nestjs"
import type { DrizzleTransaction } from "./drizzle.module.js"
import { InvoiceCreated } from "./events.js"
import { task } from "./schema.js"

/** `transactional`: `tx` is the delivery's transaction. Task, link and mark commit together. */
@Injectable()
@Consumer("operations.tasks", { mode: "transactional" })
export class TaskHandlers {
  @Subscribe(InvoiceCreated)
  async createTask(
    { aggregate, attempt, payload }: DomainEvent.Of<typeof InvoiceCreated>,
    { links, tx }: HandlerContext<DrizzleTransaction>
  ) {
    const taskId = `task-${payload.invoiceId}`
    await tx.insert(task).values({ id: taskId, title: `Process invoice ${payload.invoiceId}` })
    const target = { module: "operations", entityType: "Task", entityId: taskId }
    await links.create({ source: aggregate, target, linkType: "cascade" })
    if (payload.amount < 0 && attempt === 1) throw new Error("nobody is there to process it")
  }
}

@Module({ providers: [TaskHandlers] })
export class OperationsModule {}

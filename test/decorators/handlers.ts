/** A decorated class with methods of every kind: compiled by each toolchain the guide names. */
import { Effect, Schema } from "effect"
import type { HandlerContext } from "../../src/index.ts"
import { DomainEvent, LinkStore } from "../../src/index.ts"
import { Consumer, Subscribe } from "../../src/subscribing/Decorators.ts"

export const InvoiceCreated = DomainEvent.define("invoice.created", {
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: (invoice) => invoice.invoiceId,
  payload: Schema.Struct({ invoiceId: Schema.String, amount: Schema.Number })
})

export const InvoicePaid = DomainEvent.define("invoice.paid", {
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: (invoice) => invoice.invoiceId,
  payload: Schema.Struct({ invoiceId: Schema.String })
})

export const log: Array<string> = []

const task = (entityId: string) => ({ module: "operations", entityType: "Task", entityId })

@Consumer("operations.tasks", { ordering: "aggregate", mode: "transactional" })
export class TaskHandlers {
  readonly #prefix = "task"

  @Subscribe(InvoiceCreated, { priority: 5 })
  createTask(event: DomainEvent.Of<typeof InvoiceCreated>) {
    log.push(`${this.#prefix} for ${event.payload.invoiceId}: ${event.payload.amount}`)
    return LinkStore.create({ source: event.aggregate, target: task(event.payload.invoiceId), linkType: "cascade" })
  }

  @Subscribe(InvoicePaid)
  async closeTask(event: DomainEvent.Of<typeof InvoicePaid>, context: HandlerContext) {
    const links = await context.links.findOutbound(event.aggregate)
    for (const link of links) log.push(`${this.#prefix} of ${link.target.entityId} closed`)
    await context.publishEvent({
      eventName: "task.closed",
      sourceModule: "operations",
      aggregateType: "Task",
      aggregateId: event.payload.invoiceId,
      payload: {}
    })
  }

  @Subscribe("task.*")
  note(event: { readonly name: string; readonly correlationId: string | undefined }) {
    log.push(`noted ${event.name}`)
  }
}

@Consumer("operations.audit")
export class Audit extends TaskHandlers {
  override createTask(event: DomainEvent.Of<typeof InvoiceCreated>) {
    log.push(`audit of ${event.payload.invoiceId}`)
    return Effect.die(new Error("the audit has its own creations to watch"))
  }
}

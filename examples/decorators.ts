/**
 * Subscribers as a class. Node.js does not run decorators: `npx tsx examples/decorators.ts`, or compile it; see
 * docs/decorators.md.
 */
import { Effect, Layer, Schema } from "effect"
import { Consumer, Subscribe } from "../src/decorators.ts"
import {
  DomainEvent,
  type HandlerContext,
  IntegrationMemory,
  LinkStore,
  Processor,
  Publisher,
  Subscriber
} from "../src/index.ts"

const InvoiceCreated = DomainEvent.define("invoice.created", {
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: (invoice) => invoice.invoiceId,
  payload: Schema.Struct({ invoiceId: Schema.String, amount: Schema.Number })
})

@Consumer("operations.tasks", { ordering: "aggregate", mode: "transactional" })
class TaskHandlers {
  @Subscribe(InvoiceCreated, { priority: 10 })
  createTask(event: DomainEvent.Of<typeof InvoiceCreated>) {
    console.log(`task for ${event.payload.invoiceId}`)
    return LinkStore.create({
      source: event.aggregate,
      target: { module: "operations", entityType: "Task", entityId: "t-1" },
      linkType: "cascade"
    })
  }

  @Subscribe("payment.*")
  async closeTask(event: DomainEvent.DomainEvent, context: HandlerContext) {
    const invoice = { module: "finance", entityType: "Invoice", entityId: event.aggregate.entityId }
    for (const link of await context.links.findOutbound(invoice)) console.log(`${link.target.entityId} is closed`)
  }
}

const program = Effect.gen(function* () {
  const processor = yield* Processor
  const created = yield* Publisher.publish(InvoiceCreated, { invoiceId: "inv-1", amount: 100 })
  yield* processor.settled(created.id)
  const paid = yield* Publisher.publishEvent({
    eventName: "payment.received",
    sourceModule: "bank",
    aggregateType: "Payment",
    aggregateId: "inv-1",
    payload: {}
  })
  yield* processor.settled(paid.id)
})

const Live = Subscriber.layer(...Subscriber.fromClass(TaskHandlers)).pipe(Layer.provideMerge(IntegrationMemory))

await Effect.runPromise(program.pipe(Effect.provide(Live)))

/* Output:
task for inv-1
t-1 is closed
*/

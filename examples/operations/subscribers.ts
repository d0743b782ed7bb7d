/** How operations reacts to finance: it knows finance's events, not its code or tables. */
import { Data, Effect, Layer } from "effect"
import { Consumer, LinkStore, Subscriber } from "../../src/index.ts"
import { InvoiceCancelled, InvoiceCreated } from "../finance/events.ts"
import { Progress } from "./Progress.ts"
import { Tasks } from "./Tasks.ts"

const consumer = Consumer.make("operations.tasks")

/** The customer register is slow to learn of new customers. */
class UnknownCustomer extends Data.TaggedError("UnknownCustomer")<{ readonly customer: string }> {
  override get message() {
    return `customer "${this.customer}" is not in the register yet`
  }
}

/** No retry will help, but this handler does not know. */
class AmountNotAllowed extends Data.TaggedError("AmountNotAllowed")<{ readonly amount: number }> {
  override get message() {
    return `an amount of ${this.amount} cannot be processed`
  }
}

const createTask = Subscriber.make({
  consumer,
  event: InvoiceCreated,
  handler: Effect.fn("createTask")(function* (event) {
    const { amount, customer, invoiceId } = event.payload
    const tasks = yield* Tasks
    const taskId = yield* tasks.create(`Process invoice ${invoiceId}`)
    yield* LinkStore.create({
      source: event.aggregate,
      target: { module: "operations", entityType: "Task", entityId: taskId },
      linkType: "cascade"
    })
    // Both failures come after the writes: they leave neither task nor link.
    if (customer === "newcomer" && event.attempt <= 2) return yield* new UnknownCustomer({ customer })
    if (amount < 0) return yield* new AmountNotAllowed({ amount })
    yield* Progress.afterCommit(`operations: task ${taskId} for invoice ${invoiceId} (attempt ${event.attempt})`)
  })
})

const cancelTasks = Subscriber.make({
  consumer,
  event: InvoiceCancelled,
  handler: Effect.fn("cancelTasks")(function* (event) {
    const tasks = yield* Tasks
    const links = yield* LinkStore.findOutbound(event.aggregate, { linkType: "cascade" })
    // Events have no order: the task may not be there yet.
    if (links.length === 0) return yield* Subscriber.retryAfter("200 millis", "the invoice has no task yet")
    for (const link of links) yield* tasks.cancel(link.target.entityId)
    yield* Progress.afterCommit(`operations: cancelled the tasks of invoice ${event.payload.invoiceId}`)
  })
})

export const layer = Subscriber.layer(createTask, cancelTasks).pipe(Layer.provide(Progress.layer))

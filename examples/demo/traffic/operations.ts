/** Operations' consumers: tasks of invoices, shipments of tasks, and the warehouse, which keeps the order of each article. */
import { Data, Effect } from "effect"
import { Consumer, LinkStore, Publisher, Subscriber } from "../../../src/index.ts"
import { InvoiceIssued, ShipmentDispatched, StockMoved, TaskCreated } from "./events.ts"

const fulfil = Subscriber.make({
  consumer: Consumer.make("operations.fulfilment", { concurrency: 2 }),
  event: InvoiceIssued,
  handler: Effect.fn("fulfil")(function* ({ aggregate, payload: { cents, customer, invoiceId } }) {
    const taskId = `TASK-${invoiceId.slice("INV-".length)}`
    yield* Publisher.publish(TaskCreated, { taskId, invoiceId, customer, amount: cents / 100 })
    yield* LinkStore.create({
      source: aggregate,
      target: { module: "operations", entityType: "Task", entityId: taskId },
      linkType: "cascade"
    })
  })
})

const dispatch = Subscriber.make({
  consumer: "operations.dispatch",
  event: TaskCreated,
  handler: Effect.fn("dispatch")(function* ({ aggregate, payload: { amount, taskId } }) {
    const shipmentId = `SHIP-${taskId.slice("TASK-".length)}`
    const weightGrams = 200 + (Math.round(amount * 7) % 9000)
    yield* Publisher.publish(ShipmentDispatched, { shipmentId, taskId, weightGrams }, { delay: "2 seconds" })
    yield* LinkStore.create({
      source: aggregate,
      target: { module: "operations", entityType: "Shipment", entityId: shipmentId },
      linkType: "cascade"
    })
  })
})

/** Some of its events come from a scanner that does not know weights: those cannot be read. */
const track = Subscriber.make({
  consumer: "operations.tracking",
  event: ShipmentDispatched,
  handler: () => Effect.void
})

class NoShelf extends Data.TaggedError("NoShelf")<{ readonly article: string; readonly by: number }> {
  override get message() {
    return `article "${this.article}" has no shelf: ${this.by} pieces cannot be put away`
  }
}

/** What comes after a move that gave up waits for it: with a shelf in its payload it can be requeued. */
const moveStock = Subscriber.make({
  consumer: Consumer.make("operations.warehouse", { ordering: "aggregate", maxAttempts: 2, concurrency: 2 }),
  event: StockMoved,
  handler: Effect.fn("moveStock")(function* ({ payload: { article, by, shelf } }) {
    if (shelf === undefined) return yield* new NoShelf({ article, by })
  })
})

export const subscribers = [fulfil, dispatch, track, moveStock] as const

/** Runs the decorated class in memory and prints what it did. */
import { Effect, Layer } from "effect"
import { IntegrationMemory, Processor, Publisher, Subscriber } from "../../src/index.ts"
import { InvoiceCreated, InvoicePaid, log, TaskHandlers } from "./handlers.ts"

const Live = Layer.provideMerge(Subscriber.layer(...Subscriber.fromClass(TaskHandlers)), IntegrationMemory)

const program = Effect.gen(function* () {
  const processor = yield* Processor
  yield* Publisher.publish(InvoiceCreated, { invoiceId: "1", amount: 10 })
  const paid = yield* Publisher.publish(InvoicePaid, { invoiceId: "1" })
  yield* processor.settled(paid.id)
  yield* processor.drain
})

await Effect.runPromise(program.pipe(Effect.provide(Live)))
console.log(JSON.stringify(log))

/**
 * What else a mailbox can be asked for: events with a key are published once, delayed ones wait, consumers of higher
 * priority get a head start, and a paused consumer gets nothing until it is resumed.
 */
import { Effect, Layer, Schema } from "effect"
import { DomainEvent, IntegrationMemory, Processor, Publisher, Subscriber } from "../src/index.ts"

const OrderPlaced = DomainEvent.define("order.placed", {
  sourceModule: "shop",
  aggregateType: "Order",
  aggregateId: (order) => order.orderId,
  payload: Schema.Struct({ orderId: Schema.String })
})

const telling = (consumer: string, priority: number) =>
  Subscriber.make({
    consumer,
    event: OrderPlaced,
    priority,
    handler: (event) => Effect.sync(() => console.log(`${consumer}: ${event.payload.orderId}`))
  })

const program = Effect.gen(function* () {
  const processor = yield* Processor
  const first = yield* Publisher.publish(OrderPlaced, { orderId: "o-1" }, { dedupeKey: "checkout-77" })
  const again = yield* Publisher.publish(OrderPlaced, { orderId: "o-2" }, { dedupeKey: "checkout-77" })
  console.log(again.id === first.id, again.isDuplicate, again.payload)
  yield* processor.settled(first.id) // fraud checks first, mail afterwards

  yield* processor.pause("mail")
  const third = yield* Publisher.publish(OrderPlaced, { orderId: "o-3" }, { delay: "50 millis" })
  console.log(`${yield* processor.drain} due now`)
  yield* Effect.sleep("100 millis")
  console.log("mail is resumed")
  yield* processor.resume("mail")
  yield* processor.settled(third.id)
})

const Live = Subscriber.layer(telling("mail", 0), telling("fraud checks", 10)).pipe(
  Layer.provideMerge(IntegrationMemory)
)

await Effect.runPromise(program.pipe(Effect.provide(Live)))

/* Output:
true true { orderId: 'o-1' }
fraud checks: o-1
mail: o-1
0 due now
fraud checks: o-3
mail is resumed
mail: o-3
*/

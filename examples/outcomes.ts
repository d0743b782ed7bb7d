/**
 * How a delivery can end: processed at the second attempt, skipped, put off, given up at once, given up after all
 * attempts.
 */
import { Effect, Layer, Logger, Schema } from "effect"
import { Consumer, DomainEvent, Integration, Processor, Publisher, Subscriber } from "../src/index.ts"
import * as PgLite from "../src/pglite/PgLite.ts"

const OrderPlaced = DomainEvent.define("order.placed", {
  sourceModule: "shop",
  aggregateType: "Order",
  aggregateId: (order) => order.orderId,
  payload: Schema.Struct({ orderId: Schema.String })
})

const ship = Subscriber.make({
  consumer: Consumer.make("warehouse.shipping", { maxAttempts: 2, retryBaseDelay: "100 millis" }),
  event: OrderPlaced,
  handler: Effect.fn("ship")(function* (event) {
    switch (event.payload.orderId) {
      case "flaky":
        return event.attempt === 1 ? yield* Effect.fail(new Error("the label printer is off")) : "shipped"
      case "digital":
        return yield* Subscriber.skip("nothing to ship")
      case "early":
        return event.attempt === 1 ? yield* Subscriber.retryAfter("200 millis", "not packed yet") : "shipped"
      case "unknown address":
        return yield* Subscriber.fatal(new Error("no such street"))
      default:
        return yield* Effect.die(new Error("a bug"))
    }
  })
})

const Live = Subscriber.layer(ship).pipe(
  Layer.provideMerge(Integration.layer()),
  Layer.provideMerge(PgLite.layerMemory),
  Layer.provideMerge(Logger.layer([])) // failed attempts are logged; here the table says it all
)

const program = Effect.gen(function* () {
  const processor = yield* Processor
  for (const orderId of ["flaky", "digital", "early", "unknown address", "cursed"]) {
    const event = yield* Publisher.publish(OrderPlaced, { orderId })
    const [delivery] = yield* processor.settled(event.id)
    console.log(`${orderId}: ${delivery?.status} after ${delivery?.attemptCount}, ${delivery?.lastError}`)
  }
})

await Effect.runPromise(program.pipe(Effect.provide(Live)))

/* Output:
flaky: processed after 2, Error: the label printer is off
digital: skipped after 1, nothing to ship
early: processed after 2, not packed yet
unknown address: dead_letter after 1, Error: no such street
cursed: dead_letter after 2, Error: a bug
*/

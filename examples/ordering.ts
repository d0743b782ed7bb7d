/**
 * Order by aggregate: what comes after a dead letter of its order waits, until the dead letter is requeued. Other orders
 * go on.
 */
import { Effect, Layer, Logger, Schema } from "effect"
import {
  Consumer,
  DeadLetters,
  DomainEvent,
  InboxStore,
  IntegrationMemory,
  Processor,
  Publisher,
  Subscriber
} from "../src/index.ts"

const StockMoved = DomainEvent.define("stock.moved", {
  sourceModule: "warehouse",
  aggregateType: "Article",
  aggregateId: (move) => move.article,
  payload: Schema.Struct({ article: Schema.String, by: Schema.Int })
})

const stock = new Map<string, number>()
let isFixed = false

const keepStock = Subscriber.make({
  consumer: Consumer.make("shop.stock", { ordering: "aggregate", maxAttempts: 1 }), // onDeadLetter: "park" is the default
  event: StockMoved,
  handler: Effect.fn("keepStock")(function* ({ payload: { article, by } }) {
    if (article === "lamp" && by === -2 && !isFixed) return yield* Effect.fail(new Error("no such shelf"))
    stock.set(article, (stock.get(article) ?? 0) + by)
    console.log(`${article} ${by}`)
  })
})

const program = Effect.gen(function* () {
  const processor = yield* Processor
  const inbox = yield* InboxStore
  const letters = yield* DeadLetters
  const moves = [
    ["lamp", 5],
    ["lamp", -2],
    ["table", 1],
    ["lamp", -1]
  ] as const
  yield* Publisher.publishAll(moves.map(([article, by]) => DomainEvent.publication(StockMoved, { article, by })))
  yield* processor.drain
  const deliveries = yield* inbox.findByConsumer("shop.stock", undefined, 10)
  console.log(deliveries.map((delivery) => delivery.status).join(", "))
  isFixed = true
  for (const delivery of deliveries) {
    if (delivery.status === "dead_letter") yield* letters.requeue(delivery.deliveryId)
  }
  yield* processor.drain
  console.log(stock)
})

const Live = Subscriber.layer(keepStock).pipe(
  Layer.provideMerge(IntegrationMemory),
  Layer.provideMerge(Logger.layer([]))
)

await Effect.runPromise(program.pipe(Effect.provide(Live)))

/* Output:
lamp 5
table 1
processed, dead_letter, processed, received
lamp -2
lamp -1
Map(2) { 'lamp' => 2, 'table' => 1 }
*/

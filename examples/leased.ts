/**
 * Mail with `mode: "leased"`: sent outside of any transaction, with an idempotency key that stays the same. The event it
 * publishes is written with the mark of the attempt that succeeded.
 */
import { Effect, Layer, Logger, Schema } from "effect"
import { Consumer, DomainEvent, Integration, OutboxStore, Processor, Publisher, Subscriber } from "../src/index.ts"
import * as PgLite from "../src/pglite/PgLite.ts"

const order = {
  sourceModule: "shop",
  aggregateType: "Order",
  aggregateId: (payload: { readonly orderId: string }) => payload.orderId,
  payload: Schema.Struct({ orderId: Schema.String })
}

const OrderPlaced = DomainEvent.define("order.placed", order)
const MailSent = DomainEvent.define("mail.sent", order)

/** A mail server that takes each key once, and whose first answer gets lost. */
const sent = new Map<string, string>()
let answers = 0
const send = (text: string, idempotencyKey: string) =>
  Effect.suspend(() => {
    sent.set(idempotencyKey, text)
    return ++answers === 1 ? Effect.fail(new Error("no answer from the mail server")) : Effect.void
  })

const confirm = Subscriber.make({
  consumer: Consumer.make("shop.mail", { mode: "leased", concurrency: 4, retryBaseDelay: "100 millis" }),
  event: OrderPlaced,
  handler: Effect.fn("confirm")(function* ({ attempt, deliveryId, payload }) {
    yield* Publisher.publish(MailSent, payload)
    yield* send(`Order ${payload.orderId} is confirmed (attempt ${attempt})`, deliveryId)
  })
})

const Live = Subscriber.layer(confirm).pipe(
  Layer.provideMerge(Integration.layer()),
  Layer.provideMerge(PgLite.layerMemory),
  Layer.provideMerge(Logger.layer([]))
)

const program = Effect.gen(function* () {
  const processor = yield* Processor
  const event = yield* Publisher.publish(OrderPlaced, { orderId: "o-1" })
  const [delivery] = yield* processor.settled(event.id)
  console.log(`${delivery?.status} after ${delivery?.attemptCount}`)
  console.log([...sent.values()])
  const published = yield* OutboxStore.use((outbox) => outbox.findByName(MailSent.name, 0n, 10))
  console.log(published.map((row) => row.payload))
})

await Effect.runPromise(program.pipe(Effect.provide(Live)))

/* Output:
processed after 2
[ 'Order o-1 is confirmed (attempt 2)' ]
[ { orderId: 'o-1' } ]
*/

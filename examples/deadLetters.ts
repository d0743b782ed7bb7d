/** Dead letters: found, understood, put right for one consumer, or let go. */
import { Effect, Layer, Logger, Schema } from "effect"
import {
  Consumer,
  DeadLetters,
  DomainEvent,
  IntegrationMemory,
  Processor,
  Publisher,
  Subscriber
} from "../src/index.ts"

const InvoiceCreated = DomainEvent.define("invoice.created", {
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: (invoice) => invoice.invoiceId,
  payload: Schema.Struct({ invoiceId: Schema.String, country: Schema.String })
})

class UnknownCountry extends Error {
  override readonly name = "UnknownCountry"
}

const book = Subscriber.make({
  // Retrying does not make a country known: a dead letter at once.
  consumer: Consumer.make("tax.books", { retryable: { UnknownCountry: false } }),
  event: InvoiceCreated,
  handler: ({ payload }) =>
    payload.country.length === 2 ? Effect.void : Effect.fail(new UnknownCountry(`"${payload.country}" is no country`))
})

const program = Effect.gen(function* () {
  const letters = yield* DeadLetters
  const processor = yield* Processor
  for (const [invoiceId, country] of [
    ["1", "AT"],
    ["2", "Austria"],
    ["3", "?"]
  ] as const) {
    const event = yield* Publisher.publish(InvoiceCreated, { invoiceId, country })
    yield* processor.settled(event.id)
  }
  const { deadLetters } = yield* letters.list({ consumer: "tax.books", errorTag: "UnknownCountry" })
  for (const { deliveryId } of deadLetters.toReversed()) {
    const { attempts, lastError, payload } = yield* letters.inspect(deliveryId)
    console.log(`${lastError}, after ${attempts.length} attempt`)
    const { country, invoiceId } = payload as { readonly country: string; readonly invoiceId: string }
    yield* country === "Austria"
      ? letters.requeue(deliveryId, { payload: { invoiceId, country: "AT" } })
      : letters.discard(deliveryId, { reason: "a test invoice" })
  }
  yield* processor.drain
  console.log((yield* processor.stats).deliveries["tax.books"])
})

const Live = Subscriber.layer(book).pipe(Layer.provideMerge(IntegrationMemory), Layer.provideMerge(Logger.layer([])))

await Effect.runPromise(program.pipe(Effect.provide(Live)))

/* Output:
UnknownCountry: "Austria" is no country, after 1 attempt
UnknownCountry: "?" is no country, after 1 attempt
{
  received: 0,
  processing: 0,
  retrying: 0,
  parked: 0,
  processed: 2,
  skipped: 1,
  failed: 0,
  dead_letter: 0
}
*/

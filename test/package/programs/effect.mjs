/** An event is published and handled, on the store that the argument names: `memory`, `pglite`, or a PostgreSQL's address. */
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Redacted, Schema } from "effect"
import { DomainEvent, IntegrationLive, IntegrationMemory, Processor, Publisher, Subscriber } from "effect-integration"
import * as PgLite from "effect-integration/PgLite"

const store = process.argv[2]

const InvoiceCreated = DomainEvent.define("invoice.created", {
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: (invoice) => invoice.invoiceId,
  payload: Schema.Struct({ invoiceId: Schema.String, amount: Schema.Number })
})

const handled = []
const note = Subscriber.make({
  consumer: "programs.note",
  event: InvoiceCreated,
  handler: (event) => Effect.sync(() => handled.push(event.payload.amount))
})

const onDatabase = (database) => IntegrationLive.pipe(Layer.provideMerge(database))
const integrations = { memory: () => IntegrationMemory, pglite: () => onDatabase(PgLite.layerMemory) }
const integration = (integrations[store] ?? (() => onDatabase(PgClient.layer({ url: Redacted.make(store) }))))()

const program = Effect.gen(function* () {
  const event = yield* Publisher.publish(InvoiceCreated, { invoiceId: "inv-1", amount: 100 })
  const processor = yield* Processor
  const deliveries = yield* processor.settled(event.id, { timeout: "30 seconds" })
  console.log(...deliveries.map(({ status }) => status), ...handled)
})

await Effect.runPromise(program.pipe(Effect.provide(Subscriber.layer(note).pipe(Layer.provideMerge(integration)))))

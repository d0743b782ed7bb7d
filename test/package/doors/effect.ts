/** The door of Effect. */
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Redacted, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { DomainEvent, Integration, LinkStore, Processor, Publisher, Subscriber, Transactor } from "effect-integration"
import { behave, invoices, isFirst, refusal, settings, tables, url } from "./behaviour.mjs"

const InvoiceCreated = DomainEvent.define("invoice.created", {
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: (payload) => payload.invoice,
  payload: Schema.Struct({ invoice: Schema.String })
})

const createInvoice = Effect.fn("createInvoice")(function* (invoice: string) {
  const sql = yield* SqlClient.SqlClient
  yield* sql`INSERT INTO invoice ${sql.insert({ id: invoice })}`
  yield* Publisher.publish(InvoiceCreated, { invoice })
  if (invoice === "ghost") return yield* Effect.fail(refusal)
}, Transactor.withTransaction)

const createTask = Subscriber.make({
  consumer: "operations.tasks",
  event: InvoiceCreated,
  handler: Effect.fn("createTask")(function* ({ aggregate, attempt, payload: { invoice } }) {
    const sql = yield* SqlClient.SqlClient
    yield* sql`INSERT INTO task ${sql.insert({ invoice })}`
    yield* LinkStore.create({
      source: aggregate,
      target: { module: "operations", entityType: "Task", entityId: invoice },
      linkType: "cascade"
    })
    behave({ attempt, invoice })
  })
})

const Live = Subscriber.layer(createTask).pipe(
  Layer.provideMerge(Integration.layer({ settings })),
  Layer.provideMerge(
    Layer.effectDiscard(SqlClient.SqlClient.use((sql) => Effect.forEach(tables, (table) => sql.unsafe(table))))
  ),
  Layer.provideMerge(PgClient.layer({ url: Redacted.make(url) }))
)

await Effect.gen(function* () {
  if (isFirst) {
    yield* Effect.ignore(createInvoice("ghost"))
    for (const invoice of invoices) yield* createInvoice(invoice)
  }
  yield* Processor.use((processor) => processor.allSettled(["operations.tasks"]))
}).pipe(Effect.provide(Live), Effect.runPromise)

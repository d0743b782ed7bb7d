/**
 * Finance publishes an event, operations makes a task of it: everything in one file, on PGlite in memory.
 */
import { Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { DomainEvent, IntegrationLive, LinkStore, Processor, Publisher, Subscriber, Transactor } from "../src/index.ts"
import * as PgLite from "../src/pglite/PgLite.ts"

const InvoiceCreated = DomainEvent.define("invoice.created", {
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: (invoice) => invoice.invoiceId,
  payload: Schema.Struct({ invoiceId: Schema.String, amount: Schema.Number })
})

// finance: the event exists if and only if the invoice does
const createInvoice = Effect.fn("createInvoice")(function* (invoiceId: string, amount: number) {
  const sql = yield* SqlClient.SqlClient
  yield* sql`INSERT INTO invoice ${sql.insert({ id: invoiceId, amount })}`
  return yield* Publisher.publish(InvoiceCreated, { invoiceId, amount })
}, Transactor.withTransaction)

// operations: the task, the link and the delivery's mark commit together, once
const createTask = Subscriber.make({
  consumer: "operations.tasks",
  event: InvoiceCreated,
  handler: Effect.fn("createTask")(function* (event) {
    const sql = yield* SqlClient.SqlClient
    const taskId = `task-${event.payload.invoiceId}`
    yield* sql`INSERT INTO task ${sql.insert({ id: taskId, title: `Process ${event.payload.invoiceId}` })}`
    yield* LinkStore.create({
      source: event.aggregate,
      target: { module: "operations", entityType: "Task", entityId: taskId },
      linkType: "cascade"
    })
  })
})

const Tables = Layer.effectDiscard(
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* sql`CREATE TABLE IF NOT EXISTS invoice (id text PRIMARY KEY, amount float8 NOT NULL)`
    yield* sql`CREATE TABLE IF NOT EXISTS task (id text PRIMARY KEY, title text NOT NULL)`
  })
)

const Live = Subscriber.layer(createTask).pipe(
  Layer.provideMerge(IntegrationLive),
  Layer.provideMerge(Tables),
  Layer.provideMerge(PgLite.layerMemory) // on a disk: PgLite.layer({ dataDir: "./data" }), with a new id each time
)

const program = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const processor = yield* Processor
  const event = yield* createInvoice("inv-1", 100)
  for (const delivery of yield* processor.settled(event.id)) console.log(delivery.consumer, delivery.status)
  console.log(yield* sql`SELECT title FROM task`)
  for (const link of yield* LinkStore.findOutbound(event.aggregate)) console.log(link.linkType, link.target.entityId)
})

await Effect.runPromise(program.pipe(Effect.provide(Live)))

/* Output:
operations.tasks processed
[ { title: 'Process inv-1' } ]
cascade task-inv-1
*/

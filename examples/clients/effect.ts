/** The same in Effect: `publisherIn` in a transaction of Drizzle, and `transactionOf` in a handler. */
import { PgClient } from "@effect/sql-pg"
import { drizzle } from "drizzle-orm/node-postgres"
import { integer, pgTable, text } from "drizzle-orm/pg-core"
import { Effect, Layer, Redacted, Schema } from "effect"
import { Pool } from "pg"
import { drizzleClient } from "../../src/drizzle.ts"
import { DomainEvent, Integration, Processor, publisherIn, Subscriber, transactionOf } from "../../src/index.ts"

const invoice = pgTable("invoice", { id: text().primaryKey(), amount: integer().notNull() })
const task = pgTable("task", { id: text().primaryKey(), title: text().notNull() })

const url = process.env.DATABASE_URL ?? "postgres://localhost/shop"
const pool = new Pool({ connectionString: url })
const db = drizzle(pool)
const client = drizzleClient(db)

const InvoiceCreated = DomainEvent.define("invoice.created", {
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: (invoice) => invoice.invoiceId,
  payload: Schema.Struct({ invoiceId: Schema.String, amount: Schema.Int })
})

// The invoice and its event exist together, or not at all.
const createInvoice = Effect.fn("createInvoice")(function* (invoiceId: string, amount: number) {
  const run = Effect.runPromiseWith(yield* Effect.context<Integration.Services>())
  return yield* Effect.tryPromise(() =>
    db.transaction(async (tx) => {
      await tx.insert(invoice).values({ id: invoiceId, amount })
      return run(publisherIn(tx).publish(InvoiceCreated, { invoiceId, amount }))
    })
  )
})

// The task and the delivery's mark commit together, once.
const createTask = Subscriber.make({
  consumer: "operations.tasks",
  event: InvoiceCreated,
  handler: Effect.fn("createTask")(function* ({ payload }) {
    const tx = yield* transactionOf(client)
    const row = { id: `task-${payload.invoiceId}`, title: `Process ${payload.invoiceId}` }
    yield* Effect.tryPromise(() => tx.insert(task).values(row))
  })
})

const Live = Subscriber.layer(createTask).pipe(
  Layer.provideMerge(Integration.layer({ client })),
  Layer.provide(PgClient.layer({ url: Redacted.make(url) }))
)

const program = Effect.gen(function* () {
  const processor = yield* Processor
  const event = yield* createInvoice("inv-1", 100)
  for (const delivery of yield* processor.settled(event.id)) console.log(delivery.consumer, delivery.status)
  console.log(yield* Effect.promise(() => db.select().from(task)))
})

await pool.query("CREATE TABLE IF NOT EXISTS invoice (id text PRIMARY KEY, amount int NOT NULL)")
await pool.query("CREATE TABLE IF NOT EXISTS task (id text PRIMARY KEY, title text NOT NULL)")
await Effect.runPromise(Effect.provide(program, Live))
await pool.end()

/* Output:
operations.tasks processed
[ { id: 'task-inv-1', title: 'Process inv-1' } ]
*/

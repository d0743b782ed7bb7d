/** What this package asks of code, in one file: docs/llms.txt shows it. */
import { assert, it } from "@effect/vitest"
import { Context, Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import {
  Consumer,
  DomainEvent,
  IntegrationLive,
  IntegrationMemory,
  Processor,
  Publisher,
  Subscriber,
  Transactor
} from "../src/index.ts"
import * as PgLite from "../src/pglite/PgLite.ts"
import * as Testing from "../src/testing.ts"

const InvoiceCreated = DomainEvent.define("invoice.created", {
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: (invoice) => invoice.invoiceId,
  payload: Schema.Struct({ invoiceId: Schema.String, amount: Schema.Number })
})

// Rule 2: the row and the event commit together, because of withTransaction.
const createInvoice = Effect.fn("createInvoice")(function* (invoiceId: string, amount: number) {
  const sql = yield* SqlClient.SqlClient
  yield* sql`INSERT INTO invoice ${sql.insert({ id: invoiceId, amount })}`
  return yield* Publisher.publish(InvoiceCreated, { invoiceId, amount })
}, Transactor.withTransaction)

// Rule 3: this runs in the delivery's transaction, and its row commits with the delivery's mark.
const createTask = Subscriber.make({
  consumer: "operations.tasks",
  event: InvoiceCreated,
  handler: Effect.fn("createTask")(function* ({ payload }) {
    const sql = yield* SqlClient.SqlClient
    yield* sql`INSERT INTO task ${sql.insert({ title: `Process ${payload.invoiceId}` })}`
  })
})

// Rule 4: what leaves the database is leased, and has a key by which the other side knows a repeat.
class Mail extends Context.Service<
  Mail,
  { readonly send: (text: string, idempotencyKey: string) => Effect.Effect<void> }
>()("crm/Mail") {}

const sendReceipt = Subscriber.make({
  consumer: Consumer.make("crm.mail", { mode: "leased" }),
  event: InvoiceCreated,
  handler: Effect.fn("sendReceipt")(function* ({ deliveryId, payload }) {
    const mail = yield* Mail
    yield* mail.send(`Invoice ${payload.invoiceId}`, deliveryId)
  })
})

// Rule 5: without SQL, in memory, under it.effect and its TestClock.
it.effect("a receipt is sent", () => {
  const sent: Array<string> = []
  const mail = Layer.succeed(Mail, { send: (text) => Effect.sync(() => void sent.push(text)) })
  const test = Effect.gen(function* () {
    const [delivery] = yield* Testing.deliver(
      DomainEvent.publication(InvoiceCreated, { invoiceId: "inv-1", amount: 100 })
    )
    assert.strictEqual(delivery?.status, "processed")
    assert.deepStrictEqual(sent, ["Invoice inv-1"])
  })
  const app = Subscriber.layer(sendReceipt).pipe(Layer.provide(mail), Layer.provideMerge(IntegrationMemory))
  return test.pipe(Effect.provide(app))
})

const Tables = Layer.effectDiscard(
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* sql`CREATE TABLE invoice (id text PRIMARY KEY, amount float8 NOT NULL)`
    yield* sql`CREATE TABLE task (title text NOT NULL)`
  })
)

// Rule 5: with SQL, on PGlite, under it.live: a database does not follow TestClock.
it.live("an invoice becomes a task", () => {
  const test = Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const processor = yield* Processor
    const event = yield* createInvoice("inv-1", 100)
    yield* processor.settled(event.id)
    assert.deepStrictEqual(yield* sql`SELECT title FROM task`, [{ title: "Process inv-1" }])
  })
  const app = Subscriber.layer(createTask).pipe(
    Layer.provideMerge(IntegrationLive),
    Layer.provideMerge(Tables),
    Layer.provideMerge(PgLite.layerMemory)
  )
  return test.pipe(Effect.provide(app))
})

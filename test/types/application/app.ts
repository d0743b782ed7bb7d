/** What a library or a monorepo's package exports of what it makes: every type is inferred, none is written. */
import { Effect, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import {
  Actor,
  Consumer,
  DeadLetters,
  DomainEvent,
  InboxStore,
  IntegrationLive,
  IntegrationMemory,
  LinkStore,
  OutboxStore,
  Processor,
  Publisher,
  Registry,
  Settings,
  Subscriber,
  Transactor
} from "effect-integration"
import * as Decorators from "effect-integration/decorators"
import * as PgLite from "effect-integration/PgLite"
import * as Promises from "effect-integration/promise"
import * as Services from "effect-integration/services"
import * as Stores from "effect-integration/stores"
import * as Testing from "effect-integration/testing"

export const InvoiceCreated = DomainEvent.define("invoice.created", {
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: (invoice) => invoice.invoiceId,
  payload: Schema.Struct({ invoiceId: Schema.String, amount: Schema.Number })
})

export const createInvoice = Effect.fn("createInvoice")(function* (invoiceId: string, amount: number) {
  const sql = yield* SqlClient.SqlClient
  yield* sql`INSERT INTO invoice ${sql.insert({ id: invoiceId, amount })}`
  return yield* Publisher.publish(InvoiceCreated, { invoiceId, amount })
}, Transactor.withTransaction)

export const tasks = Consumer.make("operations.tasks", { ordering: "aggregate" })

export const createTask = Subscriber.make({
  consumer: tasks,
  event: InvoiceCreated,
  handler: Effect.fn("createTask")(function* (event) {
    const sql = yield* SqlClient.SqlClient
    yield* sql`INSERT INTO task ${sql.insert({ id: event.payload.invoiceId })}`
    return yield* LinkStore.create({
      source: event.aggregate,
      target: { module: "operations", entityType: "Task", entityId: event.payload.invoiceId },
      linkType: "cascade"
    })
  })
})

export const countAll = Subscriber.batch({
  consumer: "operations.count",
  event: "invoice.*",
  handler: (events) => Effect.succeed(events.map(Subscriber.processed))
})

export const balance = Actor.make({
  consumer: "crm.balance",
  state: Schema.Struct({ balance: Schema.Number }),
  initial: { balance: 0 },
  handlers: (on) => [
    on(InvoiceCreated, (state, { payload }) => Effect.succeed({ balance: state.balance + payload.amount }))
  ]
})

export const Live = Subscriber.layer(createTask, ...balance.subscribers).pipe(
  Layer.provideMerge(IntegrationLive),
  Layer.provideMerge(PgLite.layerMemory)
)

export const Test = Subscriber.layer(countAll).pipe(Layer.provideMerge(IntegrationMemory))

export const operations = Effect.gen(function* () {
  const processor = yield* Processor
  const letters = yield* DeadLetters
  return {
    stats: yield* processor.stats,
    settled: yield* processor.settled("id"),
    retired: yield* processor.retire("operations.count"),
    consumers: yield* processor.consumers,
    unserved: yield* processor.unserved,
    replicas: yield* processor.replicas,
    deadLetters: yield* letters.list(),
    inspected: yield* letters.inspect("id"),
    requeued: yield* letters.requeue("id"),
    links: yield* LinkStore.findOutbound({ module: "finance", entityType: "Invoice", entityId: "1" }),
    state: yield* balance.state("1"),
    settings: yield* (yield* Settings).current,
    registered: yield* (yield* Registry).consumers
  }
})

export const stores = Effect.gen(function* () {
  const outbox = yield* OutboxStore
  const inbox = yield* InboxStore
  const request = { consumer: "operations.count", interest: { names: [], patterns: ["*"] }, limit: 1 }
  return {
    event: yield* outbox.findById("id"),
    claimed: yield* inbox.claim(request),
    attempts: yield* inbox.attempts({ deliveryId: "id", eventId: "id", consumer: "operations.count" }),
    poll: inbox.poll,
    settle: inbox.settle,
    append: outbox.append,
    checked: yield* Stores.checkLink({
      source: { module: "a", entityType: "A", entityId: "1" },
      target: { module: "b", entityType: "B", entityId: "1" },
      linkType: "reference"
    })
  }
})

export const observed = Effect.gen(function* () {
  return {
    published: yield* Testing.published(InvoiceCreated),
    deliveries: yield* Testing.deliveries("operations.tasks"),
    delivered: yield* Testing.deliver(DomainEvent.publication(InvoiceCreated, { invoiceId: "1", amount: 1 })),
    faulty: Testing.withFaults(createTask, { fail: 1 }),
    checks: Testing.Conformance.inboxStore
  }
})

export const integration = Promises.createIntegration({
  layer: IntegrationMemory,
  subscribers: [Promises.subscriber({ consumer: "mail", event: InvoiceCreated, handler: async () => undefined })]
})

export const publishUntyped = Publisher.publishEvent

export const decorate = Decorators.Subscribe(InvoiceCreated)

export class Handlers {
  handle(event: Subscriber.EventOf<typeof InvoiceCreated>) {
    return Effect.as(SqlClient.SqlClient, event.payload.amount)
  }
}

export const fromHandlers = Subscriber.fromClass(Handlers)

export const refuse = Effect.fn("refuse")(function* (amount: number) {
  if (amount < 0) return yield* Subscriber.fatal("negative")
  return yield* Subscriber.skip("not ours")
})

export const services = Services.createServices({ memory: true })

export const publishByPosition = () => services.publisher.publishEvent("x.y", "finance", "Invoice", "1", { amount: 1 })

export const findTask = (id: string) => services.links.findInbound("operations", "Task", id)

/**
 * What the compiler infers and refuses: checked by `npm run typecheck`. An `@ts-expect-error` that is not needed is an
 * error itself.
 */
import type { PgClient } from "@effect/sql-pg"
import { Context, Effect, type Layer, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import { z } from "zod"
import {
  Actor,
  DomainEvent,
  type Errors,
  type Integration,
  type IntegrationLive,
  type IntegrationMemory,
  type LinkStore,
  type Processor,
  Publisher,
  Subscriber,
  Transactor
} from "../../src/index.ts"
import { subscriber } from "../../src/promise/PromiseApi.ts"
import { Consumer as DecoratedConsumer, Subscribe } from "../../src/subscribing/Decorators.ts"
import * as Testing from "../../src/testing.ts"

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const same = <A, B>(_: Equal<A, B>) => {}

const InvoiceCreated = DomainEvent.define("invoice.created", {
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: (invoice) => {
    same<typeof invoice, { readonly invoiceId: string; readonly amount: number }>(true)
    return invoice.invoiceId
  },
  payload: Schema.Struct({ invoiceId: Schema.String, amount: Schema.Number })
})

const InvoicePaid = DomainEvent.define("invoice.paid", {
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: (invoice) => {
    same<typeof invoice, { invoiceId: string; paidAt: Date }>(true)
    return invoice.invoiceId
  },
  payload: z.object({ invoiceId: z.string(), paidAt: z.coerce.date() })
})

Subscriber.make({
  consumer: "crm",
  event: InvoicePaid,
  handler: (event) => {
    same<typeof event.payload, { invoiceId: string; paidAt: Date }>(true)
    return Effect.void
  }
})

// @ts-expect-error: not the schema's output
Publisher.publish(InvoicePaid, { invoiceId: "1", paidAt: "2026-01-01" })

const InvoiceV1 = Schema.Struct({ invoiceId: Schema.String, amount: Schema.Number })
const InvoiceV2 = Schema.Struct({ ...InvoiceV1.fields, currency: Schema.Literals(["EUR", "USD"]) })

/** Each step of a payload's versions starts at the one before; handlers get the latest. */
const InvoiceVersions = DomainEvent.versions(InvoiceV1)
  .next(InvoiceV2)
  .from((one) => ({ ...one, currency: "EUR" }), { down: ({ amount, invoiceId }) => ({ invoiceId, amount }) })

DomainEvent.versions(InvoiceV1)
  .next(InvoiceV2)
  // @ts-expect-error a field is missing
  .from(({ invoiceId }) => ({ invoiceId, amount: 1 }))

DomainEvent.versions(InvoiceV1)
  .next(InvoiceV2)
  // @ts-expect-error version 1 has no such field
  .from((one) => ({ ...one, currency: one.money }))

const InvoiceVersioned = DomainEvent.define("invoice.versioned", {
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: ({ currency, invoiceId }) => `${invoiceId}${currency}`,
  payload: InvoiceVersions
})

same<DomainEvent.Of<typeof InvoiceVersioned>["payload"], typeof InvoiceV2.Type>(true)

const InvoiceCancelled = DomainEvent.define("invoice.cancelled", {
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: (invoice) => invoice.invoiceId,
  payload: Schema.Struct({ invoiceId: Schema.String, reason: Schema.String })
})

class Tasks extends Context.Service<Tasks, { readonly create: (title: string) => Effect.Effect<string> }>()("Tasks") {}
class Mail extends Context.Service<Mail, { readonly send: Effect.Effect<void> }>()("Mail") {}

// One definition: the payload is known, also through Effect.fn, and the handler's requirements are the subscriber's.
const createTask = Subscriber.make({
  consumer: "operations.tasks",
  event: InvoiceCreated,
  handler: Effect.fn("createTask")(function* (event) {
    same<typeof event.payload, { readonly invoiceId: string; readonly amount: number }>(true)
    same<typeof event.name, "invoice.created">(true)
    yield* (yield* Tasks).create(event.payload.invoiceId)
  })
})
same<typeof createTask, Subscriber.Subscriber<Tasks>>(true)

// Several definitions: a union, told apart by name.
const several = Subscriber.make({
  consumer: "several",
  event: [InvoiceCreated, InvoiceCancelled],
  handler: (event) => {
    if (event.name === "invoice.cancelled") same<typeof event.payload.reason, string>(true)
    else same<typeof event.payload.amount, number>(true)
    return Mail.use((mail) => mail.send)
  }
})
same<typeof several, Subscriber.Subscriber<Mail>>(true)

// A pattern: the payload is what was stored.
Subscriber.make({
  consumer: "pattern",
  event: "invoice.*",
  handler: (event) => {
    same<typeof event.payload, unknown>(true)
    return Effect.void
  }
})

// A layer needs what all its handlers need, and the processor.
const subscriptions = Subscriber.layer(createTask, several)
same<Layer.Services<typeof subscriptions>, Processor | Tasks | Mail>(true)

// Property 'total' does not exist on type '{ readonly invoiceId: string; readonly amount: number; }'
Subscriber.make({
  consumer: "wrong",
  event: InvoiceCreated,
  // @ts-expect-error: the payload has no such field
  handler: (event) => Effect.log(event.payload.total)
})

Subscriber.make({
  consumer: "wrong",
  event: InvoiceCreated,
  // @ts-expect-error: Type 'Promise<void>' is not assignable to type 'Effect<unknown, ...>'
  handler: async () => {}
})

Subscriber.make({
  consumer: "wrong",
  event: InvoiceCreated,
  // @ts-expect-error: the handler of another event; property 'reason' is missing
  handler: (event: DomainEvent.Of<typeof InvoiceCancelled>) => Effect.log(event.payload.reason)
})

// @ts-expect-error: an event is a definition, several, or a pattern
Subscriber.make({ consumer: "wrong", event: 42, handler: () => Effect.void })

// Publishing: the payload is checked against the definition, and comes back.
const published = Publisher.publish(InvoiceCreated, { invoiceId: "1", amount: 2 })
same<
  Effect.Success<typeof published>,
  DomainEvent.Stored<"invoice.created", { readonly invoiceId: string; readonly amount: number }>
>(true)
same<Effect.Services<typeof published>, Publisher>(true)

// @ts-expect-error: Type 'string' is not assignable to type 'number'
Publisher.publish(InvoiceCreated, { invoiceId: "1", amount: "2" })

// @ts-expect-error: Property 'amount' is missing
DomainEvent.publication(InvoiceCreated, { invoiceId: "1" })

Publisher.publish(InvoiceCreated, { invoiceId: "1", amount: 2 }, { delay: "1 second", dedupeKey: "once" })

// @ts-expect-error: 'priority' does not exist in type 'PublishOptions'
Publisher.publish(InvoiceCreated, { invoiceId: "1", amount: 2 }, { priority: 1 })

const both = Publisher.publishAll([
  DomainEvent.publication(InvoiceCreated, { invoiceId: "1", amount: 2 }),
  DomainEvent.publication(InvoiceCancelled, { invoiceId: "1", reason: "twice" })
])
same<Effect.Success<typeof both>[0]["name"], "invoice.created">(true)
same<Effect.Success<typeof both>[1]["payload"]["reason"], string>(true)

// A transaction adds its own error, and keeps those of what runs in it.
const inTransaction = Transactor.withTransaction(Effect.fail("mine" as const))
same<Effect.Error<typeof inTransaction>, "mine" | Errors.StoreError>(true)
same<Effect.Services<typeof inTransaction>, Transactor>(true)

same<Layer.Services<typeof IntegrationLive>, PgClient.PgClient | SqlClient.SqlClient>(true)
same<Extract<Integration.Services, LinkStore>, LinkStore>(true)

// A batch: the events are known, and every outcome is one of three.
const batched = Subscriber.batch({
  consumer: "batched",
  event: InvoiceCreated,
  handler: (events) => {
    same<(typeof events)[number]["payload"]["amount"], number>(true)
    return Mail.use((mail) => Effect.as(mail.send, events.map(Subscriber.processed)))
  }
})
same<typeof batched, Subscriber.Subscriber<Mail>>(true)

Subscriber.batch({
  consumer: "wrong",
  event: InvoiceCreated,
  // @ts-expect-error: a batch handler returns outcomes
  handler: () => Effect.void
})

// An actor: state and events are known to its handlers, which may need services.
const Balance = Actor.make({
  consumer: "balance",
  state: Schema.Struct({ sum: Schema.Number }),
  initial: { sum: 0 },
  handlers: (on) => [
    on(InvoiceCreated, (state, event) => {
      same<typeof state, { readonly sum: number }>(true)
      same<typeof event.payload.amount, number>(true)
      return Mail.use((mail) => Effect.as(mail.send, { sum: state.sum + event.payload.amount }))
    }),
    on([InvoiceCreated, InvoiceCancelled], (state) => Effect.succeed(Actor.reply(state)))
  ]
})
same<Effect.Success<ReturnType<typeof Balance.state>>, { readonly sum: number }>(true)
same<Extract<Layer.Services<ReturnType<typeof layerOfBalance>>, Mail>, Mail>(true)
const layerOfBalance = () => Subscriber.layer(...Balance.subscribers)

Actor.make({
  consumer: "wrong",
  state: Schema.Struct({ sum: Schema.Number }),
  // @ts-expect-error: Property 'sum' is missing
  initial: {},
  handlers: () => []
})

Actor.make({
  consumer: "wrong",
  state: Schema.Struct({ sum: Schema.Number }),
  initial: { sum: 0 },
  // @ts-expect-error: Type 'string' is not assignable to type 'number'
  handlers: (on) => [on(InvoiceCreated, () => Effect.succeed({ sum: "1" }))]
})

// Decorated methods: the parameter is checked against the definition.
@DecoratedConsumer("decorated")
class Decorated {
  @Subscribe(InvoiceCreated)
  right(event: DomainEvent.Of<typeof InvoiceCreated>) {
    return Mail.use((mail) => Effect.as(mail.send, event.payload.amount))
  }

  // @ts-expect-error: the event of another definition; property 'reason' is missing
  @Subscribe(InvoiceCreated)
  wrong(event: DomainEvent.Of<typeof InvoiceCancelled>) {
    return Effect.log(event.payload.reason)
  }

  // @ts-expect-error: a handler returns an Effect, a promise, or nothing
  @Subscribe(InvoiceCreated)
  neither() {
    return 42
  }
}
const fromDecorated = Subscriber.fromClass(Decorated)
same<Extract<Layer.Services<ReturnType<typeof layerOfDecorated>>, Mail>, Mail>(true)
const layerOfDecorated = () => Subscriber.layer(...fromDecorated)

// Promises: the payload follows from the definition.
subscriber({
  consumer: "promises",
  mode: "transactional",
  event: InvoiceCreated,
  handler: async (event, context) => {
    same<typeof event.payload.amount, number>(true)
    const [row] = await context.sql<{ readonly n: number }>`SELECT 1 AS n`
    same<typeof row, { readonly n: number } | undefined>(true)
  }
})

// @ts-expect-error: "rented" is no mode
subscriber({ consumer: "promises", mode: "rented", event: InvoiceCreated, handler: async () => {} })

// In memory nothing is needed.
same<Layer.Services<typeof IntegrationMemory>, never>(true)

// What was published is typed.
const asked = Testing.published(InvoiceCancelled)
same<Effect.Success<typeof asked>[number]["payload"]["reason"], string>(true)

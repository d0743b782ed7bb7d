/**
 * What the compiler infers and refuses: checked by `npm run typecheck`. An `@ts-expect-error` that is not needed is an
 * error itself.
 */

import type { PgClient } from "@effect/sql-pg"
import { Context, Effect, type Layer, Schema } from "effect"
import type { SqlClient } from "effect/sql"
import {
  DomainEvent,
  type Errors,
  type Integration,
  type IntegrationLive,
  type LinkStore,
  type Processor,
  Publisher,
  Subscriber,
  Transactor
} from "../../src/index.ts"

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

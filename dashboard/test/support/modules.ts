/** Three modules that react to each other, with what goes wrong in each under the control of a test. */
import { Data, Effect, Schema } from "effect"
import { Consumer, DomainEvent, LinkStore, Publisher, Subscriber } from "../../../src/index.ts"

const invoice = {
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: ({ invoiceId }: { readonly invoiceId: string }) => invoiceId
}

export const InvoiceCreated = DomainEvent.define("finance.invoice-created", {
  ...invoice,
  payload: Schema.Struct({ invoiceId: Schema.String, customer: Schema.String, amount: Schema.Number })
})

export const TaskCreated = DomainEvent.define("operations.task-created", {
  sourceModule: "operations",
  aggregateType: "Task",
  aggregateId: ({ taskId }) => taskId,
  payload: Schema.Struct({ taskId: Schema.String, customer: Schema.String, amount: Schema.Number })
})

export const AccountCharged = DomainEvent.define("crm.account-charged", {
  sourceModule: "crm",
  aggregateType: "Account",
  aggregateId: ({ customer }) => customer,
  payload: Schema.Struct({ customer: Schema.String, amount: Schema.Number })
})

class ProviderUnavailable extends Data.TaggedError("ProviderUnavailable")<{ readonly invoiceId: string }> {
  override get message() {
    return `the payment provider did not answer for invoice ${this.invoiceId}`
  }
}

class AmountNotAllowed extends Data.TaggedError("AmountNotAllowed")<{ readonly amount: number }> {
  override get message() {
    return `an amount of ${this.amount} cannot be charged`
  }
}

/** What a test can break and mend, and what came of it. */
export interface Switches {
  isProviderDown: boolean
  /** Customers that were written to. */
  readonly letters: Array<string>
}

/** Consumers of all three modules: payments fails while the provider is down, tasks whose amount is negative are given up. */
export const subscribersOf = (switches: Switches) => [
  Subscriber.make({
    consumer: "finance.payments",
    event: InvoiceCreated,
    handler: ({ payload: { invoiceId } }) =>
      switches.isProviderDown ? Effect.fail(new ProviderUnavailable({ invoiceId })) : Effect.void
  }),
  Subscriber.make({
    consumer: "operations.tasks",
    event: InvoiceCreated,
    handler: Effect.fn("createTask")(function* ({ aggregate, payload: { amount, customer, invoiceId } }) {
      const taskId = `T-${invoiceId}`
      yield* LinkStore.create({
        source: aggregate,
        target: { module: "operations", entityType: "Task", entityId: taskId },
        linkType: "cascade"
      })
      yield* Publisher.publish(TaskCreated, { taskId, customer, amount })
    })
  }),
  Subscriber.make({
    consumer: Consumer.make("crm.accounts", { ordering: "aggregate" }),
    event: TaskCreated,
    handler: Effect.fn("charge")(function* ({ payload: { amount, customer } }) {
      if (amount < 0) return yield* new AmountNotAllowed({ amount })
      yield* Publisher.publish(AccountCharged, { customer, amount })
    })
  }),
  Subscriber.make({
    consumer: "crm.letters",
    event: AccountCharged,
    handler: ({ payload: { customer } }) => Effect.sync(() => switches.letters.push(customer))
  })
]

/** Creates invoices `INV-1` to `INV-count`. */
export const createInvoices = (count: number, { amount = 100, from = 1 } = {}) =>
  Effect.forEach(
    Array.from({ length: count }, (_, index) => index + from),
    (number) =>
      Publisher.publish(InvoiceCreated, { invoiceId: `INV-${number}`, customer: `customer-${number % 7}`, amount })
  )

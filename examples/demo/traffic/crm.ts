/** CRM's consumers: accounts that are charged, letters, a slow report, and the newsletter, which somebody has paused. */
import { Data, Effect } from "effect"
import { Consumer, Publisher, Subscriber } from "../../../src/index.ts"
import { CustomerCharged } from "../../finance/events.ts"
import { AddressChanged, InvoiceIssued, TaskCreated } from "./events.ts"

const charge = Subscriber.make({
  consumer: "crm.accounts",
  event: TaskCreated,
  handler: ({ payload: { amount, customer } }) => Publisher.publish(CustomerCharged, { customer, amount })
})

class NoBillingAddress extends Data.TaggedError("NoBillingAddress")<{
  readonly customer: string
  readonly invoiceId: string
}> {
  override get message() {
    return `customer ${this.customer} has no billing address: no letter for invoice ${this.invoiceId}`
  }
}

/** Version 1 has no addresses: those letters are of the shop. Of version 2, some lack theirs. */
const sendLetter = Subscriber.make({
  consumer: Consumer.make("crm.letters", { retryable: { NoBillingAddress: false } }),
  event: InvoiceIssued,
  handler: Effect.fn("sendLetter")(function* ({ payload: { billingAddress, customer, invoiceId }, schemaVersion }) {
    if (schemaVersion === 1) return yield* Subscriber.skip("the shop has handed it over")
    if (billingAddress === undefined) return yield* new NoBillingAddress({ customer, invoiceId })
  })
})

/** Slower than the traffic when there is much of it: its lag comes and goes. */
const report = Subscriber.make({
  consumer: Consumer.make("crm.reports", { mode: "leased" }),
  event: "invoice.*",
  handler: () => Effect.sleep("300 millis")
})

export const newsletter = "crm.newsletter"

const sendNewsletter = Subscriber.make({
  consumer: newsletter,
  event: AddressChanged,
  handler: () => Effect.void
})

export const subscribers = [charge, sendLetter, report, sendNewsletter] as const

/** What finance tells the other modules: all they know of it. */
import { Schema } from "effect"
import { DomainEvent } from "../../src/index.ts"

const about = {
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: (invoice: { readonly invoiceId: string }) => invoice.invoiceId
}

export const InvoiceCreated = DomainEvent.define("invoice.created", {
  ...about,
  payload: Schema.Struct({ invoiceId: Schema.String, customer: Schema.String, amount: Schema.Number })
})

export const InvoiceCancelled = DomainEvent.define("invoice.cancelled", {
  ...about,
  payload: Schema.Struct({ invoiceId: Schema.String, reason: Schema.String })
})

const ofCustomer = {
  sourceModule: "finance",
  aggregateType: "Customer",
  aggregateId: (change: { readonly customer: string }) => change.customer
}

export const CustomerCharged = DomainEvent.define("customer.charged", {
  ...ofCustomer,
  payload: Schema.Struct({ customer: Schema.String, amount: Schema.Number })
})

export const CustomerRefunded = DomainEvent.define("customer.refunded", {
  ...ofCustomer,
  payload: Schema.Struct({ customer: Schema.String, amount: Schema.Number })
})

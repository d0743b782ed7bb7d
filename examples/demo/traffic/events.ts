/** What the three modules tell each other while there is traffic. */
import { Schema } from "effect"
import { DomainEvent } from "../../../src/index.ts"

const Issued1 = Schema.Struct({ invoiceId: Schema.String, customer: Schema.String, amount: Schema.Finite })

const Issued2 = Schema.Struct({
  invoiceId: Schema.String,
  customer: Schema.String,
  cents: Schema.Int,
  currency: Schema.Literals(["EUR", "USD"]),
  billingAddress: Schema.optionalKey(Schema.String)
})

const ofInvoice = {
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: (invoice: { readonly invoiceId: string }) => invoice.invoiceId,
  owner: "team finance"
}

/** Version 2, which has the amount in cents, and the address. */
export const InvoiceIssued = DomainEvent.define("invoice.issued", {
  ...ofInvoice,
  payload: DomainEvent.versions(Issued1)
    .next(Issued2)
    .from(({ amount, ...invoice }) => ({ ...invoice, cents: Math.round(amount * 100), currency: "EUR" }))
})

/** As the point of sale knows it, which was not deployed since: it publishes version 1. */
export const InvoiceIssuedInShop = DomainEvent.define("invoice.issued", { ...ofInvoice, payload: Issued1 })

export const PaymentCaptured = DomainEvent.define("payment.captured", {
  sourceModule: "finance",
  aggregateType: "Payment",
  aggregateId: (payment) => payment.paymentId,
  payload: Schema.Struct({ paymentId: Schema.String, customer: Schema.String, amount: Schema.Finite }),
  owner: "team finance"
})

export const ReminderSent = DomainEvent.define("reminder.sent", {
  sourceModule: "finance",
  aggregateType: "Customer",
  aggregateId: (reminder) => reminder.customer,
  payload: Schema.Struct({ customer: Schema.String, balance: Schema.Finite })
})

export const TaskCreated = DomainEvent.define("task.created", {
  sourceModule: "operations",
  aggregateType: "Task",
  aggregateId: (task) => task.taskId,
  payload: Schema.Struct({
    taskId: Schema.String,
    invoiceId: Schema.String,
    customer: Schema.String,
    amount: Schema.Finite
  })
})

export const ShipmentDispatched = DomainEvent.define("shipment.dispatched", {
  sourceModule: "operations",
  aggregateType: "Shipment",
  aggregateId: (shipment) => shipment.shipmentId,
  payload: Schema.Struct({ shipmentId: Schema.String, taskId: Schema.String, weightGrams: Schema.Int })
})

export const StockMoved = DomainEvent.define("stock.moved", {
  sourceModule: "operations",
  aggregateType: "Article",
  aggregateId: (move) => move.article,
  payload: Schema.Struct({ article: Schema.String, by: Schema.Int, shelf: Schema.optionalKey(Schema.String) })
})

export const AddressChanged = DomainEvent.define("customer.address_changed", {
  sourceModule: "crm",
  aggregateType: "Customer",
  aggregateId: (change) => change.customer,
  payload: Schema.Struct({ customer: Schema.String, city: Schema.String })
})

/** Nobody consumes it: the module that wanted to is not written yet. */
export const CatalogViewed = DomainEvent.define("catalog.viewed", {
  sourceModule: "crm",
  aggregateType: "Customer",
  aggregateId: (view) => view.customer,
  payload: Schema.Struct({ customer: Schema.String, article: Schema.String })
})

/** All of them: of the two that are one contract, the one that has both versions. */
export const definitions: ReadonlyArray<DomainEvent.Definition.Any> = [
  ...[InvoiceIssued, PaymentCaptured, ReminderSent],
  ...[TaskCreated, ShipmentDispatched, StockMoved],
  ...[AddressChanged, CatalogViewed]
]

import { Schema } from "effect"
import { DomainEvent } from "effect-integration"

/** What modules share: they know nothing else of each other. */
export const InvoiceCreated = DomainEvent.define("invoice.created", {
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: ({ invoiceId }) => invoiceId,
  payload: Schema.Struct({ invoiceId: Schema.String, amount: Schema.Number })
})

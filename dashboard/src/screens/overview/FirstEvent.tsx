/** What is shown before the first event: how one is published. */

import { Empty } from "../../parts/Answers.tsx"
import { CopyButton } from "../../parts/Copy.tsx"

const example = `import { Schema } from "effect"
import { DomainEvent, Publisher } from "effect-integration"

const InvoiceCreated = DomainEvent.define("invoice.created", {
  sourceModule: "finance",
  aggregateType: "Invoice",
  aggregateId: ({ invoiceId }) => invoiceId,
  payload: Schema.Struct({ invoiceId: Schema.String, amount: Schema.Number })
})
Publisher.publish(InvoiceCreated, { invoiceId: "42", amount: 100 })`

export const FirstEvent = () => (
  <div className="mb-4 rounded-md border border-line bg-panel">
    <Empty title="No events yet">
      <p>As soon as one is published, this page shows it. This is how:</p>
    </Empty>
    <div className="relative mx-auto mb-8 max-w-3xl px-4">
      <pre className="overflow-x-auto rounded-md border border-line bg-surface p-3 pr-12">{example}</pre>
      <div className="absolute top-1 right-5">
        <CopyButton text={example} label="Copy the example" />
      </div>
    </div>
  </div>
)

/** The payload as it was published, and as a consumer gets it for whom it was edited. */
import { useState } from "react"
import type { EventDelivery, EventDetails } from "../../api/wire.ts"
import { Button } from "../../parts/Button.tsx"
import { Json } from "../../parts/Json.tsx"
import { JsonDiff } from "../../parts/JsonDiff.tsx"

const Edited = ({ delivery, event }: { readonly event: EventDetails; readonly delivery: EventDelivery }) => {
  const [isWhole, setWhole] = useState(false)
  const { consumer, payloadOverride } = delivery
  const before = event.payload
  return (
    <section className="grid gap-1">
      <header className="flex items-center justify-between gap-2">
        <h3>As {consumer} gets it</h3>
        {before === null || payloadOverride === null ? null : (
          <Button look="quiet" aria-pressed={isWhole} onClick={() => setWhole(!isWhole)}>
            {isWhole ? "Show what differs" : "Show all of it"}
          </Button>
        )}
      </header>
      <p className="text-muted">It was edited when the delivery was requeued. Only {consumer} sees this.</p>
      {before === null || payloadOverride === null || isWhole ? (
        <Json label={`Payload for ${consumer}`} text={payloadOverride} visibility={event.visibility} />
      ) : (
        <JsonDiff label={`What differs for ${consumer}`} before={before} after={payloadOverride} />
      )}
    </section>
  )
}

export const Payload = ({ event }: { readonly event: EventDetails }) => {
  const edited = event.deliveries.filter(({ isEdited }) => isEdited)
  return (
    <div className="grid gap-5">
      <section className="grid gap-1">
        <h3>
          As published <span className="font-normal text-muted">in version {event.schemaVersion}</span>
        </h3>
        <Json label="Payload" text={event.payload} visibility={event.visibility} oversizeBytes={event.oversizeBytes} />
      </section>
      {edited.map((delivery) => (
        <Edited key={delivery.deliveryId} event={event} delivery={delivery} />
      ))}
    </div>
  )
}

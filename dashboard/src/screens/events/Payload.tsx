/** The payload as it was published, and as each consumer gets it. */
import type { EventDelivery, EventDetails } from "../../api/wire.ts"
import { Choose } from "../../parts/Field.tsx"
import { Json } from "../../parts/Json.tsx"
import { useParam } from "../../parts/params.ts"
import { Received } from "./Received.tsx"

/** What a consumer gets otherwise than as it was published, as far as is known before somebody asks. */
const differenceOf = (event: EventDetails, { isEdited, receivedVersion }: EventDelivery): string | undefined => {
  const version = receivedVersion === null || receivedVersion === event.schemaVersion ? undefined : receivedVersion
  if (version !== undefined) return isEdited ? `edited, in version ${version}` : `in version ${version}`
  return isEdited ? "edited" : undefined
}

export const Payload = ({ event }: { readonly event: EventDetails }) => {
  const [given, choose] = useParam("as")
  const told = event.deliveries.map((delivery) => ({ ...delivery, difference: differenceOf(event, delivery) }))
  // Those who get it otherwise come first.
  const consumers = told.toSorted((a, b) => Number(b.difference !== undefined) - Number(a.difference !== undefined))
  const others = consumers.filter(({ difference }) => difference !== undefined)
  const chosen = consumers.find(({ consumer }) => consumer === given)
  return (
    <div className="grid min-w-0 gap-3">
      {consumers.length === 0 ? null : (
        <Choose
          label="Shown"
          value={chosen?.consumer ?? ""}
          onChange={(consumer) => choose(consumer === "" ? undefined : consumer)}
          choices={[
            { value: "", label: `As published, in version ${event.schemaVersion}` },
            ...consumers.map(({ consumer, difference }) => ({
              value: consumer,
              label: `As ${consumer} gets it${difference === undefined ? "" : ` (${difference})`}`
            }))
          ]}
        />
      )}
      {chosen === undefined ? (
        <section className="grid min-w-0 gap-1">
          <h3>
            As published <span className="font-normal text-muted">in version {event.schemaVersion}</span>
          </h3>
          <Json
            label="Payload"
            text={event.payload}
            visibility={event.visibility}
            oversizeBytes={event.oversizeBytes}
          />
        </section>
      ) : (
        <Received key={chosen.consumer} eventId={event.id} consumer={chosen.consumer} />
      )}
      {chosen !== undefined || others.length === 0 ? null : (
        <section aria-label="Who gets it otherwise" className="grid gap-1">
          <h3>Who gets it otherwise</h3>
          <ul>
            {others.map(({ consumer, difference }) => (
              <li key={consumer} className="break-words">
                <button
                  type="button"
                  className="min-h-8 text-left text-accent hover:underline"
                  onClick={() => choose(consumer)}
                >
                  {consumer}
                </button>{" "}
                <span className="text-muted">{difference}</span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  )
}

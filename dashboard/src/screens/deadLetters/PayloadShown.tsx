/** The payload that the handler gets, and what is different from the one of the event where somebody edited it. */
import type { DeadLetterDetails } from "../../api/wire.ts"
import { Json } from "../../parts/Json.tsx"
import { JsonDiff } from "../../parts/JsonDiff.tsx"
import { Panel } from "../../parts/Panel.tsx"

export const PayloadShown = ({ isGone, letter }: { readonly letter: DeadLetterDetails; readonly isGone: boolean }) => {
  const { consumer, isEdited, originalPayload, payload, visibility } = letter
  return (
    <Panel title={isGone ? "The payload it gave up with" : "Payload"}>
      {payload === null && visibility !== "none" ? (
        <p className="py-1 text-muted">It is too large to be shown here.</p>
      ) : (
        <Json label="Payload" text={payload} visibility={visibility} />
      )}
      {isEdited && payload !== null && originalPayload !== null ? (
        <section className="mt-3 grid gap-1">
          <h3>What was edited</h3>
          <p className="text-muted">Only {consumer} gets it so; other consumers get it as it was published.</p>
          <JsonDiff
            label="What differs from the payload as it was published"
            before={originalPayload}
            after={payload}
          />
        </section>
      ) : null}
    </Panel>
  )
}

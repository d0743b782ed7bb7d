/** The payload as a consumer gets it: edited, brought to another version, or not to be read. */
import { useState } from "react"
import { useAsk } from "../../api/asking.ts"
import type { ReceivedPayload } from "../../api/wire.ts"
import { Answered } from "../../parts/Answers.tsx"
import { Button } from "../../parts/Button.tsx"
import { Json } from "../../parts/Json.tsx"
import { JsonDiff } from "../../parts/JsonDiff.tsx"

/** Asked again so often, in milliseconds: a process of another release may answer next. */
const every = 10_000

const edited = "It was edited when the delivery was requeued."

/** What was made of what was published, and why. */
const whyOf = ({ consumer, isEdited, receivedVersion, schemaVersion, state }: ReceivedPayload): string => {
  const before = isEdited ? `${edited} ` : ""
  if (state === "upcast") {
    return `${before}It is stored in version ${schemaVersion}, and brought to version ${receivedVersion} when ${consumer} handles it.`
  }
  if (state === "edited") return `${edited} Only ${consumer} sees this.`
  if (state === "published") return "As it was published."
  return state === "elsewhere" ? `${before}It is not known here what becomes of it.` : `${before}It cannot be read.`
}

const Problems = ({ problems, reason }: Pick<ReceivedPayload, "problems" | "reason">) =>
  problems.length === 0 ? (
    reason === null ? null : (
      <p className="break-words whitespace-pre-wrap">{reason}</p>
    )
  ) : (
    <ul aria-label="What does not fit" className="grid gap-1">
      {problems.map(({ message, path }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: problems have nothing else, and all change together.
        <li key={index} className="break-words">
          <code>{path === "" ? "all of it" : path}</code>: {message}
        </li>
      ))}
    </ul>
  )

const Document = ({ received }: { readonly received: ReceivedPayload }) => {
  const [isWhole, setWhole] = useState(false)
  const { consumer, originalPayload: before, payload: after, reason, visibility } = received
  if (after === null && reason !== null) return null
  if (before === null || after === null || before === after || isWhole) {
    return (
      <div className="grid gap-1">
        {isWhole ? <Toggle isWhole onToggle={() => setWhole(false)} /> : null}
        <Json label={`Payload for ${consumer}`} text={after} visibility={visibility} />
      </div>
    )
  }
  return (
    <div className="grid gap-1">
      <Toggle isWhole={false} onToggle={() => setWhole(true)} />
      <JsonDiff label={`What differs for ${consumer}`} before={before} after={after} />
    </div>
  )
}

const Toggle = ({ isWhole, onToggle }: { readonly isWhole: boolean; readonly onToggle: () => void }) => (
  <span className="justify-self-end">
    <Button look="quiet" aria-pressed={isWhole} onClick={onToggle}>
      {isWhole ? "Show what differs" : "Show all of it"}
    </Button>
  </span>
)

export const Received = ({ consumer, eventId }: { readonly eventId: string; readonly consumer: string }) => {
  const query = useAsk("/events/:id/received", { params: { id: eventId }, query: { consumer } }, { every })
  return (
    <section className="grid min-w-0 gap-2" aria-label={`As ${consumer} gets it`}>
      <h3 className="break-words">As {consumer} gets it</h3>
      <Answered query={query}>
        {(received) =>
          // Until the answer comes, that of another stands in for it.
          received.consumer !== consumer || received.eventId !== eventId ? null : (
            <>
              <p className="break-words text-muted">{whyOf(received)}</p>
              <Problems problems={received.problems} reason={received.reason} />
              <Document received={received} />
            </>
          )
        }
      </Answered>
    </section>
  )
}

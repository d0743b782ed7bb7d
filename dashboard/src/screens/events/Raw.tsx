/** All that is stored of an event, field by field, and as text for other tools. */
import { ClipboardCopy } from "lucide-react"
import type { ReactNode } from "react"
import { Link } from "wouter"
import type { EventDetails } from "../../api/wire.ts"
import { Button } from "../../parts/Button.tsx"
import { Id } from "../../parts/Copy.tsx"
import { copy } from "../../parts/clipboard.ts"
import { Json } from "../../parts/Json.tsx"
import { notify } from "../../parts/notices.tsx"
import { Facts } from "../../parts/Panel.tsx"
import { fixtureOf, queryOf } from "./copies.ts"
import { quoted } from "./language.ts"

const none = <span className="text-faint">none</span>

const Copied = ({
  children,
  disabledBecause,
  done,
  text
}: {
  readonly text: string
  readonly done: string
  readonly children: ReactNode
  readonly disabledBecause?: string | undefined
}) => (
  <Button disabledBecause={disabledBecause} onClick={() => void copy(text).then((isThere) => isThere && notify(done))}>
    <ClipboardCopy size={14} aria-hidden="true" /> {children}
  </Button>
)

const searchFor = (word: string) => `/events?q=${encodeURIComponent(word)}`

const Related = ({ id, label, word }: { readonly id: string; readonly label: string; readonly word: string }) => (
  <span className="flex flex-wrap items-center gap-x-2">
    <Id id={id} />
    <Link href={searchFor(`${word}:${quoted(id)}`)} className="text-accent hover:underline">
      {label}
    </Link>
  </span>
)

const text = (value: string | null) => (value === null ? none : <code className="break-all">{value}</code>)

export const Raw = ({ event }: { readonly event: EventDetails }) => {
  const fixture = fixtureOf(event)
  return (
    <div className="grid gap-4">
      <div className="flex flex-wrap gap-2">
        <Copied text={queryOf(event)} done="The queries are in the clipboard.">
          Copy as psql
        </Copied>
        <Copied
          text={fixture ?? ""}
          done="The fixture is in the clipboard."
          disabledBecause={fixture === undefined ? "Not all of the payload is seen here." : undefined}
        >
          Copy as test fixture
        </Copied>
      </div>
      <Facts
        facts={[
          ["id", <Id key="id" id={event.id} />],
          ["event_name", text(event.eventName)],
          ["schema_version", text(String(event.schemaVersion))],
          ["source_module", text(event.sourceModule)],
          ["aggregate_type", text(event.aggregate.entityType)],
          ["aggregate_id", text(event.aggregate.entityId)],
          ["status", text(event.status)],
          ["created_at", text(event.createdAt)],
          ["routed", event.isRouted ? "yes" : "not yet"],
          [
            "correlation_id",
            event.correlationId === null ? (
              none
            ) : (
              <Related key="correlation" id={event.correlationId} label="its story" word="correlation" />
            )
          ],
          [
            "causation_id",
            event.causationId === null ? (
              none
            ) : (
              <Related key="cause" id={event.causationId} label="what else it caused" word="cause" />
            )
          ],
          ["traceparent", text(event.traceparent)],
          ["dedupe_key", text(event.dedupeKey)],
          ["origin", text(event.origin)]
        ]}
      />
      <section className="grid gap-1">
        <h3>Metadata</h3>
        <Json label="Metadata" text={event.metadata} visibility={event.visibility} />
      </section>
    </div>
  )
}

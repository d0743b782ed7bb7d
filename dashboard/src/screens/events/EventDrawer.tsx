/** One event in detail, beside the list that it was found in. */
import { Link } from "wouter"
import { useAsk } from "../../api/asking.ts"
import type { EventDetails } from "../../api/wire.ts"
import { Answered, SkeletonRows } from "../../parts/Answers.tsx"
import { Id } from "../../parts/Copy.tsx"
import { Drawer } from "../../parts/Drawer.tsx"
import { StateMark } from "../../parts/StateMark.tsx"
import { Tabs } from "../../parts/Tabs.tsx"
import { Ago } from "../../parts/Time.tsx"
import { entityText } from "../../words/entities.ts"
import { stateOfEvent } from "../../words/states.ts"
import { EventLinks } from "./EventLinks.tsx"
import { Lineage } from "./Lineage.tsx"
import { type Neighbours, NextEvent } from "./NextEvent.tsx"
import { Payload } from "./Payload.tsx"
import { Raw } from "./Raw.tsx"
import { Story } from "./Story.tsx"
import { statusText } from "./statusText.ts"

/** Asked again so often, in milliseconds. */
const every = 2_500

/** Of the same parts before the answer comes, so that the focus stays on what it is on. */
const Subtitle = ({ event, id }: { readonly id: string; readonly event: EventDetails | undefined }) => (
  <div className="text-sm">
    <div className="flex min-h-5 min-w-0 flex-wrap items-center gap-x-3">
      {event === undefined ? null : (
        <>
          <StateMark state={stateOfEvent(event.status)} word={statusText(event.status)} />
          <Link
            href={`/links?entity=${encodeURIComponent(entityText(event.aggregate))}`}
            className="min-w-0 break-words text-accent hover:underline"
          >
            {entityText(event.aggregate)}
          </Link>
          <Ago at={event.createdAt} />
        </>
      )}
    </div>
    <div className="flex min-h-8 items-center">
      <Id id={id} />
    </div>
  </div>
)

const Details = ({ event }: { readonly event: EventDetails }) => (
  <Tabs
    label="Parts of the event"
    tabs={[
      { id: "story", label: "Story", content: () => <Story event={event} /> },
      { id: "payload", label: "Payload", content: () => <Payload event={event} /> },
      { id: "lineage", label: "Lineage", content: () => <Lineage id={event.id} /> },
      { id: "links", label: "Links", content: () => <EventLinks entity={event.aggregate} /> },
      { id: "raw", label: "Raw", content: () => <Raw event={event} /> }
    ]}
  />
)

export const EventDrawer = ({
  id,
  neighbours,
  onClose
}: {
  readonly id: string
  readonly neighbours: Neighbours | undefined
  readonly onClose: () => void
}) => {
  const query = useAsk("/events/:id", { params: { id } }, { every })
  // Until the answer comes, that of the event before stands in for it.
  const event = query.data?.id === id ? query.data : undefined
  return (
    <Drawer
      isOpen
      onClose={onClose}
      title={
        event === undefined ? (
          "Event"
        ) : (
          <>
            {event.eventName} <span className="font-normal text-faint">v{event.schemaVersion}</span>
          </>
        )
      }
      subtitle={<Subtitle id={id} event={event} />}
      actions={neighbours === undefined ? undefined : <NextEvent {...neighbours} />}
    >
      <Answered query={query}>
        {(answer) => (answer.id === id ? <Details key={id} event={answer} /> : <SkeletonRows />)}
      </Answered>
    </Drawer>
  )
}

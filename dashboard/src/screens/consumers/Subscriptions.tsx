/** What a consumer is subscribed to, and which processes serve it. */
import { Link } from "wouter"
import { useAsk } from "../../api/asking.ts"
import type { Consumer, ConsumerDetails } from "../../api/wire.ts"
import { Answered, SkeletonRows } from "../../parts/Answers.tsx"
import { Panel } from "../../parts/Panel.tsx"
import { StateMark } from "../../parts/StateMark.tsx"
import { type Column, Table } from "../../parts/Table.tsx"
import { Ago } from "../../parts/Time.tsx"
import { quoted } from "../events/language.ts"
import { placeOf } from "../processes/process.ts"
import { In } from "./Rules.tsx"
import { versionText } from "./ruleWords.ts"

const ordering = {
  none: "It keeps no order.",
  aggregate: "It keeps the order of each aggregate: one delivery of an aggregate at a time."
}

type Subscription = ConsumerDetails["subscriptions"][number]

/** Up to which version of its payload it is read; where processes differ, who reads what. */
const Versions = ({ versions }: Subscription) => {
  const replicas = useAsk("/replicas", {}).data ?? []
  return versions.map(({ processes, version }) => (
    <span key={version} className="block whitespace-normal">
      <span className="sm:hidden">versions </span>
      <span className={version === null ? "text-faint" : ""}>{versionText(version)}</span>
      <In processes={processes} replicas={replicas} />
    </span>
  ))
}

const columns: ReadonlyArray<Column<Subscription>> = [
  {
    id: "event",
    title: "Event",
    narrow: "first",
    isWide: true,
    cell: ({ event }) => (
      <Link
        href={`/events?q=${encodeURIComponent(`name:${quoted(event)}`)}`}
        className="-my-1 inline-flex h-8 items-center hover:underline"
      >
        {event}
      </Link>
    )
  },
  {
    id: "versions",
    title: <span title="Versions of its payload that the code of the processes reads">Versions</span>,
    cell: (subscription) => <Versions {...subscription} />
  },
  {
    id: "priority",
    title: "Priority",
    isNumber: true,
    cell: ({ priority }) => (
      <>
        <span className="sm:hidden">priority </span>
        <span className={priority === 0 ? "text-faint" : ""}>{priority}</span>
      </>
    )
  },
  {
    id: "served",
    title: "Served",
    cell: ({ isServed }) =>
      isServed ? <StateMark state="done" word="served" /> : <StateMark state="retrying" word="nobody serves it" />
  }
]

export const Subscriptions = ({ consumer }: { readonly consumer: ConsumerDetails }) => (
  <Panel title="Subscriptions">
    <p className="text-muted">
      {ordering[consumer.ordering as keyof typeof ordering] ?? `Its order: ${consumer.ordering}.`}
    </p>
    {consumer.subscriptions.length === 0 ? (
      <p className="py-4 text-muted">It is subscribed to nothing.</p>
    ) : (
      <Table label="Subscriptions" rows={consumer.subscriptions} columns={columns} keyOf={({ event }) => event} />
    )}
  </Panel>
)

export const Processes = ({ consumer: { consumer, lastSeenAt, servedBy } }: { readonly consumer: Consumer }) => {
  const query = useAsk("/replicas", {})
  return (
    <Panel
      title="Processes that serve it"
      actions={
        <Link
          href={`/processes?consumer=${encodeURIComponent(consumer)}`}
          className="inline-flex h-8 items-center text-accent hover:underline"
        >
          All that have served it
        </Link>
      }
    >
      {servedBy.length === 0 ? (
        <p className="py-2 text-muted">
          None that runs. It was last served <Ago at={lastSeenAt} />.
        </p>
      ) : (
        <Answered query={query} skeleton={<SkeletonRows count={servedBy.length} />}>
          {(replicas) => (
            <Table
              label="Processes that serve it"
              rows={replicas.filter(({ id }) => servedBy.includes(id))}
              keyOf={({ id }) => id}
              columns={[
                { id: "place", title: "Process", narrow: "first", isWide: true, cell: placeOf },
                {
                  id: "started",
                  title: "Started",
                  isNumber: true,
                  cell: ({ startedAt }) => <Ago at={startedAt} />
                }
              ]}
            />
          )}
        </Answered>
      )}
    </Panel>
  )
}

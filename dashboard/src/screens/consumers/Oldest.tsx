/** What a consumer has had open for the longest time: where to look when it does not get on. */
import type { ConsumerDetails, OpenDelivery } from "../../api/wire.ts"
import { Panel } from "../../parts/Panel.tsx"
import { StateMark } from "../../parts/StateMark.tsx"
import { type Column, Table } from "../../parts/Table.tsx"
import { Ago } from "../../parts/Time.tsx"
import { entityText, shortId } from "../../words/entities.ts"
import { exact } from "../../words/numbers.ts"

const marks = {
  ready: ["waiting", "ready"],
  delayed: ["waiting", "delayed"],
  retrying: ["retrying", "retrying"],
  leased: ["running", "in hand"],
  parked: ["parked", "parked"]
} as const

const State = ({ state }: OpenDelivery) => {
  const [mark, word] = marks[state]
  return <StateMark state={mark} word={word} />
}

const columns: ReadonlyArray<Column<OpenDelivery>> = [
  {
    id: "event",
    title: "Event",
    narrow: "first",
    isWide: true,
    cell: ({ eventId, eventName }) => (
      <span title={eventId}>
        {eventName} <span className="text-muted">{shortId(eventId)}</span>
      </span>
    )
  },
  {
    id: "aggregate",
    title: "Aggregate",
    cell: ({ aggregate }) => <span title={entityText(aggregate)}>{entityText(aggregate)}</span>
  },
  { id: "state", title: "State", cell: State },
  {
    id: "attempts",
    title: "Attempts",
    isNumber: true,
    cell: ({ attemptCount }) => (
      <>
        <span className="sm:hidden">attempts </span>
        <span className={attemptCount === 0 ? "text-faint" : ""}>{exact(attemptCount)}</span>
      </>
    )
  },
  { id: "stored", title: "Stored", isNumber: true, cell: ({ createdAt }) => <Ago at={createdAt} /> }
]

export const Oldest = ({
  consumer: {
    oldest: { deliveries, isCut }
  }
}: {
  readonly consumer: ConsumerDetails
}) =>
  deliveries.length === 0 ? null : (
    <Panel title="Open for the longest time">
      <Table
        label="Open deliveries, the oldest first"
        rows={deliveries}
        columns={columns}
        keyOf={({ deliveryId }) => deliveryId}
        hrefOf={({ eventId }) => `/events/${encodeURIComponent(eventId)}`}
      />
      {isCut ? (
        <p className="pt-2 text-muted">
          Looked for among the first 1,000 that wait, 1,000 in hand and 1,000 parked: there may be older ones.
        </p>
      ) : null}
    </Panel>
  )

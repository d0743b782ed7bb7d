/** Events, one a row. */
import { CornerDownRight } from "lucide-react"
import type { EventSummary } from "../../api/wire.ts"
import { StateMark } from "../../parts/StateMark.tsx"
import { type Column, Table } from "../../parts/Table.tsx"
import { isUtc, serverNow, timeText } from "../../words/clock.ts"
import { entityText } from "../../words/entities.ts"
import { stateOfEvent } from "../../words/states.ts"
import { Squares } from "./Squares.tsx"
import { statusText } from "./statusText.ts"

/** `14:02:11.480`, with the day if it is another one. */
const Time = ({ at }: { readonly at: string }) => {
  const text = timeText(at, isUtc.use(), true)
  const [day, clock = ""] = text.split(", ")
  const isToday = timeText(serverNow(), isUtc.get()).startsWith(`${day},`)
  return (
    <time dateTime={at} title={text} className="text-muted">
      {isToday ? clock.replace(" UTC", "") : `${day!.replace(/ \d{4}$/, "")} ${clock.replace(" UTC", "")}`}
    </time>
  )
}

const columns: ReadonlyArray<Column<EventSummary>> = [
  { id: "time", title: "Stored", cell: ({ createdAt }) => <Time at={createdAt} /> },
  {
    id: "cause",
    title: <span className="sr-only">Cause</span>,
    narrow: "left-out",
    cell: ({ causationId }) =>
      causationId === null ? null : (
        <span title={`Caused by ${causationId}`} className="text-faint">
          <CornerDownRight size={14} role="img" aria-label="Caused by another event" />
        </span>
      )
  },
  {
    id: "event",
    title: "Event",
    narrow: "first",
    cell: ({ eventName, schemaVersion }) => (
      <>
        <span className="font-semibold">{eventName}</span> <span className="text-faint">v{schemaVersion}</span>
      </>
    )
  },
  {
    id: "aggregate",
    title: "Aggregate",
    isWide: true,
    cell: ({ aggregate }) => <span title={entityText(aggregate)}>{entityText(aggregate)}</span>
  },
  {
    id: "deliveries",
    title: "Deliveries",
    cell: ({ deliveries, isRouted }) =>
      isRouted ? <Squares deliveries={deliveries} /> : <span className="text-faint">not yet routed</span>
  },
  {
    id: "status",
    title: "Status",
    narrow: "first",
    cell: ({ status }) => <StateMark state={stateOfEvent(status)} word={statusText(status)} />
  }
]

export const EventTable = ({
  currentKey,
  hrefOf,
  rows
}: {
  readonly rows: ReadonlyArray<EventSummary>
  readonly hrefOf: (event: EventSummary) => string
  readonly currentKey: string | undefined
}) => (
  <Table label="Events" rows={rows} columns={columns} keyOf={({ id }) => id} hrefOf={hrefOf} currentKey={currentKey} />
)

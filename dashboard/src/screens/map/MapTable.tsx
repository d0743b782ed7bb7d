/** The map as a table: a row for each event and consumer of it. */

import { Empty } from "../../parts/Answers.tsx"
import { Count } from "../../parts/Figure.tsx"
import { type Column, Table } from "../../parts/Table.tsx"
import { Ago } from "../../parts/Time.tsx"
import { rateText } from "./looks.ts"
import { type Counts, endedOf, type Model } from "./model.ts"

interface Row {
  readonly event: string
  readonly module: string
  /** None: nobody gets it. */
  readonly consumer: string | undefined
  readonly note: string | undefined
  readonly counts: Counts
}

const rowsOf = ({ connections, consumers, events }: Model): ReadonlyArray<Row> => {
  const byName = new Map(consumers.map((consumer) => [consumer.name, consumer]))
  return events.flatMap(({ lastAt, module, name, published }): ReadonlyArray<Row> => {
    const own = connections.filter(({ event }) => event === name)
    if (own.length === 0) {
      const counts = { settled: published, retried: 0, gaveUp: 0, lastAt }
      return [{ event: name, module, consumer: undefined, note: undefined, counts }]
    }
    return own.map((connection) => {
      const consumer = byName.get(connection.consumer)
      const note =
        consumer?.isPaused === true ? "paused" : consumer?.isServed === false ? "nobody serves it" : undefined
      return { event: name, module, consumer: connection.consumer, note, counts: connection }
    })
  })
}

const none = <span className="text-faint">0</span>

const columnsOf = (minutes: number): ReadonlyArray<Column<Row>> => [
  { id: "event", title: "Event", narrow: "first", cell: ({ event }) => <span className="font-semibold">{event}</span> },
  { id: "module", title: "Published by", narrow: "left-out", cell: ({ module }) => module },
  {
    id: "consumer",
    title: "Consumer",
    narrow: "first",
    cell: ({ consumer, note }) => (
      <>
        <span className="text-faint sm:hidden">→ </span>
        {consumer ?? <span className="text-faint">no consumer</span>}
        {note === undefined ? null : <span className="text-muted"> ({note})</span>}
      </>
    )
  },
  {
    id: "rate",
    title: "Rate",
    isNumber: true,
    cell: ({ counts }) => {
      const count = endedOf(counts)
      return <span className={count === 0 ? "text-faint" : ""}>{rateText(count, minutes)}</span>
    }
  },
  {
    id: "retried",
    title: "Retried",
    isNumber: true,
    cell: ({ counts: { retried } }) =>
      retried === 0 ? (
        <span className="text-faint max-sm:hidden">0</span>
      ) : (
        <span className="text-retrying">
          <Count value={retried} />
          <span className="sm:hidden"> retried</span>
        </span>
      )
  },
  {
    id: "gave-up",
    title: "Gave up",
    isNumber: true,
    cell: ({ counts: { gaveUp } }) =>
      gaveUp === 0 ? (
        <span className="max-sm:hidden">{none}</span>
      ) : (
        <span className="text-gave-up">
          <Count value={gaveUp} />
          <span className="sm:hidden"> gave up</span>
        </span>
      )
  },
  {
    id: "last",
    title: "Last",
    isNumber: true,
    cell: ({ counts: { lastAt } }) =>
      lastAt === undefined ? <span className="text-faint">–</span> : <Ago at={lastAt} />
  }
]

const keyOf = ({ consumer, event }: Row) => `${event} ${consumer ?? ""}`

export const MapTable = ({
  hrefOf,
  minutes,
  model,
  selected
}: {
  readonly model: Model
  readonly minutes: number
  /** Where the detail of a part is. */
  readonly hrefOf: (id: string) => string
  readonly selected: string | undefined
}) => {
  const rows = rowsOf(model)
  return rows.length === 0 ? (
    <Empty title="Nothing has such a name">Search for a part of a module's, an event's or a consumer's name.</Empty>
  ) : (
    <div className="px-2 py-1">
      <Table
        label="Events and their consumers"
        rows={rows}
        columns={columnsOf(minutes)}
        keyOf={keyOf}
        hrefOf={({ consumer, event }) => hrefOf(consumer === undefined ? `event:${event}` : `consumer:${consumer}`)}
        currentKey={rows.map(keyOf).find((key) => selected === `event:${key.trim()}`)}
      />
    </div>
  )
}

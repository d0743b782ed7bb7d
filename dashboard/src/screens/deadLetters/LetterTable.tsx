/** Dead letters, to be opened, or selected. */
import type { DeadLetter } from "../../api/wire.ts"
import { useMedia } from "../../parts/media.ts"
import { useParams } from "../../parts/params.ts"

import { type Column, Table } from "../../parts/Table.tsx"
import { exact } from "../../words/numbers.ts"
import { Age } from "./Age.tsx"
import { useFilteredHref } from "./links.ts"

const aggregateText = ({ aggregate: { entityId, entityType } }: DeadLetter) => `${entityType}/${entityId}`

const all: ReadonlyArray<Column<DeadLetter>> = [
  {
    id: "aggregate",
    title: "Aggregate",
    narrow: "first",
    cell: (letter) => <span className="font-semibold">{aggregateText(letter)}</span>
  },
  { id: "consumer", title: "Consumer", cell: ({ consumer }) => consumer },
  {
    id: "event",
    title: "Event",
    cell: ({ eventName, schemaVersion }) => (
      <>
        {eventName} <span className="text-faint">v{schemaVersion}</span>
      </>
    )
  },
  {
    id: "error",
    title: "Last error",
    isWide: true,
    cell: ({ isEdited, isUndecodable, lastError }) => (
      <>
        {isUndecodable ? <Badge>undecodable</Badge> : null}
        {isEdited ? <Badge>edited</Badge> : null}
        {lastError?.split("\n", 1)[0] ?? ""}
      </>
    )
  },
  {
    id: "attempts",
    title: "Attempts",
    isNumber: true,
    narrow: "left-out",
    cell: ({ attemptCount }) => exact(attemptCount)
  },
  { id: "gaveUp", title: "Gave up", cell: ({ gaveUpAt }) => <Age at={gaveUpAt} /> }
]

const Badge = ({ children }: { readonly children: string }) => (
  <span className="mr-1.5 rounded-sm border border-edge px-1 text-xs text-muted">{children}</span>
)

/** Where there is less room: the event below its consumer, and no attempts. */
const dense: ReadonlyArray<Column<DeadLetter>> = all
  .filter(({ id }) => id !== "attempts" && id !== "event")
  .map((column) =>
    column.id === "consumer"
      ? {
          ...column,
          cell: ({ consumer, eventName }) => (
            <span className="sm:block sm:py-0.5">
              {consumer} <span className="text-muted sm:block">{eventName}</span>
            </span>
          )
        }
      : column
  )

/** Which deliveries are selected; it is in the address. */
export const useSelection = () => {
  const [params, change] = useParams()
  const selection: ReadonlySet<string> = new Set(params.getAll("x"))
  return [selection, (keys: ReadonlySet<string>) => change({ x: [...keys] })] as const
}

export const LetterTable = ({
  label,
  letters,
  without = []
}: {
  readonly label: string
  readonly letters: ReadonlyArray<DeadLetter>
  /** Columns that would say the same in each row. */
  readonly without?: ReadonlyArray<string>
}) => {
  const [selection, setSelection] = useSelection()
  const href = useFilteredHref()
  const columns = useMedia("(min-width: 1180px)") || without.includes("consumer") ? all : dense
  return (
    <div className="rounded-md border border-line bg-panel px-2">
      <Table
        label={label}
        rows={letters}
        columns={columns.filter(({ id }) => !without.includes(id))}
        keyOf={({ deliveryId }) => deliveryId}
        hrefOf={({ deliveryId, fingerprint }) => href(`/dead-letters/${fingerprint ?? "-"}/${deliveryId}`)}
        selection={selection}
        onSelect={setSelection}
      />
    </div>
  )
}

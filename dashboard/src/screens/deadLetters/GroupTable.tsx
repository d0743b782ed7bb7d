/** Errors as a list: what failed, for whom, how many gave up, how many are still retried, and in which hours. */
import type { ErrorGroup } from "../../api/wire.ts"

import { useMedia } from "../../parts/media.ts"
import { type Column, Table } from "../../parts/Table.tsx"
import { Age } from "./Age.tsx"
import { GroupStateMark } from "./GroupStateMark.tsx"
import { counted } from "./groups.ts"
import { DayBars } from "./HourBars.tsx"
import { useFilteredHref } from "./links.ts"
import { GroupTitle } from "./Title.tsx"

const GaveUp = ({ group }: { readonly group: ErrorGroup }) =>
  group.gaveUp === 0 ? (
    <span className="text-faint">0</span>
  ) : (
    <span className="font-semibold text-gave-up">
      <span aria-hidden="true" className="mr-1 text-[10px]">
        ■
      </span>
      {counted(group.gaveUp)}
      <span className="font-normal sm:hidden"> gave up</span>
    </span>
  )

/** Hollow: these may still succeed. */
const Retrying = ({ group }: { readonly group: ErrorGroup }) =>
  group.retrying === 0 ? (
    <span className="text-faint max-sm:hidden">0</span>
  ) : (
    <span className="text-retrying">
      <span aria-hidden="true" className="mr-1 text-[10px]">
        △
      </span>
      {counted(group.retrying)}
      <span className="sm:hidden"> still retrying</span>
    </span>
  )

const columns: ReadonlyArray<Column<ErrorGroup>> = [
  {
    id: "title",
    title: "Error",
    isWide: true,
    narrow: "first",
    cell: (group) => (
      <span className="block py-1 sm:truncate">
        <span className="text-base font-semibold text-text">
          <GroupTitle title={group.title} />
        </span>
        <span className="block text-muted sm:truncate">
          {group.consumer} · {group.events.join(", ")}
          {group.note === null ? null : <span className="italic"> · {group.note}</span>}
        </span>
      </span>
    )
  },
  { id: "gaveUp", title: "Gave up", isNumber: true, cell: (group) => <GaveUp group={group} /> },
  { id: "retrying", title: "Still retrying", isNumber: true, cell: (group) => <Retrying group={group} /> },
  { id: "hours", title: "Last 24 h", cell: (group) => <DayBars group={group} /> },
  { id: "first", title: "First seen", cell: ({ firstSeenAt }) => <Age at={firstSeenAt} /> },
  { id: "last", title: "Last seen", cell: ({ lastSeenAt }) => <Age at={lastSeenAt} /> },
  { id: "state", title: "State", cell: (group) => <GroupStateMark group={group} /> }
]

export const GroupTable = ({
  currentKey,
  groups
}: {
  readonly groups: ReadonlyArray<ErrorGroup>
  readonly currentKey?: string
}) => {
  const href = useFilteredHref()
  const isMiddle = useMedia("(min-width: 860px)")
  const isWide = useMedia("(min-width: 1180px)")
  return (
    <div className="rounded-md border border-line bg-panel px-2">
      <Table
        label="Errors, those with most dead letters first"
        rows={groups}
        columns={columns.filter(({ id }) => (id === "hours" ? isMiddle : id === "first" ? isWide : true))}
        keyOf={({ fingerprint }) => fingerprint}
        hrefOf={({ fingerprint }) => href(`/dead-letters/${fingerprint}`)}
        currentKey={currentKey}
      />
    </div>
  )
}

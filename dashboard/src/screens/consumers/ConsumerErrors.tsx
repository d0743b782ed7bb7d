/** Errors of one consumer, in groups. */
import { Link } from "wouter"
import { useAsk } from "../../api/asking.ts"
import type { ErrorGroup } from "../../api/wire.ts"
import { Answered, SkeletonRows } from "../../parts/Answers.tsx"
import { Panel } from "../../parts/Panel.tsx"
import { type Column, Table } from "../../parts/Table.tsx"
import { Ago } from "../../parts/Time.tsx"
import { capped, exact, short } from "../../words/numbers.ts"
import { GroupStateMark } from "../deadLetters/GroupStateMark.tsx"
import { GroupTitle } from "../deadLetters/Title.tsx"

/** Of a group, deliveries are counted up to this many. */
const most = 1_001

/** So many groups are shown here; all are with the dead letters. */
const shown = 10

const countOf = (count: number, word: string, loud: string) => (
  <span className={count === 0 ? "text-faint max-sm:hidden" : loud} title={exact(count)}>
    {capped(count, most)}
    <span className="sm:hidden"> {word}</span>
  </span>
)

const columns: ReadonlyArray<Column<ErrorGroup>> = [
  {
    id: "title",
    title: "Error",
    narrow: "first",
    isWide: true,
    cell: ({ errorTag, title }) => (
      <span title={title}>
        {title.startsWith(errorTag) ? null : <span className="font-semibold">{errorTag} </span>}
        <GroupTitle title={title} />
      </span>
    )
  },
  {
    id: "state",
    title: "State",
    cell: (group) => <GroupStateMark group={group} />
  },
  {
    id: "attempts",
    title: "Attempts",
    isNumber: true,
    narrow: "left-out",
    cell: ({ attempts }) => <span title={exact(attempts)}>{short(attempts)}</span>
  },
  {
    id: "retrying",
    title: "Retrying",
    isNumber: true,
    cell: ({ retrying }) => countOf(retrying, "retrying", "text-retrying")
  },
  { id: "gave-up", title: "Gave up", isNumber: true, cell: ({ gaveUp }) => countOf(gaveUp, "gave up", "text-gave-up") },
  { id: "seen", title: "Last seen", isNumber: true, cell: ({ lastSeenAt }) => <Ago at={lastSeenAt} /> }
]

export const ConsumerErrors = ({ name }: { readonly name: string }) => {
  const query = useAsk("/error-groups", { query: { consumer: name, limit: shown } })
  return (
    <Panel
      title="Errors"
      actions={
        <Link
          href={`/dead-letters?consumer=${encodeURIComponent(name)}`}
          className="inline-flex h-8 items-center text-accent hover:underline"
        >
          All of its errors and dead letters
        </Link>
      }
    >
      <Answered query={query} skeleton={<SkeletonRows count={3} />}>
        {({ items }) =>
          items.length === 0 ? (
            <p className="py-2 text-muted">No attempt has failed.</p>
          ) : (
            <Table
              label="Errors of this consumer"
              rows={items}
              columns={columns}
              keyOf={({ fingerprint }) => fingerprint}
              hrefOf={({ fingerprint }) => `/dead-letters/${encodeURIComponent(fingerprint)}`}
            />
          )
        }
      </Answered>
    </Panel>
  )
}

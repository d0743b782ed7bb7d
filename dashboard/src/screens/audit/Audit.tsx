/** Who did what, the last first. */
import { useMemo, useState } from "react"
import type { AuditEntry } from "../../api/wire.ts"
import { Answered, Empty, SkeletonRows } from "../../parts/Answers.tsx"
import { Button } from "../../parts/Button.tsx"
import { useCalm } from "../../parts/calm.ts"
import { ScreenTitle } from "../../parts/Panel.tsx"
import { useParams } from "../../parts/params.ts"
import { useFixedNow } from "../../words/clock.ts"
import { exact } from "../../words/numbers.ts"
import { columnCount, EntryRow } from "./EntryRow.tsx"
import { useEntries } from "./entries.ts"
import { Filters, sinceOf } from "./Filters.tsx"

const heads = ["Time", "Who", "Action", "Target", "Reason", "Affected", "Outcome"]

const idOf = ({ id }: AuditEntry) => id

const Entries = ({ entries }: { readonly entries: ReadonlyArray<AuditEntry> }) => {
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set())
  const { handlers, show, shown, waits } = useCalm(entries, idOf, open.size > 0)
  const toggle = (id: string) => {
    const next = new Set(open)
    if (!next.delete(id)) next.add(id)
    setOpen(next)
  }
  return (
    <div {...handlers} className="rounded-md border border-line bg-panel px-2">
      <table aria-label="Entries of the audit, the last first" className="w-full border-collapse text-sm max-sm:block">
        <thead className="max-sm:hidden">
          <tr className="border-b border-line text-muted">
            <th scope="col">
              <span className="sr-only">Details</span>
            </th>
            {heads.map((head) => (
              <th
                key={head}
                scope="col"
                className={`px-2 py-1 font-normal whitespace-nowrap ${head === "Affected" ? "text-right" : "text-left"} ${head === "Reason" ? "max-lg:hidden" : ""}`}
              >
                {head}
              </th>
            ))}
          </tr>
        </thead>
        <tbody className="max-sm:block">
          {waits === 0 ? null : (
            <tr className="max-sm:block">
              <td colSpan={columnCount} className="max-sm:block">
                <button type="button" onClick={show} className="h-8 w-full text-accent">
                  {exact(waits)} new
                </button>
              </td>
            </tr>
          )}
          {shown.map((entry) => (
            <EntryRow key={entry.id} entry={entry} isOpen={open.has(entry.id)} onToggle={() => toggle(entry.id)} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

const Audit = () => {
  const [params] = useParams()
  const now = useFixedNow()
  const [who, action, target] = ["who", "action", "target"].map((name) => params.get(name) ?? undefined)
  const since = sinceOf(params.get("since"), now)
  const query = useEntries({ who, action, target, since })
  const entries = query.data ?? []
  const people = useMemo(() => [...new Set(entries.map((entry) => entry.who))].toSorted(), [entries])
  const isFiltered = [who, action, target, since].some((value) => value !== undefined)
  return (
    <>
      <ScreenTitle title="Audit">
        Who did what, the last first. What the engine does by itself is not here, nor what changed nothing.
      </ScreenTitle>
      <Filters people={people} />
      <Answered query={query} skeleton={<SkeletonRows count={12} />}>
        {(all) =>
          all.length === 0 ? (
            isFiltered ? (
              <Empty title="Nothing of that was done">Who, action and target are compared as wholes.</Empty>
            ) : (
              <Empty title="Nobody has done anything yet">
                Pauses, requeues, discards, and changes of settings are written down here, with who did them and why.
              </Empty>
            )
          ) : (
            <>
              <Entries key={[who, action, target, since].join("\n")} entries={all} />
              <p className="flex flex-wrap items-center gap-3 py-3 text-muted">
                {query.hasNextPage
                  ? `The last ${exact(all.length)}.`
                  : `${all.length === 1 ? "1 entry" : `${exact(all.length)} entries`}, that is all there is.`}
                {query.hasNextPage ? (
                  <Button onClick={() => void query.fetchNextPage()} disabled={query.isFetchingNextPage}>
                    Go on
                  </Button>
                ) : null}
              </p>
            </>
          )
        }
      </Answered>
    </>
  )
}

export default Audit

/** Events: found with a filter, the newest first, and one of them in detail. */

import { Download } from "lucide-react"
import { type ReactNode, useMemo } from "react"
import { useAsk } from "../../api/asking.ts"
import { useLive } from "../../api/live.ts"
import type { EventSummary } from "../../api/wire.ts"
import { Answered, Empty, ProblemNote, SkeletonRows } from "../../parts/Answers.tsx"
import { Button } from "../../parts/Button.tsx"
import { useCalm } from "../../parts/calm.ts"
import { download } from "../../parts/download.ts"
import { ScreenTitle } from "../../parts/Panel.tsx"
import { useParam } from "../../parts/params.ts"
import { useGo, useHref, usePlace } from "../../parts/place.ts"
import { isUtc, serverNow, useAhead } from "../../words/clock.ts"
import { exact } from "../../words/numbers.ts"
import { EventDrawer } from "./EventDrawer.tsx"
import { EventTable } from "./EventTable.tsx"
import { FilterInput } from "./FilterInput.tsx"
import { csvOf, jsonOf } from "./files.ts"
import { type Filter, filterOf } from "./filter.ts"
import type { Neighbours } from "./NextEvent.tsx"
import { SearchLine } from "./SearchLine.tsx"
import { useAtList } from "./useAtList.ts"
import { useSearch } from "./useSearch.ts"

interface ListProps {
  /** The event that the address names, with those beside it in the list. */
  readonly detail: (neighbours?: Neighbours) => ReactNode
  readonly hrefOf: (event: EventSummary) => string
  readonly currentKey: string | undefined
}

const Downloads = ({ events }: { readonly events: ReadonlyArray<EventSummary> }) => {
  const off = events.length === 0 ? "Nothing was found." : undefined
  return (
    <div className="flex items-center gap-1">
      <Download size={14} className="mr-1 text-faint" aria-hidden="true" />
      <Button
        look="quiet"
        aria-label={`Download ${events.length} as CSV`}
        disabledBecause={off}
        onClick={() => download("events.csv", "text/csv", csvOf(events))}
      >
        CSV
      </Button>
      <Button
        look="quiet"
        aria-label={`Download ${events.length} as JSON`}
        disabledBecause={off}
        onClick={() => download("events.json", "application/json", jsonOf(events))}
      >
        JSON
      </Button>
    </div>
  )
}

const NothingFound = ({ filter, isComplete }: { readonly filter: Filter; readonly isComplete: boolean }) => {
  if (filter.terms.length === 0) {
    return (
      <Empty title="No events yet">Once a transaction that publishes has committed, its outbox events are here.</Empty>
    )
  }
  return (
    <Empty title="Nothing found">
      {isComplete
        ? "No stored event fits this filter."
        : "Nothing that was looked at so far fits this filter. Older events may: go on to look at them."}
    </Empty>
  )
}

const neighboursOf = (
  shown: ReadonlyArray<EventSummary>,
  { currentKey, hrefOf }: Pick<ListProps, "currentKey" | "hrefOf">
): Neighbours | undefined => {
  const at = shown.findIndex(({ id }) => id === currentKey)
  const hrefAt = (index: number) => {
    const event = shown[index]
    return event === undefined ? undefined : hrefOf(event)
  }
  return at < 0 ? undefined : { before: hrefAt(at - 1), after: hrefAt(at + 1) }
}

const Found = ({ currentKey, detail, filter, hrefOf }: ListProps & { readonly filter: Filter }) => {
  const { handlers, isAtList } = useAtList()
  const isHeld = isAtList || currentKey !== undefined
  const { answeredAt, goOn, isBehind, isSearching, problem, restart, search, stop } = useSearch(filter.query, isHeld)
  const found = search?.found ?? []
  const { show, shown, waits } = useCalm(found, ({ id }) => id, isHeld)
  const showNewest = () => {
    window.scrollTo({ top: 0 })
    show()
  }
  const { state } = useLive()
  // That the server is away is said once, for all that is still shown.
  const isSaid = problem?.isUnreachable === true && search !== undefined && state === "reconnecting"
  const isRefused = problem?.status === 400 || problem?.status === 403
  return (
    <>
      <div className="sticky top-12 z-10 flex min-h-10 items-center gap-2 rounded-t-md border-b border-line bg-panel px-2">
        {isBehind ? (
          <Button onClick={restart}>Many new: show the newest</Button>
        ) : waits > 0 ? (
          <Button onClick={showNewest}>{exact(waits)} new</Button>
        ) : (
          <span className="text-sm text-muted">
            {search?.direction === "forward" ? "Oldest first" : "Newest first"}
          </span>
        )}
        <span className="flex-1" />
        <Downloads events={found} />
      </div>
      {problem === undefined || problem.status === 401 || isSaid ? null : (
        <div className="px-2">
          <ProblemNote
            problem={problem}
            since={search === undefined ? undefined : answeredAt}
            onRetry={isRefused ? undefined : restart}
          />
        </div>
      )}
      {search === undefined ? (
        problem === undefined || problem.status === 401 ? (
          <div className="px-2">
            <SkeletonRows count={14} />
          </div>
        ) : null
      ) : (
        <div className={`max-sm:px-2 ${problem === undefined || isSaid ? "" : "opacity-60"}`} {...handlers}>
          {shown.length > 0 ? (
            <EventTable rows={shown} hrefOf={hrefOf} currentKey={currentKey} />
          ) : isSearching ? (
            <div className="px-2">
              <SkeletonRows count={14} />
            </div>
          ) : (
            <NothingFound filter={filter} isComplete={search.next === undefined} />
          )}
          <SearchLine search={search} isSearching={isSearching} onGoOn={goOn} onStop={stop} />
        </div>
      )}
      {detail(neighboursOf(shown, { currentKey, hrefOf }))}
    </>
  )
}

/** The event that an id names. */
const Named = ({ currentKey, detail, hrefOf, id }: ListProps & { readonly id: string }) => {
  const query = useAsk("/events/:id", { params: { id } })
  return (
    <div className="p-2">
      <Answered query={query} skeleton={<SkeletonRows count={1} />}>
        {(event) => <EventTable rows={[event]} hrefOf={hrefOf} currentKey={currentKey} />}
      </Answered>
      {detail()}
    </div>
  )
}

const Events = () => {
  const [q = "", setQ] = useParam("q")
  const utc = isUtc.use()
  const place = usePlace<"id">("/events/:id")
  const href = useHref()
  const go = useGo()
  // Ages such as 15m count back from when the filter was set.
  const ahead = useAhead()
  // biome-ignore lint/correctness/useExhaustiveDependencies: ages count back from the server's time, which the first answer tells.
  const filter = useMemo(() => filterOf(q, serverNow(), utc), [q, utc, ahead])
  const hrefOf = ({ id }: EventSummary) => href(`/events/${id}`)
  const detail = (neighbours?: Neighbours) =>
    place === undefined ? null : (
      <EventDrawer
        id={place.id.toLowerCase()}
        neighbours={neighbours}
        onClose={() => go("/events", ["tab", "minutes", "limit"])}
      />
    )
  const list = { hrefOf, currentKey: place?.id.toLowerCase(), detail }
  return (
    <>
      <ScreenTitle title="Events">What modules published, and how each delivery of it stands.</ScreenTitle>
      <FilterInput filter={filter} onChange={setQ} />
      <section className="mt-3 min-w-0 rounded-md border border-line bg-panel" aria-label="Events that were found">
        {filter.problems.length > 0 ? (
          <>
            <Empty title="The filter is not complete">
              Nothing is looked for until all of its words are understood.
            </Empty>
            {detail()}
          </>
        ) : filter.id !== undefined ? (
          <Named {...list} id={filter.id} />
        ) : (
          <Found key={JSON.stringify(filter.query)} {...list} filter={filter} />
        )}
      </section>
    </>
  )
}

export default Events

/** Looks for new events while a search is shown. */
import { useEffect } from "react"
import type { EventPage, EventQuery } from "../../api/wire.ts"
import { serverNow } from "../../words/clock.ts"
import { askFor, joined, page, problemOf, renewed, type Search, type SearchState } from "./search.ts"

/** New events are looked for so often, in milliseconds; less often where each look is at many. */
const every = 2_500
const slowly = 10_000
const muchToLookAt = 5_000

/** So many new events are put before those that are shown, at most: more are not answered at once. */
const most = 200

/** So many wait in a list that somebody is at, at most: a page that is left open with one event must not hold all that came since. */
const mostAdded = 1_000

/** A transaction may commit so long after it has stored an event, in milliseconds; one that takes longer is seen when the list is loaded anew. */
const margin = 10_000

export interface Poll {
  /** The question, as JSON. */
  readonly asked: string
  readonly isLive: boolean
  readonly current: { readonly current: SearchState & { readonly isHeld: boolean } }
  readonly setState: (change: (before: SearchState) => SearchState) => void
  readonly restart: () => void
}

/** The first page anew: for a list that nobody is at. */
const first = async (query: EventQuery, signal: AbortSignal) => {
  const newestAt = serverNow()
  const answer = await askFor({ ...query, limit: page }, signal)
  return (before: SearchState): SearchState => ({
    ...before,
    search: joined(undefined, answer),
    answeredAt: Date.now(),
    newestAt,
    isBehind: false
  })
}

/** Whether an answer that ended early goes back to what is known, so that nothing is missing between. */
const reaches = ({ found, lookedBackTo }: EventPage, search: Search, lastAt: number) => {
  const known = new Set(search.found.map(({ id }) => id))
  const back = lookedBackTo === null ? Number.POSITIVE_INFINITY : new Date(lookedBackTo).getTime()
  return back <= lastAt || found.some(({ id }) => known.has(id))
}

/** What is new since it was asked last, before all that was found. */
const newest = async (query: EventQuery, search: Search, lastAt: number, signal: AbortSignal) => {
  const newestAt = serverNow()
  const recent = new Date(lastAt - margin).toISOString()
  const since = query.since !== undefined && query.since > recent ? query.since : recent
  const answer = await askFor({ ...query, since, limit: most }, signal)
  const isJoined = answer.next === undefined || reaches(answer, search, lastAt)
  const next = renewed(search, answer)
  return (before: SearchState): SearchState =>
    isJoined && next.added <= mostAdded
      ? { ...before, search: next, answeredAt: Date.now(), newestAt }
      : { ...before, isBehind: true }
}

/** Asks again for the newest, as long as the page is live. */
export const usePoll = ({ asked, current, isLive, restart, setState }: Poll) => {
  useEffect(() => {
    if (!isLive) return
    const controller = new AbortController()
    const { signal } = controller
    const query = JSON.parse(asked) as EventQuery
    let timer: ReturnType<typeof setTimeout>

    const askAgain = async (search: Search) => {
      const { isBehind, isHeld, newestAt } = current.current
      const isKept = search.pages > 1 || isHeld
      // A story is read from its beginning: what is new is at its end, where going on finds it.
      if (isKept && (isBehind || search.direction === "forward")) return
      try {
        const change = await (isKept ? newest(query, search, newestAt, signal) : first(query, signal))
        setState((before) =>
          before.isSearching || before.search !== search ? before : { ...change(before), problem: undefined }
        )
      } catch (error) {
        const problem = signal.aborted ? undefined : problemOf(error)
        if (problem !== undefined) setState((before) => ({ ...before, problem }))
      }
    }
    const poll = async () => {
      const { isSearching, problem, search } = current.current
      if (!isSearching && !document.hidden) {
        if (search !== undefined) await askAgain(search)
        else if (problem?.isUnreachable === true) restart()
      }
      if (!signal.aborted) schedule()
    }
    const schedule = () => {
      const isMuch = (current.current.search?.looked ?? 0) > muchToLookAt
      timer = setTimeout(() => void poll(), isMuch ? slowly : every)
    }
    schedule()
    return () => {
      controller.abort()
      clearTimeout(timer)
    }
  }, [asked, isLive, current, setState, restart])
}

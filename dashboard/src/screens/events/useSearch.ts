/** A search as it goes on: page after page, for two seconds by itself, then as long as somebody wants. */
import { useCallback, useEffect, useRef, useState } from "react"
import { useLive } from "../../api/live.ts"
import { Problem, request } from "../../api/request.ts"
import { signIn } from "../../api/session.ts"
import type { EventPage, EventQuery, EventSummary } from "../../api/wire.ts"

/** Events of a page. */
const page = 50

/** A search goes on by itself for so long, in milliseconds. */
const patience = 2_000

/** New events are looked for so often, in milliseconds; less often where each look is at many. */
const pollEvery = 2_500
const slowPollEvery = 10_000
const muchToLookAt = 5_000

/** A transaction may commit so long after it has stored an event, in milliseconds; one that takes longer is seen when the list is loaded anew. */
const margin = 10_000

export interface Search {
  readonly found: ReadonlyArray<EventSummary>
  readonly looked: number
  readonly lookedBackTo: string | null
  readonly direction: EventPage["direction"]
  /** Where it goes on; undefined when all was looked at. */
  readonly next: string | undefined
  /** How many pages were asked for. */
  readonly pages: number
}

export interface SearchState {
  readonly search: Search | undefined
  readonly isSearching: boolean
  readonly problem: Problem | undefined
  /** When the last answer came, in milliseconds since 1970. */
  readonly answeredAt: number
  /** When the newest events were asked for last, in milliseconds since 1970. */
  readonly newestAt: number
  /** There are more new ones than could be put before those that were found. */
  readonly isBehind: boolean
}

const nothing: SearchState = {
  search: undefined,
  isSearching: true,
  problem: undefined,
  answeredAt: 0,
  newestAt: 0,
  isBehind: false
}

const idsOf = (rows: ReadonlyArray<EventSummary>) => new Set(rows.map(({ id }) => id))

const joined = (before: Search | undefined, { direction, found, looked, lookedBackTo, next }: EventPage): Search => {
  const known = idsOf(before?.found ?? [])
  return {
    found: [...(before?.found ?? []), ...found.filter(({ id }) => !known.has(id))],
    looked: (before?.looked ?? 0) + looked,
    lookedBackTo: lookedBackTo ?? before?.lookedBackTo ?? null,
    direction,
    next,
    pages: (before?.pages ?? 0) + 1
  }
}

/** New events before those that are known, which get their newest content. */
const renewed = (search: Search, { found }: EventPage): Search => {
  const known = idsOf(search.found)
  const newest = new Map(found.map((event) => [event.id, event]))
  const fresh = found.filter(({ id }) => !known.has(id))
  return {
    ...search,
    found: [...fresh, ...search.found.map((event) => newest.get(event.id) ?? event)],
    looked: search.looked + fresh.length
  }
}

const askFor = (query: EventQuery, signal: AbortSignal) => request("GET", "/events", { query }, signal)

const problemOf = (error: unknown): Problem | undefined => {
  if (!(error instanceof Problem)) return undefined
  if (error.status === 401) signIn.wanted()
  return error
}

/**
 * @param query - which events; undefined: none are asked for
 * @param isHeld - whether somebody is at the list: what is shown is kept then, and what is new comes before it
 * @returns the search so far, `goOn` for another page, `stop`, and `restart` from the newest
 */
export const useSearch = (query: EventQuery | undefined, isHeld: boolean) => {
  const { isLive } = useLive()
  const [state, setState] = useState(nothing)
  const running = useRef<AbortController | undefined>(undefined)
  const current = useRef({ ...state, isHeld })
  current.current = { ...state, isHeld }
  const asked = query === undefined ? undefined : JSON.stringify(query)

  const run = useCallback(
    async (from: Search | undefined, isPatient: boolean) => {
      if (asked === undefined) return
      running.current?.abort()
      const controller = new AbortController()
      running.current = controller
      const wanted = (from?.found.length ?? 0) + page
      const began = Date.now()
      let search = from
      setState((before) => ({
        ...before,
        isSearching: true,
        problem: undefined,
        ...(from === undefined ? { isBehind: false, newestAt: began } : {})
      }))
      try {
        do {
          const after = search?.next === undefined ? {} : { after: search.next }
          const limit = Math.max(1, wanted - (search?.found.length ?? 0))
          search = joined(
            search,
            await askFor({ ...(JSON.parse(asked) as EventQuery), ...after, limit }, controller.signal)
          )
          const seen = search
          setState((before) => ({ ...before, search: seen, answeredAt: Date.now() }))
        } while (
          search.next !== undefined &&
          search.found.length < wanted &&
          (isPatient || Date.now() - began < patience)
        )
        setState((before) => ({ ...before, isSearching: false }))
      } catch (error) {
        if (controller.signal.aborted) return
        setState((before) => ({ ...before, isSearching: false, problem: problemOf(error) }))
      }
    },
    [asked]
  )

  useEffect(() => {
    setState(nothing)
    void run(undefined, false)
    return () => running.current?.abort()
  }, [run])

  usePoll(asked, isLive, current, setState)

  const stop = useCallback(() => {
    running.current?.abort()
    setState((before) => ({ ...before, isSearching: false }))
  }, [])
  return {
    ...state,
    goOn: useCallback(() => void run(current.current.search, true), [run]),
    restart: useCallback(() => void run(undefined, false), [run]),
    stop
  }
}

/** Asks again for the newest, as long as the page is live. */
const usePoll = (
  asked: string | undefined,
  isLive: boolean,
  current: { readonly current: SearchState & { readonly isHeld: boolean } },
  setState: (change: (before: SearchState) => SearchState) => void
) => {
  useEffect(() => {
    if (asked === undefined || !isLive) return
    const controller = new AbortController()
    const query = JSON.parse(asked) as EventQuery
    let timer: ReturnType<typeof setTimeout>

    const first = async (search: Search) => {
      const newestAt = Date.now()
      const answer = await askFor({ ...query, limit: page }, controller.signal)
      setState((before) =>
        before.search === search
          ? { ...before, search: joined(undefined, answer), answeredAt: Date.now(), newestAt, isBehind: false }
          : before
      )
    }
    const newest = async (search: Search) => {
      const newestAt = Date.now()
      const recent = new Date(current.current.newestAt - margin).toISOString()
      const since = query.since !== undefined && query.since > recent ? query.since : recent
      const answer = await askFor({ ...query, since, limit: 4 * page }, controller.signal)
      setState((before) => {
        if (before.search !== search) return before
        if (answer.next !== undefined) return { ...before, isBehind: true }
        return { ...before, search: renewed(search, answer), answeredAt: Date.now(), newestAt }
      })
    }
    const poll = async () => {
      const { isSearching, search } = current.current
      if (search !== undefined && !isSearching && !document.hidden) {
        const isDeep = search.pages > 1 || current.current.isHeld
        const ask = isDeep ? newest : first
        // A story is read from its beginning: what is new is at its end, where going on finds it.
        if (!isDeep || (search.direction === "backward" && !current.current.isBehind)) {
          await ask(search).then(
            () => setState((before) => (before.problem === undefined ? before : { ...before, problem: undefined })),
            (error: unknown) => {
              const problem = controller.signal.aborted ? undefined : problemOf(error)
              if (problem !== undefined) setState((before) => ({ ...before, problem }))
            }
          )
        }
      }
      if (!controller.signal.aborted) schedule()
    }
    const schedule = () => {
      const isMuch = (current.current.search?.looked ?? 0) > muchToLookAt
      timer = setTimeout(() => void poll(), isMuch ? slowPollEvery : pollEvery)
    }
    schedule()
    return () => {
      controller.abort()
      clearTimeout(timer)
    }
  }, [asked, isLive, current, setState])
}

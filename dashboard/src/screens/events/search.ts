/** What a search found so far, and how the next answer joins it. */
import { Problem, request } from "../../api/request.ts"
import { signIn } from "../../api/session.ts"
import type { EventPage, EventQuery, EventSummary } from "../../api/wire.ts"

/** Events of a page. */
export const page = 50

export interface Search {
  readonly found: ReadonlyArray<EventSummary>
  readonly looked: number
  readonly lookedBackTo: string | null
  readonly direction: EventPage["direction"]
  /** Where it goes on; undefined when all was looked at. */
  readonly next: string | undefined
  /** How many pages were asked for. */
  readonly pages: number
  /** How many new ones were put before those that were found. */
  readonly added: number
}

export interface SearchState {
  readonly search: Search | undefined
  readonly isSearching: boolean
  readonly problem: Problem | undefined
  /** When the last answer came, in milliseconds since 1970. */
  readonly answeredAt: number
  /** When the newest events were asked for last, in milliseconds since 1970 as the server has them. */
  readonly newestAt: number
  /** There are more new ones than could be put before those that were found. */
  readonly isBehind: boolean
}

const idsOf = (rows: ReadonlyArray<EventSummary>) => new Set(rows.map(({ id }) => id))

export const joined = (
  before: Search | undefined,
  { direction, found, looked, lookedBackTo, next }: EventPage
): Search => {
  const known = idsOf(before?.found ?? [])
  return {
    found: [...(before?.found ?? []), ...found.filter(({ id }) => !known.has(id))],
    looked: (before?.looked ?? 0) + looked,
    lookedBackTo: lookedBackTo ?? before?.lookedBackTo ?? null,
    direction,
    next,
    pages: (before?.pages ?? 0) + 1,
    added: before?.added ?? 0
  }
}

/** Ids are in the order of the search, which goes from the last to the first. */
const lastFirst = (a: EventSummary, b: EventSummary) => (a.id < b.id ? 1 : -1)

/** New events among those that are known, which get their newest content. What is behind the last of them is left to who goes on. */
export const renewed = (search: Search, { found }: EventPage): Search => {
  const known = idsOf(search.found)
  const newest = new Map(found.map((event) => [event.id, event]))
  const last = search.found.at(-1)?.id
  const fresh = found.filter(({ id }) => !known.has(id) && (last === undefined || id > last))
  return {
    ...search,
    found: [...fresh, ...search.found.map((event) => newest.get(event.id) ?? event)].sort(lastFirst),
    looked: search.looked + fresh.length,
    added: search.added + fresh.length
  }
}

export const askFor = (query: EventQuery, signal: AbortSignal) => request("GET", "/events", { query }, signal)

export const problemOf = (error: unknown): Problem | undefined => {
  if (!(error instanceof Problem)) return undefined
  if (error.status === 401) signIn.wanted(error)
  return error
}

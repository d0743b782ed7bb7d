/**
 * Looks for events slice by slice, until enough are found, or as much as may be was looked at.
 *
 * @internal
 */
import { Clock, Effect } from "effect"
import type { StoreError } from "../errors/StoreErrors.ts"
import type { EventQuery, EventSearchStore, Slice } from "../stores/EventSearchStore.ts"
import type { EventSummary } from "../stores/EventSummary.ts"
import { steadyMillisUnsafe } from "../stores/steadyMillis.ts"
import { cursorOf, type Range, restOf } from "./eventRange.ts"

/** How much is looked at and found at most. */
export interface SearchLimits {
  readonly budget: number
  readonly limit: number
}

/** What a search came to. */
export interface Search {
  readonly found: ReadonlyArray<EventSummary>
  readonly looked: number
  readonly lastAt: Date | null
  readonly next: string | undefined
}

/** Rows that a statement looks at at most: what a row costs follows from what is asked of it. */
const largestSlice = ({ consumer, payloadText, statuses }: EventQuery) => {
  const ofDeliveries = consumer === undefined && statuses === undefined ? 50_000 : 10_000
  return payloadText === undefined ? ofDeliveries : Math.min(20_000, ofDeliveries)
}

/** The first slice is small: what is asked for may be common, or expensive. */
const firstSlice = 1000

/** A statement that took less milliseconds is followed by a larger one, one that took more by a smaller one. */
const [quick, slow] = [25, 150]

/** Milliseconds after which no more slices are begun: people wait for it. */
const patienceMillis = 1000

/** A story is over when so many rows have nothing of it: what is left is looked at when somebody asks. */
const storyGap = 2000

const nextSlice = (rows: number, millis: number, largest: number) =>
  Math.min(largest, Math.max(500, millis < quick ? rows * 4 : millis > slow ? Math.floor(rows / 2) : rows))

/** Whether an answer is given now, though there is more to look at. */
const isEnough = (found: number, looked: number, { budget, limit }: SearchLimits) => found >= limit || looked >= budget

/** A story's end, as far as one can tell. */
const hasEnded = (range: Range, found: number, slice: Slice) =>
  range.direction === "forward" && found > 0 && slice.found.length === 0 && slice.looked >= storyGap

export const findEvents = Effect.fnUntraced(function* (
  look: (request: Parameters<EventSearchStore["Service"]["slice"]>[0]) => Effect.Effect<Slice, StoreError>,
  query: EventQuery,
  start: Range,
  limits: SearchLimits
): Effect.fn.Return<Search, StoreError> {
  const clock = yield* Clock.Clock
  const began = steadyMillisUnsafe(clock)
  const largest = largestSlice(query)
  const found: Array<EventSummary> = []
  let [looked, rows] = [0, Math.min(largest, Math.max(limits.limit, firstSlice))]
  let lastAt: Date | null = null
  for (let range = start; ; ) {
    const before = steadyMillisUnsafe(clock)
    const request = {
      query,
      ...range,
      rows: Math.min(rows, limits.budget - looked),
      limit: limits.limit - found.length
    }
    const slice = yield* look(request)
    found.push(...slice.found)
    looked += slice.looked
    lastAt = slice.lastAt ?? lastAt
    const rest = slice.doneTo === undefined ? undefined : restOf(range, slice.doneTo)
    if (rest === undefined) return { found, looked, lastAt, next: undefined }
    const now = steadyMillisUnsafe(clock)
    if (
      isEnough(found.length, looked, limits) ||
      hasEnded(range, found.length, slice) ||
      now - began > patienceMillis
    ) {
      return { found, looked, lastAt, next: cursorOf(rest) }
    }
    const isStory = range.direction === "forward" && found.length > 0
    range = rest
    rows = isStory ? storyGap : nextSlice(rows, now - before, largest)
  }
})

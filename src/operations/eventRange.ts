/**
 * Which ids a search has to look at, in which direction, and where it goes on.
 *
 * @internal
 */
import { firstIdAt, highestId, idAfter, idBefore, lowestId, madeAt } from "../model/eventIdOrder.ts"
import { isUuid } from "../model/storable.ts"
import type { EventQuery, SliceRequest } from "../stores/EventSearchStore.ts"

/** Ids that are left to look at. */
export interface Range extends Pick<SliceRequest, "direction" | "from" | "to"> {}

/**
 * How far the clocks of those who make ids are from the database's at most, in milliseconds: an id is made by who publishes, the time
 * that an event was stored is the database's.
 */
export const clockMargin = 300_000

const largest = (...ids: ReadonlyArray<string>) => ids.reduce((a, b) => (a < b ? b : a))

const smallest = (...ids: ReadonlyArray<string>) => ids.reduce((a, b) => (a < b ? a : b))

/** When the story begins that a query is about, if its id says so. */
const beginningOf = ({ causationId, correlationId }: EventQuery): number | undefined => {
  const times = [correlationId, causationId].flatMap((id) => {
    const time = id !== undefined && isUuid(id) ? madeAt(id) : undefined
    return time === undefined ? [] : [time]
  })
  return times.length === 0 ? undefined : Math.max(...times)
}

/**
 * All ids that a query can be about, as far as ids tell the time. What belongs to a story is stored after its beginning: that is where the
 * search starts then, and goes forward.
 */
export const rangeOf = (query: EventQuery): Range => {
  const { since, until } = query
  const beginning = beginningOf(query)
  const lower = [since?.getTime(), beginning].flatMap((time) => (time === undefined ? [] : [time - clockMargin]))
  return {
    direction: beginning === undefined ? "backward" : "forward",
    from: largest(lowestId, ...lower.map(firstIdAt)),
    to:
      until === undefined
        ? highestId
        : smallest(highestId, idBefore(firstIdAt(until.getTime() + clockMargin + 1)) ?? lowestId)
  }
}

/** What is left of a range behind an id; undefined when nothing is. */
export const restOf = (range: Range, doneTo: string): Range | undefined => {
  const next = range.direction === "backward" ? idBefore(doneTo) : idAfter(doneTo)
  if (next === undefined) return undefined
  const rest = range.direction === "backward" ? { ...range, to: next } : { ...range, from: next }
  return rest.from <= rest.to ? rest : undefined
}

/** Where a search goes on, as a text. */
export const cursorOf = ({ direction, from, to }: Range): string =>
  direction === "backward" ? `b${to.replaceAll("-", "")}` : `f${from.replaceAll("-", "")}`

/** A range from a cursor on; undefined when the text is none, or one of a search in the other direction. */
export const rangeFrom = (range: Range, cursor: string): Range | undefined => {
  const [, direction, digits = ""] = /^([bf])([0-9a-f]{32})$/.exec(cursor) ?? []
  if (direction !== (range.direction === "backward" ? "b" : "f")) return undefined
  const id = digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-")
  return range.direction === "backward"
    ? { ...range, to: smallest(range.to, id) }
    : { ...range, from: largest(range.from, id) }
}

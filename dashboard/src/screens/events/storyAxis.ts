/** Where moments stand on a line when long gaps, in which nothing happens, are made short. */
import type { Lane } from "./storyLane.ts"

/** A gap that is made short. Positions are shares of the line, 0 to 1. */
export interface Gap {
  readonly left: number
  readonly right: number
  /** How long it is, in milliseconds. */
  readonly millis: number
}

export interface Axis {
  readonly from: number
  readonly to: number
  readonly gaps: ReadonlyArray<Gap>
  /** Where a moment stands, 0 to 1. */
  readonly place: (at: number) => number
}

/** Longer gaps are made short, in milliseconds. */
const longGap = 30_000

/** How much of the line short-made gaps take: each so much, all together not more than that. */
const gapShare = 0.12
const allGapsShare = 0.6

/** So much of the line is given to steps alike, so that what takes no time is seen apart. */
const evenShare = 0.35
const stepShare = 0.025

const momentsOf = (lanes: ReadonlyArray<Lane>, from: number, to: number) => {
  const moments = lanes.flatMap(({ endedAt, segments }) => [
    ...segments.flatMap((segment) => [segment.from, segment.to]),
    ...(endedAt === undefined ? [] : [endedAt])
  ])
  return [...new Set([from, ...moments.filter((at) => at > from && at < to), to])].sort((a, b) => a - b)
}

/**
 * @param from - when the event was published, in milliseconds since 1970
 * @param now - in milliseconds since 1970: the end, as long as something is open
 */
export const axisOf = (lanes: ReadonlyArray<Lane>, from: number, now: number): Axis => {
  const ends = lanes.flatMap(({ endedAt, segments }) => [endedAt ?? now, ...segments.map((segment) => segment.to)])
  const to = Math.max(from + 1, ...ends)
  const moments = momentsOf(lanes, from, to)
  const steps = moments.slice(1).map((at, index) => at - moments[index]!)
  const long = steps.filter((millis) => millis > longGap).length
  const short = steps.length - long
  const forLong = short === 0 ? 1 : Math.min(allGapsShare, long * gapShare)
  const even = Math.min(evenShare, short * stepShare) * (1 - forLong)
  const shortMillis = steps.reduce((sum, millis) => sum + (millis > longGap ? 0 : millis), 0)
  const widths = steps.map((millis) =>
    millis > longGap ? forLong / long : even / short + ((1 - forLong - even) * millis) / shortMillis
  )
  const places = [0]
  for (const width of widths) places.push(places.at(-1)! + width)
  return {
    from,
    to,
    // A line that is one gap has nothing that it could be short beside.
    gaps: steps.flatMap((millis, index) =>
      millis > longGap && steps.length > 1 ? [{ left: places[index]!, right: places[index + 1]!, millis }] : []
    ),
    place: (at) => {
      if (at <= from) return 0
      if (at >= to) return 1
      const index = moments.findLastIndex((moment) => moment <= at)
      const share = (at - moments[index]!) / steps[index]!
      return Math.min(1, places[index]! + share * widths[index]!)
    }
  }
}

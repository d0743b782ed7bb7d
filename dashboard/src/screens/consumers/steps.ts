/** What one consumer did and had, as points of charts. */
import type { Distribution, StatisticPoint } from "../../api/wire.ts"
import type { Range } from "../../parts/range.ts"
import { quantile } from "../../words/numbers.ts"
import { everyStep } from "./rates.ts"

const minute = 60_000

/** How long each point of a chart is, in milliseconds. */
export const chartSteps: Readonly<Record<Range, number>> = {
  "15m": minute,
  "1h": minute,
  "6h": 5 * minute,
  "24h": 15 * minute,
  "7d": 60 * minute
}

/** How often figures of a span are asked for, in milliseconds: of long ones little changes. */
export const askedEvery = (step: number): number => (step > 5 * minute ? 60_000 : 15_000)

export interface Step {
  readonly at: number
  readonly processed: number
  readonly retried: number
  readonly skipped: number
  readonly gaveUp: number
  readonly duration: Distribution | undefined
  readonly lag: Distribution | undefined
}

const together = (distributions: ReadonlyArray<Distribution>): Distribution | undefined => {
  const [first, ...rest] = distributions
  if (first === undefined) return undefined
  return rest.reduce(
    (sum, each) => ({
      bounds: sum.bounds,
      counts: sum.counts.map((count, index) => count + (each.counts[index] ?? 0)),
      sum: sum.sum + each.sum
    }),
    first
  )
}

const sumOf = (points: ReadonlyArray<StatisticPoint>, of: (point: StatisticPoint) => number) =>
  points.reduce((sum, point) => sum + of(point), 0)

/** Points as told, added up to steps of a chart; those in which nothing happened are there too. */
export const stepsOf = (
  points: ReadonlyArray<StatisticPoint>,
  from: number,
  to: number,
  step: number
): ReadonlyArray<Step> =>
  everyStep(points, from, to, step).map(({ at, points: told }) => ({
    at,
    processed: sumOf(told, ({ processed }) => processed),
    retried: sumOf(told, ({ retried }) => retried),
    skipped: sumOf(told, ({ skipped }) => skipped),
    gaveUp: sumOf(told, ({ gaveUp }) => gaveUp),
    duration: together(told.map(({ duration }) => duration)),
    lag: together(told.map(({ lag }) => lag))
  }))

/** A share's bound in milliseconds; null where nothing ran. */
export const millisOf = (distribution: Distribution | undefined, share: number): number | null => {
  const seconds = distribution === undefined ? undefined : quantile(distribution, share)
  return seconds === undefined ? null : seconds * 1_000
}

export const allOf = (distributions: ReadonlyArray<Distribution | undefined>): Distribution | undefined =>
  together(distributions.filter((each) => each !== undefined))

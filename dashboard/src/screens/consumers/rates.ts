/** Sums of what consumers did, and steps in which nothing happened: those are not told. */
import type { ConsumerRate } from "../../api/wire.ts"
import { percent } from "../../words/numbers.ts"

export interface Totals {
  readonly processed: number
  readonly retried: number
  readonly skipped: number
  readonly gaveUp: number
  /** Attempts that ended, whichever way. */
  readonly attempts: number
}

type Counts = Omit<Totals, "attempts">

const none: Totals = { processed: 0, retried: 0, skipped: 0, gaveUp: 0, attempts: 0 }

const plus = (sum: Totals, { gaveUp, processed, retried, skipped }: Counts): Totals => ({
  processed: sum.processed + processed,
  retried: sum.retried + retried,
  skipped: sum.skipped + skipped,
  gaveUp: sum.gaveUp + gaveUp,
  attempts: sum.attempts + processed + retried + skipped + gaveUp
})

export const totalsOf = (rate: Pick<ConsumerRate, "points"> | undefined): Totals =>
  (rate?.points ?? []).reduce(plus, none)

export const failedOf = ({ gaveUp, retried }: Counts): number => gaveUp + retried

/** The share of attempts that failed, as text. */
export const failureText = (rate: ConsumerRate | undefined): string => {
  const totals = totalsOf(rate)
  return percent(failedOf(totals), totals.attempts)
}

const minute = 60_000

/** How long each step of a list of consumers' rates is: there are about 60, each of whole minutes. */
export const rateStepOf = (from: number, to: number): number =>
  Math.max(1, Math.ceil((to - from) / 60 / minute)) * minute

/**
 * Each step of a span with what was told of it, and those between.
 *
 * @param step - in milliseconds; steps begin at multiples of it
 */
export const everyStep = <Point extends { readonly at: string }>(
  points: ReadonlyArray<Point>,
  from: number,
  to: number,
  step: number
): ReadonlyArray<{ readonly at: number; readonly points: ReadonlyArray<Point> }> => {
  const first = Math.floor(from / step) * step
  const steps = Array.from({ length: Math.max(0, Math.ceil((to - first) / step)) }, (_, index) => ({
    at: first + index * step,
    points: [] as Array<Point>
  }))
  for (const point of points) {
    steps[Math.floor((new Date(point.at).getTime() - first) / step)]?.points.push(point)
  }
  return steps
}

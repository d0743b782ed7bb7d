/** Failed attempts by hour, as bars of a day or of thirty. */
import type { ErrorGroup } from "../../api/wire.ts"
import { useNow } from "../../words/clock.ts"
import { exact } from "../../words/numbers.ts"

const hour = 3_600_000

export type Hourly = ErrorGroup["hourly"]

export type Span = "24h" | "30d"

export interface Bar {
  readonly attempts: number
  readonly from: number
  readonly to: number
}

/** This hour: bars must not be made anew each second. */
export const useHour = (): number => Math.floor(useNow() / hour) * hour

/** Sums by step up to now. */
export const barsOf = (hourly: Hourly, span: Span, now: number): ReadonlyArray<Bar> => {
  const step = span === "24h" ? hour : 24 * hour
  const count = span === "24h" ? 24 : 30
  const end = Math.floor(now / hour) * hour + hour
  const sums = Array.from({ length: count }, () => 0)
  for (const { at, attempts } of hourly) {
    const index = Math.floor((new Date(at).getTime() - (end - count * step)) / step)
    if (index >= 0 && index < count) sums[index]! += attempts
  }
  return sums.map((attempts, index) => ({
    attempts,
    from: end - (count - index) * step,
    to: end - (count - index - 1) * step
  }))
}

export const mostOf = (bars: ReadonlyArray<Bar>): number => Math.max(1, ...bars.map(({ attempts }) => attempts))

export const totalOf = (bars: ReadonlyArray<Bar>): number => bars.reduce((sum, { attempts }) => sum + attempts, 0)

export const failedText = (attempts: number): string =>
  `${exact(attempts)} failed ${attempts === 1 ? "attempt" : "attempts"}`

/** All bars in words, for those who hear the page. */
export const barsText = (bars: ReadonlyArray<Bar>, span: Span): string => {
  const within = span === "24h" ? "24 hours" : "30 days"
  const total = totalOf(bars)
  return total === 0
    ? `no failed attempt in ${within}`
    : `${failedText(total)} in ${within}, at most ${exact(mostOf(bars))} in ${span === "24h" ? "an hour" : "a day"}`
}

/**
 * Whether what waits longest has waited longer than some minutes ago.
 *
 * @internal
 */
import type { Gauge } from "../../stores/StatisticStore.ts"
import type { ConsumerSummary } from "../model/consumers.ts"

export type LagTrend = "rising" | "falling"

/** Gauges of so long are looked at, in milliseconds. */
export const trendMillis = 600_000

/** Those that are younger say nothing of where it goes. */
const youngMillis = 60_000

/** What differs by less is the same. */
const marginMillis = 15_000

/** Two points make a direction; one may have been a moment. */
const fewest = 2

const ageIn = ({ at, oldestAt }: Gauge): number => (oldestAt === null ? 0 : at.getTime() - oldestAt.getTime())

const trendOf = (millis: number, ages: ReadonlyArray<number>): LagTrend | undefined => {
  if (ages.length < fewest) return undefined
  if (millis > Math.max(...ages) + marginMillis) return "rising"
  return millis < Math.min(...ages) - marginMillis ? "falling" : undefined
}

/**
 * Consumers whose oldest due delivery is older, or younger, now than by each gauge of the last minutes.
 *
 * @param gauges - of the last `trendMillis`
 * @param now - in milliseconds since 1970
 */
export const lagTrendsOf = (
  consumers: ReadonlyArray<ConsumerSummary>,
  gauges: ReadonlyArray<Gauge>,
  now: number
): ReadonlyMap<string, LagTrend> => {
  const byConsumer = Map.groupBy(
    gauges.filter(({ at }) => at.getTime() <= now - youngMillis),
    ({ consumer }) => consumer
  )
  return new Map(
    consumers.flatMap(({ consumer, depth }) => {
      const trend = trendOf(depth.oldestMillis, (byConsumer.get(consumer) ?? []).map(ageIn))
      return trend === undefined ? [] : [[consumer, trend] as const]
    })
  )
}

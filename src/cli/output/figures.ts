/**
 * Figures of an hour in little room.
 *
 * @internal
 */
import type { ConsumerRate, Distribution } from "../../admin/model/statistics.ts"

const levels = "▁▂▃▄▅▆▇█"

/** Columns of a sparkline. */
const columns = 20

const hourMillis = 3_600_000

/** What was processed in the hour before `to`, as a line of bars; what was never done has none. */
export const sparkline = (points: ConsumerRate["points"], to: Date): string => {
  const sums = Array.from({ length: columns }, () => 0)
  for (const { at, processed } of points) {
    const index = columns - 1 - Math.floor(((to.getTime() - at.getTime()) / hourMillis) * columns)
    if (index >= 0 && index < columns) sums[index] = (sums[index] ?? 0) + processed
  }
  const most = Math.max(...sums)
  if (most === 0) return ""
  return sums.map((sum) => (sum === 0 ? " " : levels[Math.ceil((sum / most) * levels.length) - 1])).join("")
}

/** The share of attempts that failed, in per cent; undefined when there were none. */
export const failedShare = (points: ConsumerRate["points"]): number | undefined => {
  let [all, failed] = [0, 0]
  for (const { gaveUp, processed, retried, skipped } of points) {
    all += processed + retried + skipped + gaveUp
    failed += retried + gaveUp
  }
  return all === 0 ? undefined : (100 * failed) / all
}

/** How long `share` of them took at most, in milliseconds: within its class in proportion; undefined when there are none. */
export const quantile = ({ bounds, counts }: Distribution, share: number): number | undefined => {
  const all = counts.reduce((sum, each) => sum + each, 0)
  if (all === 0) return undefined
  let before = 0
  for (const [index, each] of counts.entries()) {
    if (each > 0 && before + each >= all * share) {
      const from = index === 0 ? 0 : (bounds[index - 1] ?? 0)
      const to = bounds[index] ?? from
      return 1000 * (from + (to - from) * ((all * share - before) / each))
    }
    before += each
  }
  return undefined
}

/** How a consumer is, in words, and which of them needs somebody first. */
import type { Consumer, ConsumerRate, Depth } from "../../api/wire.ts"
import { exact, percent, short } from "../../words/numbers.ts"
import type { State } from "../../words/states.ts"
import { failedOf, totalsOf } from "./rates.ts"

export interface Condition {
  readonly state: State
  readonly word: string
}

/** Deliveries of a kind are counted up to this many. */
const mostCounted = 10_000

/** A count of deliveries, as far as it was counted. */
export const counted = (count: number): string => (count >= mostCounted ? `${exact(mostCounted)}+` : short(count))

/** All that is not settled and has not given up. */
export const openOf = ({ delayed, leased, parked, ready, retrying }: Depth): number =>
  ready + delayed + retrying + leased + parked

const processes = (count: number) => (count === 1 ? "1 process" : `${exact(count)} processes`)

/** Whether it was retired: it is subscribed to nothing, and nobody serves it. */
export const isRetired = ({ servedBy, subscriptions }: Consumer): boolean =>
  servedBy.length === 0 && subscriptions.length === 0

/** What is said first of it. */
export const conditionOf = (consumer: Consumer): Condition => {
  const { depth, pausedAt, servedBy } = consumer
  if (isRetired(consumer)) return { state: "done", word: "retired" }
  if (pausedAt !== null) return { state: "paused", word: "paused" }
  if (servedBy.length === 0) return { state: "retrying", word: "nobody serves it" }
  if (depth.isRecovering) return { state: "retrying", word: "careful after a crash" }
  if (depth.isHeld) return { state: "waiting", word: "held" }
  return { state: "done", word: `serving in ${processes(servedBy.length)}` }
}

/** Older than this is late, in milliseconds. */
const late = 60_000

/** Whether the oldest open delivery is late, and nobody wants it so. */
export const isLate = ({ depth, pausedAt }: Consumer): boolean => pausedAt === null && depth.oldestMillis > late

const tierOf = (consumer: Consumer, rate: ConsumerRate | undefined): number => {
  const { depth, pausedAt, servedBy } = consumer
  const totals = totalsOf(rate)
  const open = openOf(depth)
  if (totals.gaveUp > 0 && failedOf(totals) > totals.attempts / 5) return 6
  if (servedBy.length === 0 && open > 0) return 5
  if (isLate(consumer)) return 4
  if (depth.deadLetters > 0 || depth.parked > 0 || depth.retrying > 0) return 3
  if (pausedAt !== null) return 2
  if (isRetired(consumer)) return -1
  return depth.isRecovering || depth.isHeld || servedBy.length === 0 ? 1 : 0
}

/** The worst first; those that are alike by what they have to do, then by name. */
export const worstFirst = (
  consumers: ReadonlyArray<Consumer>,
  rates: ReadonlyMap<string, ConsumerRate>
): ReadonlyArray<Consumer> => {
  const ranked = consumers.map((consumer) => ({
    consumer,
    tier: tierOf(consumer, rates.get(consumer.consumer)),
    weight: openOf(consumer.depth) + consumer.depth.deadLetters
  }))
  return ranked
    .toSorted(
      (one, other) =>
        other.tier - one.tier ||
        other.weight - one.weight ||
        one.consumer.consumer.localeCompare(other.consumer.consumer)
    )
    .map(({ consumer }) => consumer)
}

/** The share of attempts that failed, as text. */
export const failureText = (rate: ConsumerRate | undefined): string => {
  const totals = totalsOf(rate)
  return percent(failedOf(totals), totals.attempts)
}

/** How a consumer is, in a state and a word, and how bad that is. */
import type { Overview } from "../../api/wire.ts"
import { duration } from "../../words/numbers.ts"
import type { State } from "../../words/states.ts"
import { openOf } from "./depths.ts"
import { filled, hour, minute, stepsOf } from "./steps.ts"

type Consumer = Overview["consumers"][number]
type Rate = Overview["rates"][number]

/** A consumer that is so far behind is late, in milliseconds. */
const late = 60_000

export interface Health {
  readonly consumer: string
  readonly state: State
  readonly word: string
  readonly open: number
  readonly oldestMillis: number
  /** Settled by minute in the last hour. */
  readonly settled: ReadonlyArray<number>
  readonly attempts: number
  readonly failures: number
  /** In the last hour. */
  readonly gaveUp: number
  readonly duration: Rate["duration"] | undefined
  /** The higher, the worse. */
  readonly rank: number
}

const stateOf = (
  { coolUntil, depth, pausedAt, servedBy, subscriptions }: Consumer,
  gaveUpLately: number,
  now: number
): readonly [rank: number, state: State, word: string] => {
  const open = openOf(depth)
  if (servedBy.length === 0 && subscriptions.length > 0 && open > 0 && pausedAt === null)
    return [6, "gave-up", "nobody serves"]
  if (gaveUpLately > 0) return [5, "gave-up", "giving up"]
  if (pausedAt === null && depth.oldestMillis >= late) return [4, "retrying", `${duration(depth.oldestMillis)} behind`]
  if (coolUntil !== null && new Date(coolUntil).getTime() > now) return [3, "retrying", "careful"]
  if (depth.retrying > 0) return [2, "retrying", "retrying"]
  if (pausedAt !== null) return [1, "paused", "paused"]
  if (depth.parked > 0) return [1, "parked", "parked behind others"]
  if (subscriptions.length === 0) return [0, "done", "ended"]
  if (servedBy.length === 0) return [0, "paused", "not served"]
  return [0, "running", open > 0 ? "at work" : "up to date"]
}

const sum = (values: ReadonlyArray<number>) => values.reduce((total, value) => total + value, 0)

/** @param at - now, in milliseconds since 1970 */
const healthOf = (consumer: Consumer, rate: Rate | undefined, at: number): Health => {
  const points = rate?.points ?? []
  const times = stepsOf(at - hour, at, minute, at)
  const lately = points.filter((point) => new Date(point.at).getTime() >= at - 15 * minute)
  const [rank, state, word] = stateOf(consumer, sum(lately.map(({ gaveUp }) => gaveUp)), at)
  const failures = sum(points.map(({ gaveUp, retried }) => gaveUp + retried))
  return {
    consumer: consumer.consumer,
    state,
    word,
    rank,
    open: openOf(consumer.depth),
    oldestMillis: consumer.depth.oldestMillis,
    settled: filled(points, times, ({ processed, skipped }) => processed + skipped),
    failures,
    attempts: failures + sum(points.map(({ processed }) => processed)),
    gaveUp: sum(points.map(({ gaveUp }) => gaveUp)),
    duration: rate?.duration
  }
}

/** The worst first. */
export const healthsOf = (
  consumers: ReadonlyArray<Consumer>,
  rates: ReadonlyArray<Rate>,
  at: number
): ReadonlyArray<Health> => {
  const byConsumer = new Map(rates.map((rate) => [rate.consumer, rate]))
  return consumers
    .map((consumer) => healthOf(consumer, byConsumer.get(consumer.consumer), at))
    .toSorted(
      (one, other) =>
        other.rank - one.rank ||
        other.gaveUp - one.gaveUp ||
        other.oldestMillis - one.oldestMillis ||
        one.consumer.localeCompare(other.consumer)
    )
}

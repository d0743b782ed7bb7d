/** What the overview tells of a consumer. */
import type { Overview } from "../../api/wire.ts"
import { type Condition, conditionOf, openOf, worstFirst } from "../../words/condition.ts"
import { filled, hour, minute, stepsOf } from "./steps.ts"

type Consumer = Overview["consumers"][number]
type Rate = Overview["rates"][number]

export interface Health extends Condition {
  readonly consumer: string
  readonly open: number
  readonly oldestMillis: number
  /** Settled by minute in the last hour. */
  readonly settled: ReadonlyArray<number>
  /** What went wrong by minute in the last hour. */
  readonly troubles: ReadonlyArray<"gave-up" | "retrying" | undefined>
  readonly attempts: number
  readonly failures: number
  /** Dead letters that there are now. */
  readonly gaveUp: number
  readonly duration: Rate["duration"] | undefined
}

const sum = (values: ReadonlyArray<number>) => values.reduce((total, value) => total + value, 0)

/** @param at - now, in milliseconds since 1970 */
const healthOf = (consumer: Consumer, rate: Rate | undefined, at: number): Health => {
  const points = rate?.points ?? []
  const times = stepsOf(at - hour, at, minute, at)
  const gaveUp = filled(points, times, (point) => point.gaveUp)
  const retried = filled(points, times, (point) => point.retried)
  const failures = sum(points.map((point) => point.gaveUp + point.retried))
  return {
    ...conditionOf(consumer),
    consumer: consumer.consumer,
    open: openOf(consumer.depth),
    oldestMillis: consumer.depth.oldestMillis,
    settled: filled(points, times, ({ processed, skipped }) => processed + skipped),
    troubles: times.map((_, index) =>
      (gaveUp[index] ?? 0) > 0 ? "gave-up" : (retried[index] ?? 0) > 0 ? "retrying" : undefined
    ),
    failures,
    attempts: failures + sum(points.map(({ processed }) => processed)),
    gaveUp: consumer.depth.deadLetters,
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
  return worstFirst(consumers).map((consumer) => healthOf(consumer, byConsumer.get(consumer.consumer), at))
}

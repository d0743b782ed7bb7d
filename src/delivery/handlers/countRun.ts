/**
 * Counts and times runs of handlers.
 *
 * @internal
 */
import { type Cause, Effect, Option } from "effect"
import { describe, principal } from "../../errors/errorText.ts"
import type { Consumer } from "../../model/Consumer.ts"
import type { Claimed } from "../../stores/Delivery.ts"
import type { ConsumerSums } from "../../stores/statisticSums.ts"
import type { ConsumerMeters } from "../../telemetry/meters.ts"
import type { Engine } from "../engine.ts"
import type { Outcome } from "./outcome.ts"
import { endedAs } from "./processSpan.ts"

/** Where the runs of a consumer are counted. */
export interface RunCounters {
  readonly meters: ConsumerMeters
  readonly sums: ConsumerSums | undefined
}

export const runCounters = ({ sums, telemetry }: Engine, consumer: Consumer): RunCounters => ({
  meters: telemetry.meters.consumer(consumer.name),
  sums: sums?.consumer(consumer.name)
})

/**
 * Counts what a handler is given.
 *
 * @param waitedMillis - since its transaction had it
 */
export const countBegun = ({ meters, sums }: RunCounters, rows: ReadonlyArray<Claimed>, waitedMillis: number): void => {
  for (const row of rows) {
    const { eventName, lateMillis } = row
    meters.event(eventName).consumed.count++
    if (lateMillis === null) continue
    const seconds = (lateMillis + waitedMillis) / 1000
    meters.lag.record(seconds)
    sums?.began(row, seconds)
  }
}

/**
 * Counts a run that has ended, by the name of its first event.
 *
 * @param cause - why it failed, if it did
 */
export const countEnded = (
  { meters, sums }: RunCounters,
  rows: ReadonlyArray<Claimed>,
  cause: Cause.Cause<unknown> | undefined,
  millis: number
): void => {
  const [first] = rows
  const event = meters.event(first?.eventName ?? "")
  const histogram = cause === undefined ? event.duration : event.failed(describe(principal(cause)).tag)
  histogram.record(millis / 1000)
  if (first !== undefined) sums?.ran(first, millis / 1000)
}

/** Counts the run of one delivery; one whose time was over is counted by how it ends the transaction. */
export const counted = Effect.fnUntraced(function* <E, R>(
  engine: Engine,
  consumer: Consumer,
  row: Claimed,
  run: Effect.Effect<Option.Option<Outcome>, E, R>
) {
  const counters = runCounters(engine, consumer)
  countBegun(counters, [row], 0)
  const begun = yield* engine.now
  const result = yield* run
  if (Option.isSome(result)) countEnded(counters, [row], endedAs(result.value).cause, (yield* engine.now) - begun)
  return result
})

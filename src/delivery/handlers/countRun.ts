/**
 * Counts and times runs of handlers.
 *
 * @internal
 */
import { type Cause, Effect, Option } from "effect"
import { describe, principal } from "../../errors/errorText.ts"
import type { Consumer } from "../../model/Consumer.ts"
import type { Claimed } from "../../stores/Delivery.ts"
import type { ConsumerMeters } from "../../telemetry/meters.ts"
import type { Engine } from "../engine.ts"
import type { Outcome } from "./outcome.ts"
import { endedAs } from "./processSpan.ts"

/**
 * Counts what a handler is given.
 *
 * @param waitedMillis - since its transaction had it
 */
export const countBegun = (meters: ConsumerMeters, rows: ReadonlyArray<Claimed>, waitedMillis: number): void => {
  for (const { eventName, lateMillis } of rows) {
    meters.event(eventName).consumed.count++
    if (lateMillis !== null) meters.lag.record((lateMillis + waitedMillis) / 1000)
  }
}

/**
 * Counts a run that has ended, by the name of its first event.
 *
 * @param cause - why it failed, if it did
 */
export const countEnded = (
  meters: ConsumerMeters,
  rows: ReadonlyArray<Claimed>,
  cause: Cause.Cause<unknown> | undefined,
  millis: number
): void => {
  const event = meters.event(rows[0]?.eventName ?? "")
  const histogram = cause === undefined ? event.duration : event.failed(describe(principal(cause)).tag)
  histogram.record(millis / 1000)
}

/** Counts the run of one delivery; one whose time was over is counted by how it ends the transaction. */
export const counted = Effect.fnUntraced(function* <E, R>(
  engine: Engine,
  consumer: Consumer,
  row: Claimed,
  run: Effect.Effect<Option.Option<Outcome>, E, R>
) {
  const meters = engine.telemetry.meters.consumer(consumer.name)
  countBegun(meters, [row], 0)
  const begun = yield* engine.now
  const result = yield* run
  if (Option.isSome(result)) countEnded(meters, [row], endedAs(result.value).cause, (yield* engine.now) - begun)
  return result
})

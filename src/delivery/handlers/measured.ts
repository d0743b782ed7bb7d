/**
 * Counts and times runs of handlers.
 *
 * @internal
 */
import { Context, Effect } from "effect"
import { describe, principal } from "../../errors/errorText.ts"
import type { Subscriber } from "../../model/SubscriberValue.ts"
import type { Claimed } from "../../stores/Delivery.ts"
import { steadyMillisUnsafe } from "../../stores/steadyMillis.ts"
import { CurrentTelemetry, type Ended } from "./processSpan.ts"

/** Runs a handler once for these rows. One that is interrupted counts as an attempt, without a time. */
export const measured = <A>(
  { consumer }: Subscriber,
  rows: ReadonlyArray<Claimed>,
  context: Context.Context<never>,
  run: Effect.Effect<A>,
  endOf: (outcome: A) => Ended
): Effect.Effect<A> =>
  Effect.clockWith((clock) => {
    const meters = Context.get(context, CurrentTelemetry).meters.consumer(consumer.name)
    for (const { eventName } of rows) meters.event(eventName).consumed.count++
    const begun = steadyMillisUnsafe(clock)
    return Effect.map(run, (outcome) => {
      const { duration, failed } = meters.event(rows[0]?.eventName ?? "")
      const { cause } = endOf(outcome)
      const histogram = cause === undefined ? duration : failed(describe(principal(cause)).tag)
      histogram.record((steadyMillisUnsafe(clock) - begun) / 1000)
      return outcome
    })
  })

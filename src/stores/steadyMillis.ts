/**
 * Milliseconds for durations. The time of day may be set while something runs: by it, a handler would have been running for
 * an hour, or would have an hour left.
 *
 * @internal
 */
import { type Clock, Effect } from "effect"

/** Whole milliseconds of a clock that only goes on; what it says is of use only beside what it said before. */
export const steadyMillisUnsafe = (clock: Clock.Clock): number =>
  Math.floor(Number(clock.monotonicTimeNanosUnsafe()) / 1e6)

/** Same as `steadyMillisUnsafe`, of the clock in use. */
export const steadyMillis: Effect.Effect<number> = Effect.clockWith((clock) =>
  Effect.succeed(steadyMillisUnsafe(clock))
)

/**
 * A database beside a clock that stands still: what waits for the one waits for ever by the other, without a word.
 *
 * @internal
 */
import { Clock, Effect } from "effect"

/** Says so when time is that of a test. */
export const warnOfTestClock: Effect.Effect<void> = Effect.flatMap(Clock.Clock, (clock) =>
  "adjust" in clock
    ? Effect.logWarning(
        "This integration runs on a database under TestClock, where no time passes by itself: polls, retries and timeouts wait until the test adjusts it. Use it.live of @effect/vitest, or IntegrationMemory, whose time is that of the test."
      )
    : Effect.void
)

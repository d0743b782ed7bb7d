/**
 * How long something that is to end is waited for.
 *
 * @internal
 */
import { Clock, type Duration, Effect } from "effect"

const realClock = Clock.Clock.defaultValue()

/**
 * Waits for an effect, for at most so long by the clock in use or by the real one, whichever is first: the clock of a test
 * stands still, and nobody moves it when the test has ended.
 */
export const waitAtMost = <E, R>(
  effect: Effect.Effect<unknown, E, R>,
  limit: Duration.Input
): Effect.Effect<void, E, R> =>
  Effect.raceAllFirst([
    Effect.asVoid(effect),
    Effect.sleep(limit),
    Effect.provideService(Effect.sleep(limit), Clock.Clock, realClock)
  ])

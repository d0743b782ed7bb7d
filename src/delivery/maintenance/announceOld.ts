/**
 * Waking consumers for what was due long ago.
 *
 * @internal
 */
import type { Effect } from "effect"
import type { Engine } from "../engine.ts"

/**
 * Wakes consumers that have got something to do that was due long ago: claims here look at all there is until the next poll. Those of
 * other processes may find it with their next poll only.
 */
export const announceOld = (engine: Engine, consumers: ReadonlyArray<string>): Effect.Effect<void> => {
  for (const consumer of consumers) engine.passedOver.delete(consumer)
  return engine.notifier.announce(consumers)
}

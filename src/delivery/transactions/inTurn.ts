/**
 * The turn that a transaction of a consumer waits for: a process has a few at a time (`maxConcurrentBatches`).
 *
 * @internal
 */
import { Clock, Effect } from "effect"
import type { Consumer } from "../../model/Consumer.ts"
import { steadyMillisUnsafe } from "../../stores/steadyMillis.ts"
import type { Engine } from "../engine.ts"

/** Runs an effect when it is the consumer's turn, and counts how long it waited. */
export const inTurn =
  (engine: Engine, { name }: Consumer) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.flatMap(Clock.Clock, (clock) => {
      const asked = steadyMillisUnsafe(clock)
      return engine.permits.withPermit(name)(
        Effect.suspend(() => {
          engine.telemetry.meters.permitWait.record((steadyMillisUnsafe(clock) - asked) / 1000)
          return effect
        })
      )
    })

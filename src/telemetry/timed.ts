/**
 * Times operations on the store.
 *
 * @internal
 */
import { Effect, Exit } from "effect"
import { describe, principal } from "../errors/errorText.ts"
import type { OperationMeters } from "./meters.ts"

/** @param now - milliseconds, for durations */
export const timed = <A, E, R>(
  meters: OperationMeters,
  now: () => number,
  operation: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R> =>
  Effect.suspend(() => {
    const begun = now()
    return Effect.onExit(operation, (exit) => {
      const seconds = (now() - begun) / 1000
      if (Exit.isSuccess(exit)) meters.duration.record(seconds)
      else meters.failed(describe(principal(exit.cause)).tag).record(seconds)
      return Effect.void
    })
  })

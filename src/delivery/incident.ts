/**
 * Says once that the store is failing, and once that it works again, however many fibers notice.
 *
 * @internal
 */
import { Cause, Effect, Schedule } from "effect"
import { isReadOnly } from "../errors/sqlState.ts"
import { isUnresponsive } from "../stores/unresponsive.ts"
import type { Incident } from "./engine.ts"

const backoff = Schedule.jittered(Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("5 seconds")]))

/** @param reconnect - drops connections that are of no use any more */
export const make = (reconnect: Effect.Effect<void>): Incident => {
  /** Rounds that are failing now: the incident lasts as long as there is one. */
  const failing = new Set<object>()
  const opened = (id: object, cause: Cause.Cause<unknown>) =>
    Effect.suspend(() => {
      if (Cause.hasInterruptsOnly(cause) || failing.has(id)) return Effect.void
      failing.add(id)
      return failing.size > 1
        ? Effect.void
        : Effect.logWarning("Delivery is held up and will go on by itself once the cause is gone", cause)
    })
  const closed = (id: object) =>
    Effect.suspend(() => {
      const wasLast = failing.delete(id) && failing.size === 0
      return wasLast ? Effect.logInfo("Delivery goes on") : Effect.void
    })
  return {
    survive: <A, E, R>(round: Effect.Effect<A, E, R>) =>
      Effect.suspend(() => {
        const id = {}
        return round.pipe(
          Effect.tapCause((cause) => opened(id, cause)),
          Effect.tapCause((cause) => (isReadOnly(cause) || isUnresponsive(cause) ? reconnect : Effect.void)),
          Effect.sandbox,
          Effect.retry({ schedule: backoff, while: (cause) => !Cause.hasInterruptsOnly(cause) }),
          // What is left is interruption from inside, which nothing here does.
          Effect.catch((cause) => Effect.failCause(cause as Cause.Cause<never>)),
          Effect.tap(() => closed(id)),
          Effect.onInterrupt(() => Effect.sync(() => failing.delete(id)))
        )
      })
  }
}

/**
 * Says once that the store is failing, and once that it works again, however many fibers notice.
 *
 * @internal
 */
import { Cause, Effect, Schedule } from "effect"

export interface Incident {
  /**
   * Repeats one round of a loop until it succeeds: after 100 ms, then twice as long, at most 5 s. A lost connection
   * inside a transaction is a defect, so defects are repeated too. Interruption ends it.
   */
  readonly survive: <A, E, R>(round: Effect.Effect<A, E, R>) => Effect.Effect<A, never, R>
}

const backoff = Schedule.jittered(Schedule.min([Schedule.exponential("100 millis"), Schedule.spaced("5 seconds")]))

export const make = (): Incident => {
  let isOpen = false
  const opened = (cause: Cause.Cause<unknown>) =>
    Effect.suspend(() => {
      if (isOpen || Cause.hasInterruptsOnly(cause)) return Effect.void
      isOpen = true
      return Effect.logWarning("Delivery is held up and will go on by itself once the cause is gone", cause)
    })
  const closed = Effect.suspend(() => {
    if (!isOpen) return Effect.void
    isOpen = false
    return Effect.logInfo("Delivery goes on")
  })
  return {
    survive: <A, E, R>(round: Effect.Effect<A, E, R>) =>
      round.pipe(
        Effect.tapCause(opened),
        Effect.sandbox,
        Effect.retry({ schedule: backoff, while: (cause) => !Cause.hasInterruptsOnly(cause) }),
        Effect.tap(() => closed),
        // What is left is interruption from inside, which nothing here does.
        Effect.catch((cause) => Effect.failCause(cause as Cause.Cause<never>))
      )
  }
}

/**
 * Counts what is published.
 *
 * @internal
 */
import { type Clock, Effect, Exit } from "effect"
import { describe, principal } from "../errors/errorText.ts"
import type * as DomainEvent from "../model/DomainEvent.ts"
import { steadyMillisUnsafe } from "../stores/steadyMillis.ts"
import type { Meters } from "../telemetry/meters.ts"
import { known } from "./knownNames.ts"

/** One event that was stored, or several. */
type Stored = DomainEvent.Stored | ReadonlyArray<DomainEvent.Stored>

const isList = (stored: Stored): stored is ReadonlyArray<DomainEvent.Stored> => Array.isArray(stored)

const count = (meters: Meters, { consumers, isDuplicate, name }: DomainEvent.Stored) => {
  if (isDuplicate) return
  const { sent, unheard } = meters.destination(name)
  sent.count++
  if (consumers.length === 0) unheard.count++
  meters.wakeups.local.count += consumers.length
}

/** Counts and times what publishes; what a transaction of the caller's undoes later is counted all the same. */
export const inMeters =
  (meters: Meters, clock: Clock.Clock) =>
  <A extends Stored, E, R>(
    names: () => ReadonlyArray<string>,
    publish: Effect.Effect<A, E, R>
  ): Effect.Effect<A, E, R> =>
    Effect.suspend(() => {
      const begun = steadyMillisUnsafe(clock)
      return Effect.onExit(publish, (exit) => {
        const seconds = (steadyMillisUnsafe(clock) - begun) / 1000
        if (Exit.isSuccess(exit)) {
          meters.publish.duration.record(seconds)
          const stored: Stored = exit.value
          for (const each of isList(stored) ? stored : [stored]) count(meters, each)
          return Effect.void
        }
        const { tag } = describe(principal(exit.cause))
        meters.publish.failed(tag).record(seconds)
        for (const name of known(names)) meters.destination(name).refused(tag).count++
        return Effect.void
      })
    })

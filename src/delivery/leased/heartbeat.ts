/**
 * The leases this process holds, and the heartbeat that renews them.
 *
 * @internal
 */
import { Deferred, Effect, Queue, type Scope } from "effect"
import type { Settings } from "../../settings/Settings.ts"
import type { InboxStore } from "../../stores/InboxStore.ts"
import { type Leases, untraced } from "../engine.ts"

/** A lease is renewed so many times before it would run out. */
const beatsPerLease = 3

/** How soon a heartbeat that failed is repeated, in milliseconds. */
const beatAgainMillis = 250

export const make = (
  inbox: InboxStore["Service"],
  settings: Settings["Service"]
): Effect.Effect<Leases, never, Scope.Scope> =>
  Effect.gen(function* () {
    const held = new Map<string, { readonly token: string; readonly lost: Deferred.Deferred<void> }>()
    const beat = Effect.gen(function* () {
      const { processingLeaseMs } = yield* settings.current
      const leases = [...held].map(([deliveryId, { token }]) => ({ deliveryId, token }))
      const renewed = new Set(yield* untraced(inbox.renew(leases, processingLeaseMs)))
      for (const { deliveryId, token } of leases) {
        const lease = held.get(deliveryId)
        if (lease?.token === token && !renewed.has(deliveryId)) yield* Deferred.succeed(lease.lost, undefined)
      }
      return processingLeaseMs / beatsPerLease
    }).pipe(Effect.catchCause(() => Effect.succeed(beatAgainMillis)))
    const isHolding = yield* Queue.sliding<void>(1)
    /** Nothing is renewed, and no timer runs, while there is nothing to renew. */
    const beats = Effect.gen(function* () {
      let millis = (yield* settings.current).processingLeaseMs / beatsPerLease
      while (held.size > 0) {
        yield* Effect.sleep(millis)
        millis = held.size === 0 ? 0 : yield* beat
      }
    })
    yield* Queue.take(isHolding).pipe(
      Effect.andThen(beats),
      Effect.forever,
      Effect.annotateLogs({ fiber: "heartbeat" }),
      Effect.forkScoped
    )
    return {
      track: (deliveryId, token) =>
        Effect.gen(function* () {
          const lost = yield* Deferred.make<void>()
          held.set(deliveryId, { token, lost })
          yield* Queue.offer(isHolding, undefined)
          return lost
        }),
      untrack: (deliveryId, token) =>
        Effect.sync(() => {
          if (held.get(deliveryId)?.token === token) held.delete(deliveryId)
        }),
      count: () => held.size
    }
  })

/**
 * The leases this process holds, and the heartbeat that renews them.
 *
 * @internal
 */
import { Clock, Deferred, Effect, Latch, Queue, type Scope } from "effect"
import type { Settings } from "../../settings/Settings.ts"
import type { Leased } from "../../stores/Delivery.ts"
import type { InboxStore } from "../../stores/InboxStore.ts"
import { type Leases, untraced } from "../engine.ts"

/** A lease is renewed so many times before it would run out. */
const beatsPerLease = 3

/** How soon a heartbeat that failed is repeated. */
const beatAgainAfter = "250 millis"

interface Held {
  readonly row: Leased
  readonly lost: Deferred.Deferred<void>
  /**
   * When it is to be renewed, by the clock of `monotonicMillis`: a third of its own length after it was taken or renewed,
   * whatever the setting is by now. Never, once it is lost.
   */
  renewAt: number
}

/** No step of the process's clock puts off a heartbeat. */
const monotonicMillis = Effect.map(Clock.monotonicTimeNanos, (nanos) => Number(nanos / 1_000_000n))

export const make = (
  inbox: InboxStore["Service"],
  settings: Settings["Service"]
): Effect.Effect<Leases, never, Scope.Scope> =>
  Effect.gen(function* () {
    /** By token: a delivery may be held twice for a moment, when one of its leases may not have been committed. */
    const held = new Map<string, Held>()
    const beat = Effect.gen(function* () {
      const { processingLeaseMs } = yield* settings.current
      const renewAt = (yield* monotonicMillis) + processingLeaseMs / beatsPerLease
      const leases = [...held.values()].map(({ row }) => row)
      const renewed = new Set(yield* untraced(inbox.renew(leases, processingLeaseMs)))
      for (const { token } of leases) {
        const lease = held.get(token)
        if (lease === undefined) continue
        lease.renewAt = renewed.has(token) ? renewAt : Number.POSITIVE_INFINITY
        if (!renewed.has(token)) yield* Deferred.succeed(lease.lost, undefined)
      }
    }).pipe(Effect.catchCause(() => Effect.sleep(beatAgainAfter)))
    const underWay = new Set<object>()
    const idle = yield* Latch.make(true)
    const isDueSooner = yield* Queue.sliding<void>(1)
    let nextBeatAt = Number.POSITIVE_INFINITY
    /** Nothing is renewed, and no timer runs, while there is nothing to renew. */
    const beatWhenDue = Effect.gen(function* () {
      nextBeatAt = Math.min(...[...held.values()].map(({ renewAt }) => renewAt))
      const millis = nextBeatAt - (yield* monotonicMillis)
      if (millis <= 0) yield* beat
      else if (millis === Number.POSITIVE_INFINITY) yield* Queue.take(isDueSooner)
      else yield* Effect.timeoutOption(Queue.take(isDueSooner), millis)
    })
    yield* beatWhenDue.pipe(Effect.forever, Effect.annotateLogs({ fiber: "heartbeat" }), Effect.forkScoped)
    return {
      track: (row, leaseMillis) =>
        Effect.gen(function* () {
          const lost = yield* Deferred.make<void>()
          const renewAt = (yield* monotonicMillis) + leaseMillis / beatsPerLease
          held.set(row.token, { row, lost, renewAt })
          if (renewAt < nextBeatAt) yield* Queue.offer(isDueSooner, undefined)
          return lost
        }),
      untrack: (token) =>
        Effect.sync(() => {
          held.delete(token)
        }),
      isTracked: (token) => held.has(token),
      begin: (attempt) =>
        Effect.suspend(() => {
          underWay.add(attempt)
          return Latch.close(idle)
        }),
      end: (attempt) =>
        Effect.suspend(() => (underWay.delete(attempt) && underWay.size === 0 ? Latch.open(idle) : Effect.void)),
      isBusy: () => underWay.size > 0,
      idle: idle.await
    }
  })

/**
 * Attempts in recovery: one delivery at a time, with a note that outlives a crash.
 *
 * After a process or a connection ended in the middle of a batch, nobody knows which delivery was to blame. So those that
 * may have been in it are handled alone, and a note is written of each before its handler runs: a note that is found
 * while the delivery's row is free was left by a crash, and counts as a failed attempt.
 *
 * Attempts in recovery of different consumers share the process, until one has crashed before: that one runs while no other
 * attempt in recovery does, so that the next crash is charged to it alone.
 *
 * @internal
 */
import { Effect, Semaphore } from "effect"
import type { StoreError } from "../../errors/StoreErrors.ts"
import type { Claimed } from "../../stores/Delivery.ts"
import type { ReplicaStore } from "../../stores/ReplicaStore.ts"
import type { Recovery } from "../engine.ts"
import type { CrashDecision } from "../transactions/result.ts"

/** More than there are ever recovering consumers in a process. */
const everybody = 100_000

export const make: Effect.Effect<Recovery> = Effect.gen(function* () {
  const process = yield* Semaphore.make(everybody)
  const consumers = new Map<string, Semaphore.Semaphore>()
  const semaphoreOf = (consumer: string) => {
    const known = consumers.get(consumer) ?? Semaphore.makeUnsafe(1)
    consumers.set(consumer, known)
    return known
  }
  return {
    shared: (consumer) => (effect) => semaphoreOf(consumer).withPermit(process.withPermit(effect)),
    beside: (effect) => process.withPermit(effect),
    exclusive: (effect) => process.withPermits(everybody)(effect),
    recovering: new Set(),
    lostConnections: new Set(),
    recordedBatches: new Map()
  }
})

/**
 * Looks at the notes of a delivery, and writes one if it is to run.
 *
 * @param isExclusive - whether no other attempt in recovery runs in this process
 */
export const decideAfterCrash = Effect.fnUntraced(function* (
  replicas: ReplicaStore["Service"],
  row: Claimed,
  isExclusive: boolean
): Effect.fn.Return<CrashDecision, StoreError> {
  const note = yield* replicas.findStarted(row.deliveryId)
  if (note !== undefined) return { _tag: "ChargeCrash", durationMillis: note.ageMillis }
  if (row.recovery?.hasCrashed === true && !isExclusive) return { _tag: "RunAlone" }
  yield* replicas.noteStarted(row.deliveryId, row.attemptCount + 1)
  return { _tag: "Run" }
})

/**
 * What a process knows of its consumers' recoveries, and how attempts in recovery share it.
 *
 * Attempts of different consumers run beside each other, until one has crashed before: that one runs while no other attempt
 * in recovery does, so that the next crash is charged to it alone.
 *
 * @internal
 */
import { Effect, Semaphore } from "effect"
import type { Recovery } from "../engine.ts"

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
    recordedBatches: new Map(),
    recording: yield* Semaphore.make(1)
  }
})

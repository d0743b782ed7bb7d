/**
 * What code can reach around all services, replaced for the time of a run: the time of day, random bytes, and the event
 * loop. A run is one synchronous call, so nobody else notices.
 */
import type { Rng } from "./random.ts"
import type { Owner, World } from "./world.ts"

/** Runs `body` so that only the seed decides what it sees. */
export const isolated = <A>(world: World, owner: Owner, rng: Rng, body: () => A): A => {
  const before = {
    now: Date.now,
    random: Math.random,
    getRandomValues: crypto.getRandomValues,
    setImmediate: globalThis.setImmediate,
    setTimeout: globalThis.setTimeout
  }
  const refuse = (): never => {
    throw new Error("setTimeout in a simulation: time passes through Clock")
  }
  Date.now = () => world.now
  Math.random = () => rng.bits() / 2 ** 32
  crypto.getRandomValues = ((array: Uint8Array) => {
    for (let index = 0; index < array.length; index++) array[index] = rng.bits() & 0xff
    return array
  }) as typeof crypto.getRandomValues
  globalThis.setImmediate = ((run: () => void) => world.schedule(owner, run)) as unknown as typeof setImmediate
  globalThis.setTimeout = refuse as unknown as typeof setTimeout
  try {
    return body()
  } finally {
    Date.now = before.now
    Math.random = before.random
    crypto.getRandomValues = before.getRandomValues
    globalThis.setImmediate = before.setImmediate
    globalThis.setTimeout = before.setTimeout
  }
}

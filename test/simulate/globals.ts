/**
 * What code can reach around all services, replaced for the time of a run: the time of day, random bytes, timers, and the event
 * loop. A run is one synchronous call, so nobody else notices. Time that is real elsewhere, as that which bounds how long the end
 * of a handler is waited for, is the world's here: it belongs to no process, and goes on while one is frozen.
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
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout
  }
  Date.now = () => world.now
  Math.random = () => rng.bits() / 2 ** 32
  crypto.getRandomValues = ((array: Uint8Array) => {
    for (let index = 0; index < array.length; index++) array[index] = rng.bits() & 0xff
    return array
  }) as typeof crypto.getRandomValues
  globalThis.setImmediate = ((run: () => void) => world.schedule(owner, run)) as unknown as typeof setImmediate
  globalThis.setTimeout = ((run: () => void, millis: number) =>
    world.after(owner, millis, run)) as unknown as typeof setTimeout
  globalThis.clearTimeout = ((cancel: () => void) => cancel()) as unknown as typeof clearTimeout
  try {
    return body()
  } finally {
    Date.now = before.now
    Math.random = before.random
    crypto.getRandomValues = before.getRandomValues
    globalThis.setImmediate = before.setImmediate
    globalThis.setTimeout = before.setTimeout
    globalThis.clearTimeout = before.clearTimeout
  }
}

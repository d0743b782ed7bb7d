/**
 * Actors' states in the memory of a process.
 *
 * A state is taken out when it is used and comes back after the commit, so what was rolled back is never kept. What
 * another replica, or anybody, changed meanwhile is noticed when the state is written: its version is not the stored one then.
 *
 * @internal
 */
import { Effect } from "effect"
import type { Entity } from "../model/DomainEvent.ts"
import type { ActorStore, WrittenState } from "../stores/ActorStore.ts"

/** A state, and what is known of its row; nothing before the first write. */
export interface Known<State> {
  readonly state: State
  readonly written: WrittenState | undefined
}

export interface ActorCache<State> {
  /** The state of an aggregate if it is known, which it is not any more after that. */
  readonly take: (store: ActorStore["Service"], aggregate: Entity) => Known<State> | undefined
  readonly keep: (store: ActorStore["Service"], aggregate: Entity, known: Known<State>) => Effect.Effect<void>
}

/** States kept for each store and actor. */
const maxKept = 1000

const keyOf = ({ entityId, entityType, module }: Entity) => JSON.stringify([module, entityType, entityId])

export const make = <State>(): ActorCache<State> => {
  const caches = new WeakMap<object, Map<string, Known<State>>>()
  const cacheOf = (store: object) => {
    const known = caches.get(store)
    if (known !== undefined) return known
    const made = new Map<string, Known<State>>()
    caches.set(store, made)
    return made
  }
  return {
    take: (store, aggregate) => {
      const cache = cacheOf(store)
      const known = cache.get(keyOf(aggregate))
      cache.delete(keyOf(aggregate))
      return known
    },
    keep: (store, aggregate, known) =>
      Effect.sync(() => {
        const cache = cacheOf(store)
        const key = keyOf(aggregate)
        // Commits may be followed up in another order than they were made.
        if ((cache.get(key)?.written?.revision ?? 0n) > (known.written?.revision ?? 0n)) return
        cache.set(key, known)
        const oldest = cache.keys().next()
        if (cache.size > maxKept && !oldest.done) cache.delete(oldest.value)
      })
  }
}

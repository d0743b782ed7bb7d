/**
 * What a process remembers by names it does not choose: of events, consumers, rows. There is no end to those, so the oldest
 * are forgotten.
 *
 * @internal
 */

/** Entries kept unless something else is said. */
export const defaultCapacity = 10_000

/** A map that forgets its oldest entry when there is no room for another. Reading costs no more than of a `Map`. */
export class BoundedMap<Key, Value> {
  readonly #entries = new Map<Key, Value>()
  readonly #capacity: number

  /** @param capacity - entries it holds, at least 1; default 10,000 */
  constructor(capacity = defaultCapacity) {
    this.#capacity = capacity
  }

  get size(): number {
    return this.#entries.size
  }

  has(key: Key): boolean {
    return this.#entries.has(key)
  }

  get(key: Key): Value | undefined {
    return this.#entries.get(key)
  }

  set(key: Key, value: Value): void {
    const isFull = this.#entries.size >= this.#capacity && !this.#entries.has(key)
    const oldest = isFull ? this.#entries.keys().next() : undefined
    if (oldest?.done === false) this.#entries.delete(oldest.value)
    this.#entries.set(key, value)
  }

  /** Removes an entry. Returns whether there was one. */
  delete(key: Key): boolean {
    return this.#entries.delete(key)
  }
}

/** Says of each key whether it comes for the first time, as far as that is remembered. */
export const makeIsFirst = (capacity = defaultCapacity): ((key: string) => boolean) => {
  const known = new BoundedMap<string, true>(capacity)
  return (key) => {
    if (known.has(key)) return false
    known.set(key, true)
    return true
  }
}

/**
 * Ids of events: time-ordered UUIDs (version 7), from random bytes that are fetched many at a time. One call of the
 * system for each id cost a seventh of what publishing lists takes of the client's thread.
 *
 * @internal
 */
import * as SecureRandom from "effect/crypto/SecureRandom"

const pool = new Uint8Array(8192)

let used = pool.length

/** Each byte is given out once. */
const pooled = (size: number): Uint8Array => {
  if (used + size > pool.length) {
    crypto.getRandomValues(pool)
    used = 0
  }
  used += size
  return pool.subarray(used - size, used)
}

const { uuidV7 } = SecureRandom.make(pooled)

/** An id that sorts after every one before it in this process. */
export const nextEventId = uuidV7()

/**
 * How much waits for consumers, as metrics have it.
 *
 * @since 0.1.0
 */

/** Deliveries of a kind are counted up to this many. @since 0.1.0 */
export const largestDepth = 10_000

/** What one consumer has. Each number is at most `largestDepth`; the first three together, too, of the first that are due. @since 0.1.0 */
export interface ConsumerDepth {
  readonly consumer: string
  /** Due, and never attempted. */
  readonly ready: number
  /** Not due yet, and never attempted. */
  readonly delayed: number
  /** Attempted, and to be attempted again. */
  readonly retrying: number
  /** In the hands of a leased handler. */
  readonly leased: number
  /** Behind others in their aggregate's order. */
  readonly parked: number
  /** Deliveries that gave up. */
  readonly deadLetters: number
  /** For how long the one that is due longest has been due, in milliseconds; 0 when none is. */
  readonly oldestMillis: number
  readonly isPaused: boolean
  /** It is, as more of its attempts failed than its `maxFailureRate` allows. */
  readonly isBraked: boolean
  /** It waits for its backfill, or until the time that a handler asked for (`Subscriber.cool`). */
  readonly isHeld: boolean
  /** A process that served it ended without a word, and what it may have had in hand is handled with care. */
  readonly isRecovering: boolean
}

/** What waits. @since 0.1.0 */
export interface Depths {
  readonly consumers: ReadonlyArray<ConsumerDepth>
  /** Events that were inserted by other means and have no deliveries yet, up to `largestDepth`. */
  readonly unrouted: number
  /** Subscriptions that no process which runs serves. */
  readonly unserved: number
}

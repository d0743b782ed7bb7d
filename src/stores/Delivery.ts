/**
 * Deliveries as stores and engine speak of them: which are wanted, what a claim gives, how one ended, how one stands.
 *
 * @since 0.1.0
 */
import type { Schema } from "effect"
import type { Delayed, OnDeadLetter } from "../model/Consumer.ts"
import type { FailureGroup } from "../model/errorFingerprint.ts"

export type { FailureGroup } from "../model/errorFingerprint.ts"

/** Statuses of a delivery. @since 0.1.0 */
export type DeliveryStatus = "received" | "processing" | "processed" | "failed" | "skipped" | "dead_letter"

/** Which events of a consumer somebody can handle. @since 0.1.0 */
export interface Interest {
  readonly names: ReadonlyArray<string>
  /** Patterns, with `*` for any characters. */
  readonly patterns: ReadonlyArray<string>
  /**
   * Of those of `names` that are handled by a definition, the greatest version of a payload that can be read here: a later one
   * is left to a process that knows it, also where a pattern covers the name. Of other names every version is handled.
   */
  readonly versions?: Readonly<Record<string, number>>
}

/** Which deliveries are wanted. @since 0.1.0 */
export interface ClaimRequest {
  readonly consumer: string
  readonly interest: Interest
  /** Only events up to this position. */
  readonly maxPosition?: bigint | undefined
  /**
   * What was due before is not asked for, in milliseconds since 1970: at the last poll nothing of it could be handled here
   * (`PollResult.passedOver`). A store may give it all the same.
   */
  readonly dueSince?: number | undefined
  /** For consumers that are ordered by aggregate: what a delivery that gave up does to its successors. */
  readonly onDeadLetter?: OnDeadLetter | undefined
  /** For those, too: what a delivery that is not due yet, and was never attempted, does to its successors; default `hold`. */
  readonly delayed?: Delayed | undefined
  /**
   * The current transaction is to end when it has not been used for so long, in milliseconds, where the database knows
   * how: a frozen process must not hold what it claimed.
   */
  readonly idleMillis?: number | undefined
  /** How long later statements of the current transaction may wait for a lock, where the database knows how. */
  readonly lockWait?: LockWait | undefined
}

/**
 * Bytes of payloads and metadata that one claim reads, about: it is in memory as a whole. A larger delivery is claimed
 * alone.
 *
 * @since 0.1.0
 */
export const largestClaim = 8_388_608

/** Whose first deliveries may be unparked. @since 0.1.0 */
export interface UnparkRequest {
  readonly consumer: string
  readonly keys: ReadonlyArray<bigint>
  readonly onDeadLetter: OnDeadLetter
  /** As in `ClaimRequest`. */
  readonly delayed?: Delayed | undefined
  /** Whether keys that another transaction holds are waited for; default no: they are passed over. */
  readonly waits?: boolean
}

/** Milliseconds, by how many deliveries were claimed. @since 0.1.0 */
export interface LockWait {
  /** None: as long as the database lets them. */
  readonly one: number | undefined
  readonly several: number
}

/**
 * Which delivery is meant: of which event, for which consumer, and its id, which users and logs are told. A store goes by event and
 * consumer, or by the id: all three are of one delivery.
 *
 * @since 0.1.0
 */
export interface DeliveryKey {
  readonly deliveryId: string
  readonly eventId: string
  readonly consumer: string
}

/** A delivery whose row the current transaction holds, with its event. @since 0.1.0 */
export interface Claimed extends DeliveryKey {
  /** Attempts that counted so far. */
  readonly attemptCount: number
  readonly eventName: string
  readonly schemaVersion: number
  readonly sourceModule: string
  readonly aggregateType: string
  readonly aggregateId: string
  /** The delivery's own payload if a dead letter was edited, else the event's. */
  readonly payload: Schema.Json
  readonly metadata: Schema.Json | null
  /** Bytes of payload and metadata if that is more than can be read (`largestContent`): both are null then. */
  readonly oversizeBytes: number | null
  readonly correlationId: string | null
  readonly causationId: string | null
  /** As in `OutboxRow`. */
  readonly traceparent: string | null
  readonly createdAt: Date
  /** What is kept in order; given when the claim asked for order. */
  readonly orderingKey?: bigint
  /** Deliveries of the same key are parked, or this one was: `unpark` is due when it is settled. */
  readonly isParking?: boolean
  /** Its rank by priority, when its event has consumers of several: `bringForward` is due when it was attempted. */
  readonly tier: number | null
  /** For how long it had been due when it was claimed, by the store's clock, in milliseconds; null of one that was parked. */
  readonly lateMillis: number | null
  /** What is known of a crash it may have had a part in: see `ReplicaStore`. */
  readonly recovery: CrashRecovery | null
}

/** What is known of a crash a delivery may have had a part in. @since 0.1.0 */
export interface CrashRecovery {
  /** Its consumer recovers. */
  readonly isRecovering: boolean
  /** It may have been in hand when a process, or a connection, ended without a word. */
  readonly isSuspect: boolean
  /** Its last attempt ended with its process or connection. */
  readonly hasCrashed: boolean
}

/** A delivery that is held by a lease. `attemptCount` does not count the attempt of the lease itself. @since 0.1.0 */
export interface Leased extends Claimed {
  /** Names the lease: whoever settles the delivery repeats it. */
  readonly token: string
}

/** A delivery whose lease ran out. @since 0.1.0 */
export interface Expired extends Leased {
  /**
   * Its process runs, as far as the store can tell, and has not renewed it: it is blocked, frozen or cut off. False where
   * the store cannot tell.
   */
  readonly isHolderRunning: boolean
}

/** Error tag of a delivery that was given back without an attempt. @since 0.1.0 */
export const snoozedTag = "Snoozed"

/** How a delivery ended, or when it is tried again. @since 0.1.0 */
export interface Settlement extends DeliveryKey {
  /** Attempts counted when it was claimed; a row with another count was settled by somebody else and is left alone. */
  readonly seenAttempts: number
  /**
   * `snoozed`: given back, as it was before this attempt, which is not counted; until it is due it has the tag `snoozedTag`, and
   * stands in its place in order.
   */
  readonly status: "processed" | "failed" | "skipped" | "dead_letter" | "snoozed"
  /**
   * For `failed`: milliseconds until the next attempt (0: at once, in its old place), or `undefined` when it gave up; for
   * `snoozed` until the next.
   */
  readonly retryInMillis: number | undefined
  readonly error: string | undefined
  readonly errorTag: string | undefined
  /** What the history keeps of an attempt that failed. */
  readonly failure: FailedAttempt | undefined
}

/** A failed attempt, for the history. @since 0.1.0 */
export interface FailedAttempt {
  readonly durationMillis: number
  /** Words and stack of the error, cut. */
  readonly detail: string
  /** Which failures it is like: the row has its fingerprint until it is settled or fails otherwise. Left out: none. */
  readonly group?: FailureGroup | undefined
}

/** One failed attempt of a delivery. @since 0.1.0 */
export interface AttemptRecord {
  /** From 1; it begins anew when the delivery is requeued. */
  readonly attempt: number
  readonly startedAt: Date
  /** Null while it runs, or when its process ended before it was charged. */
  readonly finishedAt: Date | null
  /**
   * What became of the delivery: `retry`, `dead_letter` or `failed`. `started`: a note of an attempt that is running, or
   * whose process or connection has ended; whoever takes the delivery over charges it, with the tag `HandlerCrashed`, unless it
   * began with others: then it is made alone.
   */
  readonly outcome: "started" | "retry" | "dead_letter" | "failed"
  readonly errorTag: string | null
  /** Words and stack of the error, cut. */
  readonly error: string | null
}

/** A delivery as it stands. @since 0.1.0 */
export interface Delivery extends DeliveryKey {
  /** Insertion order of its event. */
  readonly position: bigint
  readonly eventName: string
  /** Version its payload was stored in. */
  readonly schemaVersion: number
  readonly status: DeliveryStatus
  /** Waits to be handled: for the first time, for a retry, or for its handler to end. */
  readonly isOpen: boolean
  readonly attemptCount: number
  readonly lastError: string | null
  readonly errorTag: string | null
  /** Milliseconds until it is due (≤ 0: due); null when it is settled, parked, or being handled under a lease. */
  readonly dueInMillis: number | null
  /** When it was written. */
  readonly createdAt: Date
  /** When it was settled for good; null while it is open. */
  readonly processedAt: Date | null
}

/** How many deliveries of a consumer have a status. @since 0.1.0 */
export interface StatusCount {
  readonly consumer: string
  readonly status: DeliveryStatus
  readonly count: number
  /** Of these, how many are to be handled still. */
  readonly open: number
  /** Of those that are open, how many wait behind another of their aggregate. */
  readonly parked: number
}

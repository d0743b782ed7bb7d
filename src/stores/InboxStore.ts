/**
 * The inbox contract: what every store of deliveries must do. No database is imported here.
 *
 * @since 0.1.0
 */
import { Context, type Effect, type Schema } from "effect"
import type { StoreError } from "../errors/store.ts"
import type { OnDeadLetter } from "../model/Consumer.ts"

/** Statuses of a delivery. @since 0.1.0 */
export type DeliveryStatus = "received" | "processing" | "processed" | "failed" | "skipped" | "dead_letter"

/** Which events of a consumer somebody can handle. @since 0.1.0 */
export interface Interest {
  readonly names: ReadonlyArray<string>
  /** Patterns, with `*` for any characters. */
  readonly patterns: ReadonlyArray<string>
}

/** Which deliveries are wanted. @since 0.1.0 */
export interface ClaimRequest {
  readonly consumer: string
  readonly interest: Interest
  /** Only events up to this position. */
  readonly maxPosition?: bigint | undefined
  /** For consumers that are ordered by aggregate: what a delivery that gave up does to its successors. */
  readonly onDeadLetter?: OnDeadLetter | undefined
  /**
   * The current transaction is to end when it has not been used for so long, in milliseconds, where the database knows
   * how: a frozen process must not hold what it claimed.
   */
  readonly idleMillis?: number | undefined
  /** How long later statements of the current transaction may wait for a lock, where the database knows how. */
  readonly lockWait?: LockWait | undefined
}

/** Milliseconds, by how many deliveries were claimed. @since 0.1.0 */
export interface LockWait {
  /** None: as long as the database lets them. */
  readonly one: number | undefined
  readonly several: number
}

/** A delivery whose row the current transaction holds, with its event. @since 0.1.0 */
export interface Claimed {
  readonly deliveryId: string
  readonly eventId: string
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
  readonly correlationId: string | null
  readonly causationId: string | null
  readonly createdAt: Date
  /** What is kept in order; given when the claim asked for order. */
  readonly orderingKey?: bigint
  /** Deliveries of the same key are parked, or this one was: `release` is due when it is settled. */
  readonly isParking?: boolean
  /** Its rank by priority, when its event has consumers of several: `bringForward` is due when it was attempted. */
  readonly tier: number | null
  /** Why care is to be taken with it, if it is: see `ReplicaStore`. */
  readonly care: ClaimCare | null
}

/** Why care is to be taken with a delivery. @since 0.1.0 */
export interface ClaimCare {
  /** Its consumer is careful: deliveries are claimed one at a time. */
  readonly isCareful: boolean
  /** It may have been in hand when a process ended without a word. */
  readonly isSuspect: boolean
  /** Its last attempt ended with its process or connection. */
  readonly hasCrashed: boolean
}

/** A delivery that is held by a lease. `attemptCount` does not count the attempt of the lease itself. @since 0.1.0 */
export interface Leased extends Claimed {
  /** Names the lease: whoever settles the delivery repeats it. */
  readonly token: string
}

/** How a delivery ended, or when it is tried again. @since 0.1.0 */
export interface Verdict {
  readonly deliveryId: string
  /** Attempts counted when it was claimed; a row with another count was settled by somebody else and is left alone. */
  readonly seenAttempts: number
  readonly status: "processed" | "failed" | "skipped" | "dead_letter"
  /**
   * For `failed`: milliseconds until the next attempt (0: at once, in its old place), or `undefined` when it gave up.
   */
  readonly retryInMillis: number | undefined
  readonly error: string | undefined
  readonly errorTag: string | undefined
  /** What the history keeps of an attempt that failed. */
  readonly failure: Failure | undefined
}

/** A failed attempt, for the history. @since 0.1.0 */
export interface Failure {
  readonly durationMillis: number
  /** Words and stack of the error, cut. */
  readonly detail: string
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
   * whose process or connection has ended; whoever takes the delivery over charges it, with the tag `HandlerCrashed`.
   */
  readonly outcome: "started" | "retry" | "dead_letter" | "failed"
  readonly errorTag: string | null
  /** Words and stack of the error, cut. */
  readonly error: string | null
}

/** A delivery as it stands. @since 0.1.0 */
export interface Delivery {
  readonly deliveryId: string
  readonly eventId: string
  /** Insertion order of its event. */
  readonly position: bigint
  readonly eventName: string
  readonly consumer: string
  readonly status: DeliveryStatus
  /** Waits to be handled: for the first time, for a retry, or for its handler to end. */
  readonly isOpen: boolean
  readonly attemptCount: number
  readonly lastError: string | null
  readonly errorTag: string | null
  /** Milliseconds until it is due (≤ 0: due); null when it is settled, parked, or being handled under a lease. */
  readonly dueInMillis: number | null
}

/** What one process wants to know about all its consumers. @since 0.1.0 */
export interface Question {
  readonly consumers: ReadonlyArray<
    Interest & { readonly consumer: string; readonly onDeadLetter: OnDeadLetter | undefined }
  >
  /** Where the look for statuses a crash left behind goes on. */
  readonly rollUpPosition: bigint
  /** How many pending events are looked at. */
  readonly rollUpLimit: number
  /** Where the look for parked deliveries that nothing blocks goes on: only greater ordering keys. */
  readonly parkedAfter: bigint
  /** This process, and after how many milliseconds without a sign of life another one counts as silent. */
  readonly replica: { readonly id: string; readonly silentMillis: number }
}

/** Below every ordering key. @since 0.1.0 */
export const firstOrderingKey = -(2n ** 63n)

/** @since 0.1.0 */
export interface Answer {
  /**
   * Consumers with open deliveries that can be handled, and milliseconds until the earliest of each is due (≤ 0: due), or
   * a lease of theirs runs out.
   */
  readonly due: ReadonlyArray<{ readonly consumer: string; readonly inMillis: number }>
  /** All stored settings. */
  readonly settings: Readonly<Record<string, Schema.Json>>
  /** Events inserted by other means wait for their deliveries. */
  readonly hasUnrouted: boolean
  /** Consumers that came late are still to be given earlier events. */
  readonly hasOpenBackfills: boolean
  /** Subscriptions may have missed events published around their registration. */
  readonly hasOpenSubscriptions: boolean
  /** Among the next pending events after `rollUpPosition`, some have no open delivery: they are to be rolled up. */
  readonly hasUnrolled: boolean
  /** Where the next look for those goes on: 0 after the last pending event. */
  readonly nextRollUpPosition: bigint
  /** Ordering keys whose first open delivery is parked although nothing blocks it: `release` is due. */
  readonly releasable: ReadonlyArray<{ readonly consumer: string; readonly key: bigint }>
  /** Where the next look for those goes on: `firstOrderingKey` after the last. */
  readonly nextParkedAfter: bigint
  /** Consumers with leases that ran out. */
  readonly expired: ReadonlyArray<string>
  /** Careful consumers of which nothing suspect is due any more. */
  readonly calm: ReadonlyArray<string>
  /** Other processes run, as far as is known. */
  readonly hasPeers: boolean
  /** Some of them have not given a sign of life for long. */
  readonly hasSilentPeers: boolean
}

/**
 * Stores deliveries. Operations join the caller's transaction and fail with `StoreError`.
 *
 * @since 0.1.0
 */
export class InboxStore extends Context.Service<
  InboxStore,
  {
    /**
     * Locks up to `limit` due deliveries of one consumer that `interest` covers, by due time, then position. Rows that
     * another transaction holds are passed over, and nothing of a paused consumer is given. Nothing is written: the
     * lock is the lease, and ends with the transaction.
     *
     * With `onDeadLetter`, deliveries are taken by aggregate: the oldest open one, and those that follow it without a
     * gap, while this transaction holds the aggregate. One that is due behind another that is not ready (it waits for a
     * retry or its time, is not covered or, with `park`, gave up) is parked: not due until it is released.
     */
    readonly claim: (
      request: ClaimRequest & { readonly limit: number }
    ) => Effect.Effect<ReadonlyArray<Claimed>, StoreError>
    /** Locks one delivery if it is still due, nobody holds it and, with `onDeadLetter`, it is its aggregate's first. */
    readonly claimOne: (
      request: ClaimRequest & { readonly deliveryId: string }
    ) => Effect.Effect<Claimed | undefined, StoreError>
    /**
     * Makes the first open delivery of each key due if it is parked and nothing blocks it. Belongs into the transaction
     * that settled its predecessor. Keys that another transaction holds are passed over, as that one releases them;
     * `waits`: they are waited for, by who settles without holding them, and may be overlooked by who parks just now.
     * Returns how many became due.
     */
    readonly release: (request: {
      readonly consumer: string
      readonly keys: ReadonlyArray<bigint>
      readonly onDeadLetter: OnDeadLetter
      readonly waits?: boolean
    }) => Effect.Effect<number, StoreError>
    /**
     * Makes deliveries of lower priority due, for events of which all those of higher priority have been attempted.
     * Returns their consumers.
     */
    readonly bringForward: (eventIds: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<string>, StoreError>
    /** Marks deliveries that this transaction has claimed as processed, counting the attempt. */
    readonly complete: (deliveryIds: ReadonlyArray<string>) => Effect.Effect<void, StoreError>
    /**
     * Settles one delivery with its attempt counted, if it is still open and has the attempt count that was seen.
     * Returns whether it was. Error texts are cut to fit.
     */
    readonly settle: (verdict: Verdict) => Effect.Effect<boolean, StoreError>
    /**
     * Turns the current transaction's hold on a delivery into a lease of so many milliseconds, counting the attempt.
     * Returns its token.
     */
    readonly lease: (deliveryId: string, millis: number) => Effect.Effect<string, StoreError>
    /**
     * Renews leases for so many milliseconds from now, beside any transaction and without waiting for the application's
     * connections. Returns the deliveries whose lease still held.
     */
    readonly renew: (
      leases: ReadonlyArray<{ readonly deliveryId: string; readonly token: string }>,
      millis: number
    ) => Effect.Effect<ReadonlyArray<string>, StoreError>
    /**
     * Settles a delivery if it is held by this lease, whose attempt is counted already. Returns whether it was. A lease
     * that ran out still holds until somebody has ended it.
     */
    readonly settleLease: (verdict: Verdict, token: string) => Effect.Effect<boolean, StoreError>
    /** Ends a lease without counting its attempt: due again at once. Returns whether it held. */
    readonly giveBack: (deliveryId: string, token: string) => Effect.Effect<boolean, StoreError>
    /** Locks deliveries of a consumer whose lease ran out; those that another transaction holds are passed over. */
    readonly expired: (consumer: string, limit: number) => Effect.Effect<ReadonlyArray<Leased>, StoreError>
    /**
     * Milliseconds until the consumer's next delivery is due (≤ 0: due, perhaps held by another worker), or its next
     * lease runs out, or none.
     */
    readonly nextDue: (request: ClaimRequest) => Effect.Effect<number | undefined, StoreError>
    /** Position of the newest delivery of a consumer, 0 without one. */
    readonly lastPosition: (consumer: string) => Effect.Effect<bigint, StoreError>
    /** All that a process asks while it waits, in one statement; also records that its consumers are served. */
    readonly poll: (question: Question) => Effect.Effect<Answer, StoreError>
    /** Deliveries of a consumer in the order of their events: at most `limit` after `position` (0: from the first). */
    readonly findByConsumer: (
      consumer: string,
      position: bigint,
      limit: number
    ) => Effect.Effect<ReadonlyArray<Delivery>, StoreError>
    /** All deliveries of an event, by consumer name. */
    readonly findByEvent: (eventId: string) => Effect.Effect<ReadonlyArray<Delivery>, StoreError>
    /** Failed attempts of a delivery, oldest first; the last 1000. */
    readonly attempts: (deliveryId: string) => Effect.Effect<ReadonlyArray<AttemptRecord>, StoreError>
    readonly findById: (deliveryId: string) => Effect.Effect<Delivery | undefined, StoreError>
    /** How many deliveries of each consumer have each status. */
    readonly countByStatus: Effect.Effect<
      ReadonlyArray<{ readonly consumer: string; readonly status: DeliveryStatus; readonly count: number }>,
      StoreError
    >
    /**
     * Waits until deliveries may have changed: for the next change where changes are noticed, else for a short while.
     */
    readonly changed: Effect.Effect<void>
  }
>()("effect-integration/InboxStore") {}

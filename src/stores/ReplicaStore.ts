/**
 * The contract for processes: which of them run, what they serve, and what they were doing when they ended without a
 * word.
 *
 * A process that ends so (killed, out of memory, ended by a handler) leaves its row behind. Whoever notices makes the
 * consumers it served recover: deliveries that were due then are handled one at a time, with a note of each that
 * outlives a crash, so that the one that ends its process is known, and is charged alone. After the end of a connection they are
 * handled in batches, with a note of each delivery; only those whose batch ended so again are handled alone.
 *
 * @since 0.1.0
 */
import { Context, type Effect } from "effect"
import type { StoreError } from "../errors/StoreErrors.ts"
import type { Delayed, Mode, OnDeadLetter, Ordering } from "../model/Consumer.ts"
import type { Claimed, DeliveryKey, Interest } from "./Delivery.ts"

/**
 * What the code of a process says about a consumer, in `Consumer.make`: what it leaves to settings and defaults is not there.
 *
 * @since 0.1.0
 */
export interface ServedOptions {
  readonly mode?: Mode
  readonly ordering?: Ordering
  readonly onDeadLetter?: OnDeadLetter
  readonly delayed?: Delayed
  readonly concurrency?: number
  readonly batchSize?: number
  readonly timeoutMs?: number
  readonly maxAttempts?: number
  readonly retryBaseDelayMs?: number
  readonly retryMaxDelayMs?: number
  readonly retryJitterPercent?: number
  /** It has delays of its own, in the place of those that double. */
  readonly hasRetrySchedule?: true
}

/** What a process says about a consumer it serves. @since 0.1.0 */
export interface Served extends Interest {
  readonly consumer: string
  readonly ordering: Ordering
  /** Workers that drain it. */
  readonly workers: number
  /** Deliveries one of its batches may hold. */
  readonly batch: number
  /** Not there: it is of an earlier version, which does not say. */
  readonly options?: ServedOptions
}

/** What a process says of itself when it starts. @since 0.1.0 */
export interface AboutReplica {
  /** Version of effect-integration. */
  readonly version: string
  /** Version of the application, if somebody says so; cut to 255 characters. */
  readonly applicationVersion: string | undefined
  /** Transactions of batches that it may have under way at once: a connection each. */
  readonly maxBatches: number
}

/** A process, or what is left of it. @since 0.1.0 */
export interface Replica {
  readonly id: string
  readonly host: string | null
  readonly pid: number | null
  /** `dead`: it ended without saying so. */
  readonly status: "running" | "stopped" | "dead"
  /** Version of effect-integration; null, as all that follows from it: of an earlier version, which does not say. */
  readonly version: string | null
  /** Version of the application; null also where nobody says so. */
  readonly applicationVersion: string | null
  /** Whether it heard, at its last sign of life, what others notify of; else it finds their events by polling. Null: not known yet. */
  readonly isListening: boolean | null
  /** Transactions of batches that were under way at its last sign of life, and that may be: each holds a connection of the pool. */
  readonly batches: number | null
  readonly maxBatches: number | null
  /** What it serves, or served when it ended, by name. */
  readonly consumers: ReadonlyArray<string>
  readonly startedAt: Date
  readonly lastSeenAt: Date
  readonly stoppedAt: Date | null
}

/** A process that has handlers of a consumer, and what it says about that. @since 0.1.0 */
export interface Serving extends Pick<Replica, "id" | "host" | "pid"> {
  readonly served: Served
}

/** An attempt that was begun. @since 0.1.0 */
export interface StartedAttempt extends Pick<DeliveryKey, "eventId"> {
  /** Milliseconds since then. */
  readonly ageMillis: number
  /** Whether it began alone: nothing else of its consumer can have ended its process or connection. */
  readonly isAlone: boolean
}

/**
 * Keeps track of processes. Operations fail with `StoreError`.
 *
 * @since 0.1.0
 */
export class ReplicaStore extends Context.Service<
  ReplicaStore,
  {
    /** Id of this process, new at every start. */
    readonly id: string
    /**
     * Makes this process known as running, and looks for those that ended without a word: the consumers they served
     * recover from then on.
     */
    readonly join: (about: AboutReplica) => Effect.Effect<void, StoreError>
    /**
     * Records all that this process serves, before it claims anything of it, and whenever that changes. How much it may
     * have had in hand of what it served before stays known, for who recovers from a crash.
     */
    readonly serve: (served: ReadonlyArray<Served>) => Effect.Effect<void, StoreError>
    /** Processes that run, have been heard of within `silentMillis`, and serve a consumer; the last started first. */
    readonly serving: (consumer: string, silentMillis: number) => Effect.Effect<ReadonlyArray<Serving>, StoreError>
    /** This process ends in good order. */
    readonly leave: Effect.Effect<void, StoreError>
    /** Looks for processes that ended without a word, among those not heard of for `silentMillis`. Returns how many. */
    readonly reap: (silentMillis: number) => Effect.Effect<number, StoreError>
    /**
     * Makes a consumer recover, with as many due deliveries as its batches may hold: a connection was lost in one. Unless a process
     * has ended too, claims go on to give it several deliveries.
     */
    readonly startRecovery: (consumer: string) => Effect.Effect<void, StoreError>
    /**
     * Ends the recovery of those consumers of which nothing suspect is due any more. What no process served that runs, or ended
     * within the last hour, is not suspect. Notes of attempts that began together are removed.
     */
    readonly endRecovery: (consumers: ReadonlyArray<string>) => Effect.Effect<void, StoreError>
    /**
     * Writes that attempts begin, together, of deliveries of one consumer; committed when it returns, whatever becomes of the
     * caller's transaction from then on. Fails, with nothing written, when that has ended before.
     */
    readonly noteStarted: (
      deliveries: ReadonlyArray<DeliveryKey & Pick<Claimed, "attemptCount">>
    ) => Effect.Effect<void, StoreError>
    /** For those deliveries of a consumer that have notes, one: of an attempt alone if there is one, the oldest. */
    readonly findStarted: (
      deliveries: ReadonlyArray<DeliveryKey>
    ) => Effect.Effect<ReadonlyArray<StartedAttempt>, StoreError>
    /**
     * Removes the notes of deliveries of a consumer whose attempts have ended, in the caller's transaction.
     *
     * @param options.own - only those that this process wrote: others may have begun since the deliveries were free; default all
     */
    readonly eraseStarted: (
      deliveries: ReadonlyArray<DeliveryKey>,
      options?: { readonly own?: boolean }
    ) => Effect.Effect<void, StoreError>
    /** All that are known, the last started first; those that ended are forgotten after a day. */
    readonly all: Effect.Effect<ReadonlyArray<Replica>, StoreError>
  }
>()("effect-integration/ReplicaStore") {}

/**
 * The contract for operations: work on many dead letters that is kept, so that any process can go on with it.
 *
 * @since 0.1.0
 */
import { Context, type Effect } from "effect"
import type { StoreError } from "../errors/StoreErrors.ts"
import type { Changed, DeadLetterFilter } from "./DeadLetterStore.ts"

/** What is done to dead letters. @since 0.1.0 */
export type OperationKind = "requeue" | "discard"

/**
 * `canary`: the first few are requeued, and waited for. `running`: the others are. `finished`: all are, and all are settled. `stopped`:
 * somebody said so. `canary-failed`: one of the first few failed again, and the others were left alone.
 *
 * @since 0.1.0
 */
export type OperationState = "canary" | "running" | "finished" | "stopped" | "canary-failed"

/** An operation, and how far it is. @since 0.1.0 */
export interface Operation {
  readonly id: string
  readonly kind: OperationKind
  readonly filter: DeadLetterFilter
  /** Only what had given up by then is taken. */
  readonly cutOff: Date
  /** How many come first, and are waited for; 0 for none. */
  readonly canary: number
  /** Deliveries per second at most; null: as fast as it goes. */
  readonly pace: number | null
  readonly reason: string | null
  /** Who asked for it, and in which role. */
  readonly by: string
  readonly role: string
  readonly state: OperationState
  /** How many the filter covered; more than this while it is not exact. */
  readonly total: number
  readonly isTotalExact: boolean
  /** How many it requeued or discarded. What others had changed before is none of them. */
  readonly done: number
  /** Of those: how many are processed or skipped by now. */
  readonly settled: number
  /** Of those: how many gave up again; of a canary's also what is to be retried. */
  readonly failedAgain: number
  /** Of those: how many are still to be handled, as far as was looked. */
  readonly open: number
  readonly createdAt: Date
  /** When its first step was done. */
  readonly startedAt: Date | null
  /** When it last came further. */
  readonly updatedAt: Date
  /** When nothing was left to be done or to be waited for. */
  readonly finishedAt: Date | null
  readonly stoppedBy: string | null
  /** Why its last step failed; it is repeated. */
  readonly lastError: string | null
}

/** An operation that is to be stored. @since 0.1.0 */
export interface NewOperation
  extends Pick<
    Operation,
    "id" | "kind" | "filter" | "canary" | "pace" | "reason" | "by" | "role" | "total" | "isTotalExact"
  > {
  /** Default: now, by the store's clock. */
  readonly cutOff: Date | undefined
}

/** Dead letters an operation is about. @since 0.1.0 */
export interface OperationScope {
  readonly filter: DeadLetterFilter
  /** Default: now, by the store's clock. */
  readonly cutOff: Date | undefined
}

/** What an operation would be about. @since 0.1.0 */
export interface OperationPreview {
  /** Counted up to what was asked. */
  readonly count: number
  /** Those of their consumers that keep order. */
  readonly ordered: ReadonlyArray<string>
  /** The store's time. */
  readonly at: Date
}

/** An operation that this transaction holds, and where it is. @since 0.1.0 */
export interface Taken extends Operation {
  /** Up to where dead letters were taken, and counted: only the store that wrote it can read it. */
  readonly cursor: string | null
  readonly countCursor: string | null
  readonly counted: number
  /** Nothing more is to be taken. */
  readonly isTaken: boolean
  /** Since it last came further. */
  readonly idleMillis: number
}

/** The next dead letters of an operation. @since 0.1.0 */
export interface OperationPage {
  readonly deliveryIds: ReadonlyArray<string>
  readonly cursor: string | null
  readonly isLast: boolean
}

/** What became of deliveries that an operation requeued. @since 0.1.0 */
export interface Watched {
  readonly settled: number
  readonly failedAgain: number
  /** Where the next look goes on; undefined at the end. */
  readonly next: string | undefined
  /** How many were looked at. */
  readonly looked: number
}

/** How far a step brought an operation. @since 0.1.0 */
export interface OperationStep {
  readonly state: OperationState
  readonly isTaken: boolean
  readonly isFinished: boolean
  readonly total: number
  readonly isTotalExact: boolean
  readonly cursor: string | null
  readonly countCursor: string | null
  /** All in all. */
  readonly counted: number
  /** Added to `done`. */
  readonly done: number
  /** Added to `settled`. */
  readonly settled: number
  /** Added to `failedAgain`. */
  readonly failedAgain: number
  /** Deliveries that are waited for from now on. */
  readonly requeued: ReadonlyArray<Changed>
  /** Milliseconds until somebody takes its next step. */
  readonly delayMillis: number
}

/**
 * Stores operations. Operations of the store join the caller's transaction and fail with `StoreError`.
 *
 * @since 0.1.0
 */
export class OperationStore extends Context.Service<
  OperationStore,
  {
    /** Counts dead letters up to `limit`. */
    readonly preview: (scope: OperationScope, limit: number) => Effect.Effect<OperationPreview, StoreError>
    /** Stores an operation: in the state `canary` if it has one, else `running`. */
    readonly add: (operation: NewOperation) => Effect.Effect<Operation, StoreError>
    readonly find: (id: string) => Effect.Effect<Operation | undefined, StoreError>
    /** The last first, by id: at most `limit` before the one with the id `after`. */
    readonly list: (
      filter: { readonly state?: OperationState },
      after: string | undefined,
      limit: number
    ) => Effect.Effect<ReadonlyArray<Operation>, StoreError>
    /** Takes nothing more for an operation that goes on; what it did so far is waited for. Returns whether it went on. */
    readonly stop: (id: string, by: string) => Effect.Effect<boolean, StoreError>
    /** Milliseconds until an unfinished operation is due (≤ 0: due, perhaps held by somebody); undefined when there is none. */
    readonly dueIn: Effect.Effect<number | undefined, StoreError>
    /** Locks an operation that is due until the transaction ends; those that another one holds are passed over. */
    readonly take: Effect.Effect<Taken | undefined, StoreError>
    /**
     * The next dead letters of an operation, the first that gave up first. When some of ordered consumers are to be requeued, and others of
     * the same aggregates come before them though they gave up later, only what keeps order is given, the first events first, and the cursor
     * stays.
     */
    readonly next: (operation: Taken, limit: number) => Effect.Effect<OperationPage, StoreError>
    /** Counts some more dead letters of an operation, at most `limit`. */
    readonly count: (
      operation: Taken,
      limit: number
    ) => Effect.Effect<{ readonly counted: number; readonly cursor: string | null }, StoreError>
    /**
     * Looks at `limit` deliveries that were requeued, from `after` on, and forgets those that are settled or gave up again.
     *
     * @param retries - whether what is to be retried counts as failed again
     */
    readonly watch: (
      id: string,
      after: string | undefined,
      limit: number,
      retries: boolean
    ) => Effect.Effect<Watched, StoreError>
    /** Writes what a step did. */
    readonly save: (id: string, step: OperationStep) => Effect.Effect<void, StoreError>
    /** Notes why a step failed, cut to fit, and that it is repeated in so many milliseconds. */
    readonly postpone: (id: string, error: string, delayMillis: number) => Effect.Effect<void, StoreError>
    /**
     * Removes some of what came to an end, or did not come further, more than so many days ago, up to `limit` rows. Returns how many
     * rows.
     */
    readonly forget: (days: number, limit: number) => Effect.Effect<number, StoreError>
  }
>()("effect-integration/OperationStore") {}

/**
 * The contract for durable subscriptions: which consumer is interested in which events, whether or not a process that
 * serves it is running.
 *
 * @since 0.1.0
 */
import { Context, type Effect } from "effect"
import type { StoreError } from "../errors/StoreErrors.ts"
import type { Ordering } from "../model/Consumer.ts"
import type { Delivery } from "./Delivery.ts"

/** A consumer's interest in a name or pattern. @since 0.1.0 */
export interface Subscription {
  readonly consumer: string
  readonly event: string
  readonly priority: number
}

/** A subscription to be registered, with what its consumer asks for. @since 0.1.0 */
export interface Registration extends Subscription {
  readonly ordering: Ordering
  /**
   * When the subscription is new: events stored at this time or later are given to it too. `"beginning"`: all there are;
   * without it, only those stored from now on.
   */
  readonly startFrom?: Date | "beginning" | undefined
}

/** A subscription no process serves, or open deliveries that no subscription covers. @since 0.1.0 */
export interface Unserved {
  readonly consumer: string
  /** The name or pattern as it was subscribed; of what no subscription covers, the event's name. */
  readonly event: string
  /** If processes serve it, but none knows this version of the event's payload: only deliveries of this one are meant. */
  readonly version?: number
  /** Open deliveries that wait for it, counted up to 1000. */
  readonly open: number
  /** When the oldest of them was stored, as far as they are counted; null when nothing waits. */
  readonly since: Date | null
  /** When the consumer was last served at all. */
  readonly lastSeenAt: Date
}

/** State of a consumer that outlives a restart. @since 0.1.0 */
export interface ConsumerState {
  readonly consumer: string
  readonly ordering: Ordering
  /** When it was paused; null when it is not. */
  readonly pausedAt: Date | null
  /** Why it was paused by itself, as more of its attempts failed than its `maxFailureRate` allows; null when somebody paused it, or nobody. */
  readonly pauseReason: string | null
  /** Until when a handler asked all that it has to be held (`Subscriber.cool`), also when that is over; null when none did. */
  readonly coolUntil: Date | null
  /** When a process last said that it serves it. */
  readonly lastSeenAt: Date
}

/** Characters of the reason why a consumer is paused. @since 0.1.0 */
export const longestReason = 1023

/** What became of an attempt to pause a consumer whose attempts fail. @since 0.1.0 */
export interface Braked {
  /** Whether it is paused by this. */
  readonly isPaused: boolean
  /** How long ago it was resumed, in milliseconds by the store's clock; null when it never was. */
  readonly resumedMillisAgo: number | null
}

/** How far `Unserved.open` is counted. @since 0.1.0 */
export const mostOpen = 1000

/** Of so many of each kind (waiting, parked, in hand) that a consumer has, those are told that no subscription covers. @since 0.1.0 */
export const overlookedAmong = 1000

/** @since 0.1.0 */
export interface SweepRequest {
  /**
   * Whether open deliveries of consumers whose ordering changed are looked at as well, for those that were written without having
   * seen the change: a look at everything that is open, which also comes when a sweep ends.
   */
  readonly isThorough: boolean
}

/** Deliveries of a consumer that match `events` but not `except`. @since 0.1.0 */
export interface RetireScope {
  readonly consumer: string
  readonly events: ReadonlyArray<string>
  readonly except: ReadonlyArray<string>
}

/**
 * Stores subscriptions; fails with `StoreError`.
 *
 * @since 0.1.0
 */
export class SubscriptionStore extends Context.Service<
  SubscriptionStore,
  {
    /**
     * Records subscriptions and their consumers; those that exist keep their registration. When the ordering of a
     * consumer changes, its open deliveries follow, and its subscriptions are swept again: publishers that could not
     * see the change may still be under way. It stays `aggregate` as long as a process that runs serves it so: see
     * `ReplicaStore.serve`.
     */
    readonly register: (registrations: ReadonlyArray<Registration>) => Effect.Effect<void, StoreError>
    /**
     * Durably stops or resumes the delivery to a consumer; resuming also ends what `cool` began. Returns whether that
     * changed anything: not when it was so already. `undefined`: there is no such consumer.
     */
    readonly setPaused: (consumer: string, isPaused: boolean) => Effect.Effect<boolean | undefined, StoreError>
    /**
     * Pauses a consumer because too many of its attempts failed, unless it is paused already, or was resumed less than so many
     * milliseconds ago: what failed before that does not count any more. The reason is cut to fit.
     */
    readonly brake: (consumer: string, reason: string, sinceMillis: number) => Effect.Effect<Braked, StoreError>
    /** Lets nobody claim what a consumer has for so many milliseconds; what somebody said for longer stays. */
    readonly cool: (consumer: string, millis: number) => Effect.Effect<void, StoreError>
    /** All consumers there ever were, by name. */
    readonly consumers: Effect.Effect<ReadonlyArray<ConsumerState>, StoreError>
    /**
     * Gives subscriptions that are not swept yet every matching event whose publisher could not see them, and ends
     * their sweep once no transaction is left that could publish without seeing them. Returns the consumers that have
     * work now, and whether a subscription still has to be swept.
     */
    readonly sweep: (
      request: SweepRequest
    ) => Effect.Effect<{ readonly consumers: ReadonlyArray<string>; readonly isOpen: boolean }, StoreError>
    /**
     * Gives consumers that came late the events they asked for, oldest first, for a while; an ordered one is given
     * nothing to handle before that is done. Returns the consumers that have work now, and whether there is more to do:
     * with none and more to do, somebody else is at it, or has their subscriptions in hand.
     */
    readonly backfill: Effect.Effect<
      { readonly consumers: ReadonlyArray<string>; readonly isOpen: boolean },
      StoreError
    >
    /**
     * Subscriptions that no process which runs has recorded to serve, by consumer and event (see `ReplicaStore.serve`); then
     * what is open although no subscription covers it: a publish that was under way while its consumer was retired leaves
     * such a delivery. That is looked for among the first `overlookedAmong` that a consumer has of each kind, the first due of those
     * that wait: as nobody handles it, it comes to be among these.
     */
    readonly unserved: Effect.Effect<ReadonlyArray<Unserved>, StoreError>
    /** All subscriptions, by consumer and event. */
    readonly all: Effect.Effect<ReadonlyArray<Subscription>, StoreError>
    /** Open deliveries of a consumer, oldest first, at most `limit`. */
    readonly open: (scope: RetireScope, limit: number) => Effect.Effect<ReadonlyArray<Delivery>, StoreError>
    /** Ends the subscriptions of a consumer for exactly these names and patterns. Returns how many there were. */
    readonly remove: (consumer: string, events: ReadonlyArray<string>) => Effect.Effect<number, StoreError>
    /** Marks open deliveries as skipped, which ends their leases. Returns how many there were. */
    readonly skipOpen: (scope: RetireScope) => Effect.Effect<number, StoreError>
  }
>()("effect-integration/SubscriptionStore") {}

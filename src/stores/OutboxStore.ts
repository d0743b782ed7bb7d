/**
 * The outbox contract: what every store of events must do. No database is imported here.
 *
 * @since 0.1.0
 */
import { Context, type Effect, type Schema } from "effect"
import type { StoreError } from "../errors/StoreErrors.ts"
import type { InlineNotification } from "../wakeups/Broadcast.ts"

/**
 * Statuses of an event, derived from its deliveries when they are asked for: `processing` if one is being handled under a
 * lease, `pending` if one is open or none was written yet; else `dead_letter` if one is, `failed` if one gave up otherwise,
 * `processed`.
 *
 * @since 0.1.0
 */
export type EventStatus = "pending" | "processing" | "processed" | "failed" | "dead_letter"

/** An event to be stored. Text was checked before: see `Publisher`. @since 0.1.0 */
export interface NewEvent {
  readonly id: string
  readonly eventName: string
  readonly schemaVersion: number
  readonly sourceModule: string
  readonly aggregateType: string
  readonly aggregateId: string
  /** JSON text. */
  readonly payload: string
  /** JSON text of an object, or `undefined` for none. */
  readonly metadata: string | undefined
  readonly correlationId: string | undefined
  readonly causationId: string | undefined
  /** The trace it was published in, in the form of W3C Trace Context. */
  readonly traceparent: string | undefined
  /** Names the event among those of its source module and name: a second one is not stored. */
  readonly dedupeKey: string | undefined
  /** When it may be delivered: so many milliseconds from now by the store's clock, or at a time; else at once. */
  readonly due: number | Date | undefined
}

/** An event of another service, to be stored. @since 0.1.0 */
export interface ReceivedEvent extends Omit<NewEvent, "dedupeKey"> {
  /** Where the message came from, and its id there: both together are stored once. */
  readonly source: string
  readonly messageId: string
  /** The service that published it. */
  readonly origin: string
}

/** What the store decided about an event of another service. @since 0.1.0 */
export interface Received {
  /** The event's id; of a message that was received before, that of the event it was then. */
  readonly id: string
  /**
   * `stored`; `duplicate`: the message was received before, or an event of this name has this id, and nothing was stored;
   * `conflict`: an event of another name has this id, and nothing was written.
   */
  readonly result: "stored" | "duplicate" | "conflict"
  /** Consumers that were given a delivery. */
  readonly consumers: ReadonlyArray<string>
}

/** What the store decided about a new event. @since 0.1.0 */
export interface Appended {
  /** The new event's id, or that of the event that has its `dedupeKey` already. */
  readonly id: string
  readonly position: bigint
  readonly status: "pending" | "processed"
  readonly createdAt: Date
  /** Consumers that were given a delivery. */
  readonly consumers: ReadonlyArray<string>
  /** The event that has the same `dedupeKey` already: nothing was written then. */
  readonly existing: OutboxRow | undefined
  /** The transaction it was written in, where somebody else commits that: see `Broadcast.ofOthers`. */
  readonly transactionId?: string
}

/** One row of `outbox_event`: an event, with what its deliveries have come to by now. @since 0.1.0 */
export interface OutboxRow {
  readonly id: string
  readonly position: bigint
  readonly eventName: string
  readonly schemaVersion: number
  readonly sourceModule: string
  readonly aggregateType: string
  readonly aggregateId: string
  readonly payload: Schema.Json
  readonly metadata: Schema.Json | null
  /** Bytes of payload and metadata if that is more than can be read (`largestContent`): both are null then. */
  readonly oversizeBytes: number | null
  readonly correlationId: string | null
  readonly causationId: string | null
  /** The trace it was published in; of an event that plain SQL inserted, whatever stands there. */
  readonly traceparent: string | null
  /** The service that published it, if that is another one. */
  readonly origin: string | null
  readonly dedupeKey: string | null
  /** Before this, nobody is given the event. */
  readonly availableAt: Date
  readonly status: EventStatus
  /** The most attempts of a delivery. */
  readonly attemptCount: number
  /** Of a dead letter, else of a delivery that failed, else of any. */
  readonly lastError: string | null
  /** Whether its deliveries are written. */
  readonly isRouted: boolean
  readonly createdAt: Date
  /** When the last delivery was settled; null while one is open. */
  readonly processedAt: Date | null
}

/** Which events `removeSettled` and `countSettled` look at, and how old they have to be. @since 0.1.0 */
export interface RetentionWindow {
  /** Where the look goes on: after this id; from the first without it. */
  readonly after: string | undefined
  /** How many are looked at. */
  readonly limit: number
  /** Hours since an event was settled, with no delivery that gave up; undefined: they stay. */
  readonly hours: number | undefined
  /** Hours since an event was settled with deliveries that gave up; undefined: they stay. */
  readonly deadLetterHours: number | undefined
}

/** How many events of a window `removeSettled` would remove now. @since 0.1.0 */
export interface SettledCount {
  readonly settled: number
  /** Events of the window. */
  readonly looked: number
  /** `after` of the next window; undefined after the last. */
  readonly next: string | undefined
}

/** What `removeSettled` did. @since 0.1.0 */
export interface Removed {
  readonly removed: number
  /** `after` of the next window; undefined after the last. */
  readonly next: string | undefined
}

/**
 * Stores events and gives each interested consumer its delivery.
 *
 * Every operation joins the caller's transaction, and fails with `StoreError`, having written nothing, when the store
 * refuses it.
 *
 * @since 0.1.0
 */
export class OutboxStore extends Context.Service<
  OutboxStore,
  {
    /**
     * Stores events and, in the same statement, their deliveries for every subscription that matches. Positions follow
     * the order of the list; so do the results. An event whose `dedupeKey` is taken is not stored: who took it comes
     * back; whether it is, is known when the transaction that may be taking it has ended.
     *
     * @param notification - for a single event without a key: tells other processes of it in the same statement
     */
    readonly append: (
      events: ReadonlyArray<NewEvent>,
      notification?: InlineNotification | undefined
    ) => Effect.Effect<ReadonlyArray<Appended>, StoreError>
    /**
     * Stores events of other services as `append` does, and notes which messages they were, in the same statement. A message
     * that is noted already is not stored again, whatever has become of its event. Results follow the order of the list.
     */
    readonly receive: (events: ReadonlyArray<ReceivedEvent>) => Effect.Effect<ReadonlyArray<Received>, StoreError>
    /**
     * Forgets messages that were received so many hours ago, of which at most `limit`. Returns how many; what others forget just
     * now is passed over.
     */
    readonly forgetReceived: (hours: number, limit: number) => Effect.Effect<number, StoreError>
    /**
     * Gives up to `limit` events that were inserted by other means (`routed_at` is null) their deliveries, oldest
     * first. Returns how many were routed and the consumers that have work now. Safe in many processes at once.
     */
    readonly route: (
      limit: number
    ) => Effect.Effect<{ readonly routed: number; readonly consumers: ReadonlyArray<string> }, StoreError>
    /**
     * Removes events that were settled long ago, with their deliveries and the history of these, among the next ones in
     * the order of their ids. What somebody holds is passed over, and what is open, or was opened meanwhile, stays.
     */
    readonly removeSettled: (window: RetentionWindow) => Effect.Effect<Removed, StoreError>
    /** How many events of the window `removeSettled` would remove, if nobody held any of them. Changes and holds nothing. */
    readonly countSettled: (window: RetentionWindow) => Effect.Effect<SettledCount, StoreError>
    readonly findById: (eventId: string) => Effect.Effect<OutboxRow | undefined, StoreError>
    /** Events with a name, in the order they were stored: at most `limit` after `position` (0: from the first). */
    readonly findByName: (
      eventName: string,
      position: bigint,
      limit: number
    ) => Effect.Effect<ReadonlyArray<OutboxRow>, StoreError>
    /** How many events have each status; a status nobody has may be missing. */
    readonly countByStatus: Effect.Effect<Readonly<Partial<Record<EventStatus, number>>>, StoreError>
  }
>()("effect-integration/OutboxStore") {}

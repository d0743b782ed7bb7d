/**
 * What `Processor.stats` returns.
 *
 * @since 0.1.0
 */
import type { DeliveryStatus } from "../stores/Delivery.ts"
import type { EventStatus } from "../stores/OutboxStore.ts"
import type { Unserved } from "../stores/SubscriptionStore.ts"

/**
 * Statuses of deliveries, with those apart that are none. `received` waits for its first attempt; `retrying` has failed, and is
 * tried again (its status is `failed`); `parked` waits behind another delivery of its aggregate, and can only be handled after that
 * (its status is `received` or `failed`); `failed` gave up while dead letters were switched off.
 *
 * @since 0.1.0
 */
export type DeliveryState = DeliveryStatus | "retrying" | "parked"

/** Deliveries that are to be handled still. @since 0.1.0 */
export interface Outstanding {
  /** Handled for the first time, now or when they are due; those under way by a lease among them. The backlog is this and `retrying`. */
  readonly open: number
  /** To be tried again, as an attempt failed. */
  readonly retrying: number
  /** Behind another delivery of their aggregate. They are no backlog: nothing can be done about them before it. */
  readonly parked: number
}

/** @since 0.1.0 */
export interface PausedConsumer {
  readonly consumer: string
  readonly since: Date
  /** As `ConsumerState.pauseReason`. */
  readonly reason: string | null
}

/**
 * How far the numbers of what is finished go: events that are `processed` and their `total`, deliveries that are `processed` or
 * `skipped`. All other numbers are counted now.
 *
 * @since 0.1.0
 */
export interface Finished {
  /**
   * They are counted now, too: there are at most 100,000 events and 100,000 deliveries, or this process keeps no statistics. Else they
   * are what statistics have added up, which is of what `Publisher` published and processes settled, and has not been removed.
   */
  readonly isExact: boolean
  /** When the oldest of these statistics begins, at most 30 days ago; null when everything is counted. */
  readonly since: Date | null
  /** They hold all that had happened by then: now when everything is counted, else ten seconds ago. */
  readonly asOf: Date
}

/** Counts of events, deliveries and handlers, and what keeps deliveries waiting. @since 0.1.0 */
export interface Stats {
  /** How far the numbers of what is finished go. */
  readonly finished: Finished
  /** Events by status, all statuses named. */
  readonly events: Readonly<Record<EventStatus, number>>
  /** Events in all. */
  readonly total: number
  /** What is to be handled still, of all consumers together. */
  readonly outstanding: Outstanding
  /** Deliveries by consumer and state, all states named. */
  readonly deliveries: Readonly<Record<string, Readonly<Record<DeliveryState, number>>>>
  /** Consumers that are paused, by name: since when, and why if more of their attempts failed than their `maxFailureRate` allows. */
  readonly paused: ReadonlyArray<PausedConsumer>
  /**
   * What waits although no process that runs handles it, by consumer and event: how much, and since when. As
   * `Processor.unserved`, but for what nothing waits for.
   */
  readonly unserved: ReadonlyArray<Unserved>
  /** Handlers of this process. */
  readonly handlerCount: number
}

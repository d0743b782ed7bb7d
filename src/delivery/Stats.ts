/**
 * What `Processor.stats` returns.
 *
 * @since 0.1.0
 */
import type { DeliveryStatus } from "../stores/Delivery.ts"
import type { EventStatus } from "../stores/OutboxStore.ts"

/** Counts of events, deliveries and handlers. @since 0.1.0 */
export interface Stats {
  /** Events by status, all statuses named. */
  readonly events: Readonly<Record<EventStatus, number>>
  /** Events in all. */
  readonly total: number
  /**
   * Deliveries by consumer and status, all statuses named. `failed` are those that gave up while dead letters were switched
   * off; those of that status that wait for their retry are `retrying`.
   */
  readonly deliveries: Readonly<Record<string, Readonly<Record<DeliveryStatus | "retrying", number>>>>
  /** Handlers of this process. */
  readonly handlerCount: number
}

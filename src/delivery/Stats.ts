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
  /** Deliveries by consumer and status, all statuses named. */
  readonly deliveries: Readonly<Record<string, Readonly<Record<DeliveryStatus, number>>>>
  /** Handlers of this process. */
  readonly handlerCount: number
}

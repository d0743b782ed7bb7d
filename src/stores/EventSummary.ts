/**
 * What lists say of an event.
 *
 * @since 0.1.0
 */
import type { Entity } from "../model/DomainEvent.ts"
import type { DeliveryStatus } from "./Delivery.ts"
import type { EventStatus } from "./OutboxStore.ts"

/** What became of an event for one consumer, in short. @since 0.1.0 */
export interface EventDelivery {
  readonly consumer: string
  readonly status: DeliveryStatus
  /** Waits to be handled: for the first time, for a retry, or for its handler to end. */
  readonly isOpen: boolean
  /** Waits behind another event of its aggregate. */
  readonly isParked: boolean
  readonly attemptCount: number
}

/** An event without its documents. @since 0.1.0 */
export interface EventSummary {
  readonly id: string
  readonly eventName: string
  readonly schemaVersion: number
  readonly sourceModule: string
  readonly aggregate: Entity
  readonly correlationId: string | null
  readonly causationId: string | null
  /** The service that published it, if that is another one. */
  readonly origin: string | null
  readonly createdAt: Date
  readonly status: EventStatus
  /** Whether its deliveries are written. */
  readonly isRouted: boolean
  /** By name of their consumers. */
  readonly deliveries: ReadonlyArray<EventDelivery>
}

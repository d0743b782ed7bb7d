/**
 * All that is known of one event.
 *
 * @since 0.1.0
 */
import type { Schema } from "effect"
import type { DeliveryKey, DeliveryStatus } from "./Delivery.ts"
import type { EventDelivery, EventSummary } from "./EventSummary.ts"

/** The delivery of the same consumer and aggregate that holds up one that is parked. @since 0.1.0 */
export interface HoldingUp extends Pick<DeliveryKey, "deliveryId" | "eventId"> {
  readonly eventName: string
  readonly status: DeliveryStatus
  /** False: it gave up. */
  readonly isOpen: boolean
  /** It is parked itself, and nothing before it is open: it goes on with one of the next looks. */
  readonly isParked: boolean
  readonly attemptCount: number
  /** As of `EventDeliveryDetails`. */
  readonly availableAt: Date | null
}

/** A delivery of an event. @since 0.1.0 */
export interface EventDeliveryDetails extends EventDelivery, DeliveryKey {
  readonly lastError: string | null
  readonly errorTag: string | null
  /** Before this it is not handled; null when it is settled, parked, or being handled under a lease. */
  readonly availableAt: Date | null
  /**
   * What it waits for when it is parked: one in hand or to be retried, else the last before it that gave up, else the first before it that
   * is not parked, else the first. Null when it is not parked, or nothing holds it up any more.
   */
  readonly waitsFor: HoldingUp | null
  /** Until when whoever handles it holds its lease; null without one. */
  readonly leasedUntil: Date | null
  readonly createdAt: Date
  /** When it was settled for good; null while it is open. */
  readonly processedAt: Date | null
  /** Its handler gets another payload than the event's. */
  readonly isEdited: boolean
  /** JSON text of that payload; null also when it cannot be read with those before it. */
  readonly payloadOverride: string | null
}

/** An event with its documents. @since 0.1.0 */
export interface EventDetails extends Omit<EventSummary, "deliveries"> {
  readonly position: bigint
  /** The trace it was published in. */
  readonly traceparent: string | null
  readonly dedupeKey: string | null
  /** Before this, nobody is given the event. */
  readonly availableAt: Date
  /**
   * The payload's JSON text, as PostgreSQL writes it: numbers of more than 53 bits are in it as they were published. Null when it is too
   * large, with the metadata, to be read: `oversizeBytes` says how large.
   */
  readonly payloadText: string | null
  /** The same as a value, which has numbers of 53 bits. */
  readonly payload: Schema.Json
  readonly metadataText: string | null
  readonly metadata: Schema.Json | null
  /** Bytes of payload and metadata if that is more than can be read (`largestContent`): all of them are null then. */
  readonly oversizeBytes: number | null
  /** By name of their consumers. */
  readonly deliveries: ReadonlyArray<EventDeliveryDetails>
}

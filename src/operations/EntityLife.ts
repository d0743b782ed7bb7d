/**
 * What happened to an entity.
 *
 * @since 0.1.0
 */
import type { Entity } from "../model/DomainEvent.ts"
import type { DeliveryStatus } from "../stores/Delivery.ts"
import type { Link } from "../stores/LinkStore.ts"

/** Something that happened to an entity. @since 0.1.0 */
export type Moment =
  | {
      readonly kind: "event"
      readonly at: Date
      readonly entity: Entity
      readonly eventId: string
      readonly eventName: string
    }
  | {
      /** A delivery of one of its events was settled. */
      readonly kind: "delivery"
      readonly at: Date
      readonly entity: Entity
      readonly eventId: string
      readonly eventName: string
      readonly deliveryId: string
      readonly consumer: string
      readonly status: DeliveryStatus
      readonly attemptCount: number
      readonly lastError: string | null
    }
  | { readonly kind: "link"; readonly at: Date; readonly entity: Entity; readonly link: Link }

/** Part of a life. @since 0.1.0 */
export interface Life {
  /** The first first. */
  readonly moments: ReadonlyArray<Moment>
  /** `after` of the next part; undefined on the last. */
  readonly next: string | undefined
  /** False when there are more entities, events or links than are looked at: some moments are missing then. */
  readonly isComplete: boolean
}

/**
 * What came of an event, and what it came from.
 *
 * @since 0.1.0
 */
import type { Entity } from "../model/DomainEvent.ts"
import type { AttemptRecord, DeliveryStatus } from "../stores/Delivery.ts"
import type { Link } from "../stores/LinkStore.ts"

/** What became of an event for one consumer. @since 0.1.0 */
export interface LineageDelivery {
  readonly deliveryId: string
  readonly consumer: string
  readonly status: DeliveryStatus
  /** Waits to be handled: for the first time, for a retry, or for its handler to end. */
  readonly isOpen: boolean
  readonly attemptCount: number
  readonly lastError: string | null
  /** Those that failed, oldest first. */
  readonly failedAttempts: ReadonlyArray<AttemptRecord>
}

/** An event with what followed from it. @since 0.1.0 */
export interface LineageNode {
  readonly id: string
  readonly name: string
  readonly schemaVersion: number
  readonly aggregate: Entity
  readonly timestamp: Date
  readonly correlationId: string | undefined
  readonly causationId: string | undefined
  readonly traceparent: string | undefined
  /** The service that published it, if that is another one. */
  readonly origin: string | undefined
  readonly deliveries: ReadonlyArray<LineageDelivery>
  /** Links from or to its aggregate. */
  readonly links: ReadonlyArray<Link>
  /** Events that it is the cause of, in the order they were stored. */
  readonly caused: ReadonlyArray<LineageNode>
  /** Ids among those it is the cause of that stand elsewhere in the tree: causes that go in a circle, as other services may send. */
  readonly repeats: ReadonlyArray<string>
}

/** The tree an event belongs to. @since 0.1.0 */
export interface LineageTree {
  /** The first event that is known here: the one that was asked about, or what it followed from. */
  readonly root: LineageNode
  /** The cause that the root names, if it is not here: with another service (`root.origin`), or removed. */
  readonly unknownCause: string | undefined
  /** How many events the tree has. */
  readonly size: number
  /** Whether there are more events, attempts or links than are shown. */
  readonly isCut: boolean
  /** Events that were stored before this were looked at for what followed from each; of later ones little or nothing is said. */
  readonly lookedUntil: Date
}

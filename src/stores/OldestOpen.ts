/**
 * What a consumer has had open for the longest time.
 *
 * @since 0.1.0
 */
import type { Entity } from "../model/DomainEvent.ts"
import type { ConsumerDepth } from "./Depths.ts"

/** So many are told. @since 0.1.0 */
export const oldestShown = 10

/** They are looked for among so many of each kind (waiting, parked, in hand). @since 0.1.0 */
export const oldestAmong = 1000

/** A delivery that is open, and its event. @since 0.1.0 */
export interface OpenDelivery {
  readonly deliveryId: string
  readonly eventId: string
  readonly eventName: string
  readonly aggregate: Entity
  /** As `ConsumerDepth` counts it. */
  readonly state: keyof Pick<ConsumerDepth, "ready" | "delayed" | "retrying" | "leased" | "parked">
  readonly attemptCount: number
  /** When its event was stored. */
  readonly createdAt: Date
}

/** @since 0.1.0 */
export interface OldestOpen {
  /** By position, the oldest first. */
  readonly deliveries: ReadonlyArray<OpenDelivery>
  /** There were as many of a kind as are looked at: of what waits the first by due time, of the others any. Older ones may be beyond. */
  readonly isCut: boolean
}

/**
 * The lineage contract: which events follow from which, and what became of them. No database is imported here.
 *
 * @since 0.1.0
 */
import { Context, type Effect } from "effect"
import type { StoreError } from "../errors/StoreErrors.ts"
import type { AttemptRecord, Delivery, DeliveryKey } from "./Delivery.ts"

/** An event without its documents. @since 0.1.0 */
export interface LineageEvent {
  readonly id: string
  readonly position: bigint
  readonly eventName: string
  readonly schemaVersion: number
  readonly sourceModule: string
  readonly aggregateType: string
  readonly aggregateId: string
  readonly correlationId: string | null
  readonly causationId: string | null
  readonly traceparent: string | null
  /** Service that published it, if that is another one. */
  readonly origin: string | null
  readonly createdAt: Date
}

/** Which events `causedBy` looks for. @since 0.1.0 */
export interface CausedRequest {
  readonly causes: ReadonlyArray<string>
  /** Stored at this time or later. */
  readonly from: Date
  /** Stored before this time. */
  readonly until: Date
  readonly limit: number
}

/** A failed attempt, with its delivery. @since 0.1.0 */
export interface DeliveryAttempt extends AttemptRecord, Pick<DeliveryKey, "eventId" | "consumer"> {}

/**
 * What a lineage is made of. Nothing is indexed by cause: events are looked for among those of a span of time.
 *
 * @since 0.1.0
 */
export class LineageStore extends Context.Service<
  LineageStore,
  {
    /** Those of these events that are kept. Ids that are no UUIDs name none. */
    readonly find: (ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<LineageEvent>, StoreError>
    /** Events that name one of these as their cause, in the order they were stored. */
    readonly causedBy: (request: CausedRequest) => Effect.Effect<ReadonlyArray<LineageEvent>, StoreError>
    /** All deliveries of events, by event and consumer name. */
    readonly deliveriesOf: (eventIds: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<Delivery>, StoreError>
    /** Failed attempts of the deliveries of events, oldest first: the last ones up to a limit. */
    readonly attemptsOf: (
      eventIds: ReadonlyArray<string>,
      limit: number
    ) => Effect.Effect<ReadonlyArray<DeliveryAttempt>, StoreError>
  }
>()("effect-integration/LineageStore") {}

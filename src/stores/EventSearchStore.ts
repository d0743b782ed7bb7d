/**
 * The contract of looking for events: in slices of the order of their ids, each of which says how far it looked. No database is
 * imported here.
 *
 * @since 0.1.0
 */
import { Context, type Effect } from "effect"
import type { StoreError } from "../errors/StoreErrors.ts"
import type { Entity } from "../model/DomainEvent.ts"
import type { DeliveryStatus } from "./Delivery.ts"
import type { EventDetails } from "./EventDetails.ts"
import type { EventSummary } from "./EventSummary.ts"
import type { EventStatus } from "./OutboxStore.ts"

/** A place in a payload, and what stands there. @since 0.1.0 */
export interface PayloadCondition {
  /** Keys and indexes, from the outside in: digits are an index where a list is. */
  readonly path: ReadonlyArray<string>
  /** JSON text: numbers are compared by value, exactly; keys of objects have no order. */
  readonly json: string
}

/** Which events are looked for: those that fit all of it. It was checked before: see `Events`. @since 0.1.0 */
export interface EventQuery {
  /** Names, or patterns: `*` stands for any characters. */
  readonly names?: ReadonlyArray<string>
  readonly modules?: ReadonlyArray<string>
  /** Without a module, of any. */
  readonly aggregate?: Pick<Entity, "entityType" | "entityId"> & { readonly module?: string }
  /** Of the event; with `consumer`, of what that one's delivery alone would make of it. */
  readonly statuses?: ReadonlyArray<EventStatus>
  /** Events that this consumer has a delivery of. */
  readonly consumer?: string
  /** Events with this correlation, and the one that has it as its id. */
  readonly correlationId?: string
  readonly causationId?: string
  /** Stored at this time or later. */
  readonly since?: Date
  /** Stored before this time. */
  readonly until?: Date
  readonly payload?: ReadonlyArray<PayloadCondition>
  /** A part of the payload's JSON text, as `payloadText` of `EventDetails` has it. */
  readonly payloadText?: string
}

/** What is looked at. @since 0.1.0 */
export interface SliceRequest {
  readonly query: EventQuery
  /** `backward`: the highest id first. */
  readonly direction: "backward" | "forward"
  /** The lowest id that is looked at. */
  readonly from: string
  /** The highest id that is looked at. */
  readonly to: string
  /** Rows at most. */
  readonly rows: number
  /** Events at most: a slice ends with the last of them. */
  readonly limit: number
}

/** What was found in a slice. @since 0.1.0 */
export interface Slice {
  /** In the order of the search. */
  readonly found: ReadonlyArray<EventSummary>
  /** How many rows were looked at: of events, or of an index that leads to those in question. */
  readonly looked: number
  /** Ids up to this one, in the order of the search, are done with; undefined when all of the range are. */
  readonly doneTo: string | undefined
  /** When the last event that was looked at was stored; undefined when none was. */
  readonly lastAt: Date | undefined
}

/** Which moments are meant. @since 0.1.0 */
export interface MomentRequest {
  readonly aggregates: ReadonlyArray<Entity>
  /** The moment behind which the list goes on. */
  readonly after: MomentKey | undefined
  readonly limit: number
}

/** Where a moment stands among others: by time, then events before deliveries, then by id. @since 0.1.0 */
export interface MomentKey {
  /** Microseconds since 1970. */
  readonly micros: bigint
  /** 0: an event was stored; 1: a delivery was settled; 2: a link was created. */
  readonly rank: number
  /** Of the event, the delivery or the link. */
  readonly id: string
}

/** An event of an aggregate that was stored, or a delivery of it that was settled. @since 0.1.0 */
export interface EventMoment extends MomentKey {
  readonly at: Date
  readonly eventId: string
  readonly eventName: string
  readonly aggregate: Entity
  /** Of a delivery. */
  readonly settled:
    | {
        readonly consumer: string
        readonly status: DeliveryStatus
        readonly attemptCount: number
        readonly lastError: string | null
      }
    | undefined
}

/** Moments of aggregates. @since 0.1.0 */
export interface Moments {
  readonly moments: ReadonlyArray<EventMoment>
  /** The aggregates have more events than are looked at (`mostEvents`): some are missing. */
  readonly isCut: boolean
}

/** Events that `moments` looks at. @since 0.1.0 */
export const mostEvents = 2000

/**
 * Looks for events. What a statement costs follows from `rows`, not from how many events there are.
 *
 * @since 0.1.0
 */
export class EventSearchStore extends Context.Service<
  EventSearchStore,
  {
    /** Looks at one slice. A status, an aggregate or a consumer may lead to the rows in question by an index. */
    readonly slice: (request: SliceRequest) => Effect.Effect<Slice, StoreError>
    /** One event with its documents; undefined when there is none. An id that is no UUID names none. */
    readonly find: (eventId: string) => Effect.Effect<EventDetails | undefined, StoreError>
    /** Events of aggregates that were stored, and their deliveries that were settled, the first first. */
    readonly moments: (request: MomentRequest) => Effect.Effect<Moments, StoreError>
  }
>()("effect-integration/EventSearchStore") {}

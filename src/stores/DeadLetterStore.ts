/**
 * The contract for deliveries that gave up: dead letters, and those that ended as `failed` while dead letters were
 * switched off.
 *
 * @since 0.1.0
 */
import { Context, type Effect, type Schema } from "effect"
import type { StoreError } from "../errors/StoreErrors.ts"
import type { Entity } from "../model/DomainEvent.ts"
import type { NewAuditEntry } from "./AuditStore.ts"

/** Which deliveries that gave up are meant; without a field, all. @since 0.1.0 */
export interface DeadLetterFilter {
  readonly deliveryIds?: ReadonlyArray<string>
  readonly consumer?: string
  /** A name, or a pattern: `*` stands for any characters. */
  readonly eventName?: string
  /** Tag of the last error. */
  readonly errorTag?: string
  /** Of a group of errors: see `ErrorGroups`. */
  readonly fingerprint?: string
  /** Whether the payload could not be decoded. */
  readonly isUndecodable?: boolean
  readonly aggregate?: Entity
  /** Gave up at this time or later. */
  readonly since?: Date
  /** Gave up before this time. */
  readonly until?: Date
}

/** A delivery that gave up. @since 0.1.0 */
export interface DeadLetter {
  readonly deliveryId: string
  readonly eventId: string
  readonly eventName: string
  readonly schemaVersion: number
  readonly consumer: string
  readonly aggregate: Entity
  readonly status: "dead_letter" | "failed"
  readonly attemptCount: number
  readonly lastError: string | null
  readonly errorTag: string | null
  /** Which group of errors its last failure is of; null when nothing failed. */
  readonly fingerprint: string | null
  /** The payload does not fit the handler's definition: a process that understands it can handle it once requeued. */
  readonly isUndecodable: boolean
  /** It was requeued with another payload before. */
  readonly isEdited: boolean
  readonly gaveUpAt: Date
  readonly createdAt: Date
  /** Where the list goes on after this one. */
  readonly cursor: string
}

/** A dead letter with what its handler was given. @since 0.1.0 */
export interface DeadLetterContent extends DeadLetter {
  /** What the handler gets: the event's payload, or that of this delivery alone. */
  readonly payload: Schema.Json
  /** The event's own payload, which nothing changes; null also if it cannot be read with its metadata. */
  readonly originalPayload: Schema.Json
  /** Both as the store writes them, with all digits of their numbers: what is to be edited; null when too large to be read. */
  readonly payloadText: string | null
  readonly originalPayloadText: string | null
  readonly metadata: Schema.Json | null
  /** Bytes of payload and metadata if that is more than can be read (`largestContent`): both are null then. */
  readonly oversizeBytes: number | null
  readonly correlationId: string | null
  readonly causationId: string | null
}

/** A delivery that was requeued or discarded. @since 0.1.0 */
export interface Changed {
  readonly deliveryId: string
  readonly eventId: string
  readonly consumer: string
  /** What is kept in order, if it is. */
  readonly orderingKey: bigint | null
}

/** What somebody saw of a dead letter who changes it. @since 0.1.0 */
export interface Seen {
  readonly attemptCount?: number
  /** It is another each time it gives up; milliseconds count. */
  readonly gaveUpAt?: Date
}

/** Values of `error_tag` of deliveries whose payload could not be decoded. @since 0.1.0 */
export const undecodableTags: ReadonlyArray<string> = ["EventDecodingError", "VersionRetired"]

/** `error_tag` of deliveries that were discarded. @since 0.1.0 */
export const discardedTag = "Discarded"

/**
 * Stores dead letters. Operations join the caller's transaction and fail with `StoreError`.
 *
 * @since 0.1.0
 */
export class DeadLetterStore extends Context.Service<
  DeadLetterStore,
  {
    /**
     * Deliveries that gave up, the last first: at most `limit` after `after` (a cursor of an earlier list). Payloads are
     * not read, so none can hide the others.
     */
    readonly list: (
      filter: DeadLetterFilter,
      after: string | undefined,
      limit: number
    ) => Effect.Effect<ReadonlyArray<DeadLetter>, StoreError>
    /** How many gave up that a filter covers. */
    readonly count: (filter: DeadLetterFilter) => Effect.Effect<number, StoreError>
    /** One that gave up; `undefined` when there is no such delivery, or it has not. */
    readonly find: (deliveryId: string) => Effect.Effect<DeadLetterContent | undefined, StoreError>
    /**
     * Opens those of these deliveries that gave up: due at once, with no attempts counted.
     * With a payload (JSON text), that is what their handler gets: its numbers keep all their digits. Returns those that were opened.
     *
     * @param options.seen - those that are not as they were seen are left alone
     * @param options.audit - is written with how many were opened, if any were
     */
    readonly requeue: (
      deliveryIds: ReadonlyArray<string>,
      payload: string | undefined,
      options?: { readonly seen?: Seen | undefined; readonly audit?: NewAuditEntry | undefined }
    ) => Effect.Effect<ReadonlyArray<Changed>, StoreError>
    /**
     * Marks those of these deliveries that gave up as `skipped`, for good; their last error stays, or becomes `reason`.
     * Returns those that were marked.
     *
     * @param options.audit - is written with how many were marked, if any were
     */
    readonly discard: (
      deliveryIds: ReadonlyArray<string>,
      reason: string | undefined,
      options?: { readonly audit?: NewAuditEntry | undefined }
    ) => Effect.Effect<ReadonlyArray<Changed>, StoreError>
  }
>()("effect-integration/DeadLetterStore") {}

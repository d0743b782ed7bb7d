/**
 * Events, deliveries and links as the reference system has them.
 *
 * @since 0.1.0
 */
import type { Metadata } from "../model/DomainEvent.ts"
import type { UntypedEvent } from "../publishing/UntypedEvent.ts"

/** Statuses of an event, derived from its deliveries. @since 0.1.0 */
export const OutboxEventStatus = {
  PENDING: "pending",
  PROCESSING: "processing",
  PROCESSED: "processed",
  FAILED: "failed",
  DEAD_LETTER: "dead_letter"
} as const

/** @since 0.1.0 */
export type OutboxEventStatus = (typeof OutboxEventStatus)[keyof typeof OutboxEventStatus]

/** Statuses of a delivery. The reference has no `DEAD_LETTER` here: it gave up events, not deliveries. @since 0.1.0 */
export const InboxEventStatus = {
  RECEIVED: "received",
  PROCESSING: "processing",
  PROCESSED: "processed",
  FAILED: "failed",
  SKIPPED: "skipped",
  DEAD_LETTER: "dead_letter"
} as const

/** @since 0.1.0 */
export type InboxEventStatus = (typeof InboxEventStatus)[keyof typeof InboxEventStatus]

/** @since 0.1.0 */
export const LinkType = { REFERENCE: "reference", CASCADE: "cascade", AGGREGATE_ROOT: "aggregate_root" } as const

/** @since 0.1.0 */
export type LinkType = (typeof LinkType)[keyof typeof LinkType]

/** Payloads and metadata as the reference has them. @since 0.1.0 */
// biome-ignore lint/suspicious/noExplicitAny: as in the reference, where a handler reads what it expects
export type Json = Record<string, any>

/** An event as a handler gets it. @since 0.1.0 */
export interface DomainEvent {
  /** Id of the event; of one that is to be published, given by the outbox. */
  readonly outboxEventId?: string
  readonly eventName: string
  readonly sourceModule: string
  readonly aggregateType: string
  readonly aggregateId: string
  readonly payload: Json
  /** When it was stored, by the database's clock. */
  readonly timestamp: Date
}

/** An event as a handler gets it here: with its metadata, and what is known of its delivery. @since 0.1.0 */
export interface HandledEvent extends DomainEvent {
  readonly outboxEventId: string
  /** Id of this delivery, the same in every attempt: `id` of its `InboxEvent`. */
  readonly deliveryId: string
  readonly metadata: Metadata
  /** Which attempt is running, from 1. */
  readonly attempt: number
  readonly schemaVersion: number
  readonly correlationId: string | undefined
  /** Id of the event whose handler published this one. */
  readonly causationId: string | undefined
  readonly traceparent: string | undefined
}

/** What can be published: as in the reference, and with what `UntypedEvent` has besides. @since 0.1.0 */
export interface PublishInput extends Omit<UntypedEvent, "metadata"> {
  /** Kept beside the payload, as `metadata` of the event. The reference kept it in the payload, under `_integrationMeta`. */
  readonly metadata?: Metadata
}

/** @since 0.1.0 */
export interface PublishOptions {
  /** A transaction of the integration's `client`, which the event becomes part of; refused without a `client`. */
  readonly persistenceClient?: unknown
}

/** A row of `outbox_event`. @since 0.1.0 */
export interface OutboxEvent {
  readonly id: string
  readonly eventName: string
  readonly sourceModule: string
  readonly aggregateType: string
  readonly aggregateId: string
  readonly payload: Json
  readonly metadata: Metadata
  readonly status: OutboxEventStatus
  /** The most attempts of a delivery. */
  readonly attemptCount: number
  readonly lastError: string | null
  readonly availableAt: Date
  /** When its last delivery was settled; null while one is open. */
  readonly processedAt: Date | null
  readonly createdAt: Date
  /** `processedAt`, else `createdAt`: in between, it is deliveries that change. */
  readonly updatedAt: Date
}

/** A row of `inbox_event`: one event for one consumer. @since 0.1.0 */
export interface InboxEvent {
  readonly id: string
  readonly outboxEventId: string
  readonly consumerName: string
  readonly status: InboxEventStatus
  readonly attemptCount: number
  readonly lastError: string | null
  /** When it was settled for good; null while it is open. */
  readonly processedAt: Date | null
  readonly createdAt: Date
  /** `processedAt`, else `createdAt`. */
  readonly updatedAt: Date
}

/** A link to be created. @since 0.1.0 */
export interface CreateLink {
  readonly sourceModule: string
  readonly sourceEntityType: string
  readonly sourceEntityId: string
  readonly targetModule: string
  readonly targetEntityType: string
  readonly targetEntityId: string
  readonly linkType: LinkType
  readonly metadata?: Metadata
}

/** A row of `integration_link`. @since 0.1.0 */
export interface IntegrationLink extends Omit<CreateLink, "metadata"> {
  readonly id: string
  readonly metadata: Json | null
  readonly createdAt: Date
  /** Links do not change: `createdAt`. */
  readonly updatedAt: Date
}

/** What handlers log with: Nest's `Logger` is one. @since 0.1.0 */
export interface ReferenceLogger {
  // biome-ignore lint/suspicious/noExplicitAny: as of Nest's Logger
  readonly log: (message: any, ...more: Array<any>) => void
  // biome-ignore lint/suspicious/noExplicitAny: as of Nest's Logger
  readonly error: (message: any, ...more: Array<any>) => void
  // biome-ignore lint/suspicious/noExplicitAny: as of Nest's Logger
  readonly warn: (message: any, ...more: Array<any>) => void
  // biome-ignore lint/suspicious/noExplicitAny: as of Nest's Logger
  readonly debug: (message: any, ...more: Array<any>) => void
  // biome-ignore lint/suspicious/noExplicitAny: as of Nest's Logger
  readonly verbose: (message: any, ...more: Array<any>) => void
}

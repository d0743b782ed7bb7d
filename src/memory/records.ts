/**
 * Rows in memory, and what follows from the state of one.
 *
 * @internal
 */

import type { Ordering } from "../model/Consumer.ts"
import { printable } from "../model/printable.ts"
import { type Delivery, type DeliveryStatus, snoozedTag } from "../stores/Delivery.ts"
import type { OutboxRow } from "../stores/OutboxStore.ts"
import type { ReplicaCondition } from "../stores/Poll.ts"
import type { AboutReplica, Served } from "../stores/ReplicaStore.ts"

/** What an event's deliveries say, and what is known of every event here. */
type Derived = "status" | "attemptCount" | "lastError" | "processedAt" | "isRouted" | "oversizeBytes"

/** An event; payload and metadata are kept as text, so that nobody can change what is stored. */
export interface EventRecord extends Omit<OutboxRow, "payload" | "metadata" | Derived> {
  readonly payload: string
  readonly metadata: string | null
}

export interface DeliveryRecord {
  readonly id: string
  readonly eventId: string
  readonly consumer: string
  readonly eventName: string
  readonly schemaVersion: number
  readonly position: bigint
  readonly status: DeliveryStatus
  readonly attemptCount: number
  readonly lastError: string | null
  readonly errorTag: string | null
  readonly errorFingerprint: string | null
  /** Milliseconds since 1970; infinite when parked, null when it gave up as `failed`. */
  readonly availableAt: number | null
  readonly orderingKey: bigint | null
  readonly tier: number | null
  /** When it was settled for good, in milliseconds since 1970. */
  readonly processedAt: number | null
  readonly createdAt: number
  /** JSON text of an edited payload. */
  readonly payloadOverride: string | null
  /** Who holds it, and until when, in milliseconds since 1970. */
  readonly lease: { readonly token: string; readonly until: number } | null
}

export interface ConsumerRecord {
  readonly consumer: string
  readonly ordering: Ordering
  readonly pausedAt: number | null
  readonly pauseReason: string | null
  readonly resumedAt: number | null
  /** Until when all that it has is held, in milliseconds since 1970. */
  readonly coolUntil: number | null
  readonly lastSeenAt: number
}

/** A message of another service. */
export interface ReceivedRecord {
  readonly eventId: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/** A process, which ends with its layer. */
export interface ReplicaRecord {
  /** Undefined: it has not joined. */
  readonly about?: AboutReplica
  /** As its last poll said. */
  readonly condition?: Partial<ReplicaCondition>
  readonly startedAt: number
  readonly lastSeenAt: number
  readonly stoppedAt: number | null
  readonly served: ReadonlyArray<Served>
}

/** Waits for something: to be handled, for its time, or for its predecessor. */
export const isOpen = (delivery: DeliveryRecord) =>
  delivery.status === "received" ||
  delivery.status === "processing" ||
  (delivery.status === "failed" && delivery.availableAt !== null)

/** Waits for its first attempt; one that was given back has had it. */
export const isUntried = ({ attemptCount, errorTag, status }: DeliveryRecord) =>
  status === "received" && attemptCount === 0 && errorTag !== snoozedTag

export const hasGivenUp = (delivery: DeliveryRecord) =>
  delivery.status === "dead_letter" || (delivery.status === "failed" && delivery.availableAt === null)

/** A delivery that a claim may take when it is due: open, and neither parked nor running. */
export type Claimable = DeliveryRecord & { readonly availableAt: number }

export const claimable = (delivery: DeliveryRecord): delivery is Claimable =>
  (delivery.status === "received" || delivery.status === "failed") &&
  delivery.availableAt !== null &&
  delivery.availableAt < Number.POSITIVE_INFINITY

/** Waits behind another of its aggregate. */
export const isParked = ({ availableAt, status }: DeliveryRecord) =>
  (status === "received" || status === "failed") && availableAt === Number.POSITIVE_INFINITY

/** A delivery as everybody is told of it. */
export const toDelivery = (record: DeliveryRecord, now: number): Delivery =>
  printable({
    deliveryId: record.id,
    eventId: record.eventId,
    position: record.position,
    eventName: record.eventName,
    schemaVersion: record.schemaVersion,
    consumer: record.consumer,
    status: record.status,
    isOpen: isOpen(record),
    attemptCount: record.attemptCount,
    lastError: record.lastError,
    errorTag: record.errorTag,
    dueInMillis:
      isOpen(record) &&
      record.lease === null &&
      record.availableAt !== null &&
      record.availableAt < Number.POSITIVE_INFINITY
        ? record.availableAt - now
        : null,
    createdAt: new Date(record.createdAt),
    processedAt: record.processedAt === null ? null : new Date(record.processedAt)
  })

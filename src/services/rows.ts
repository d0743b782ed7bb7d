/**
 * From what the engine says to what the reference's callers read.
 *
 * @internal
 */
import { DateTime } from "effect"
import type * as DomainEvent from "../model/DomainEvent.ts"
import type { Delivery } from "../stores/Delivery.ts"
import type { Link, NewLink } from "../stores/LinkStore.ts"
import type { OutboxRow } from "../stores/OutboxStore.ts"
import type { CreateLink, HandledEvent, InboxEvent, IntegrationLink, Json, OutboxEvent } from "./reference.ts"

const metadataOf = (metadata: unknown) => (metadata ?? {}) as DomainEvent.Metadata

export const handledEvent = (event: DomainEvent.DomainEvent): HandledEvent => ({
  outboxEventId: event.id,
  deliveryId: event.deliveryId,
  eventName: event.name,
  sourceModule: event.sourceModule,
  aggregateType: event.aggregate.entityType,
  aggregateId: event.aggregate.entityId,
  payload: event.payload as Json,
  metadata: event.metadata,
  timestamp: DateTime.toDate(event.timestamp),
  attempt: event.attempt,
  schemaVersion: event.schemaVersion,
  correlationId: event.correlationId,
  causationId: event.causationId,
  traceparent: event.traceparent
})

/** An event as it was just stored. */
export const storedEvent = (event: DomainEvent.Stored): OutboxEvent => {
  const createdAt = DateTime.toDate(event.timestamp)
  return {
    id: event.id,
    eventName: event.name,
    sourceModule: event.sourceModule,
    aggregateType: event.aggregate.entityType,
    aggregateId: event.aggregate.entityId,
    payload: event.payload as Json,
    metadata: event.metadata,
    status: event.status,
    attemptCount: 0,
    lastError: null,
    availableAt: createdAt,
    processedAt: event.status === "processed" ? createdAt : null,
    createdAt,
    updatedAt: createdAt
  }
}

export const outboxEvent = (row: OutboxRow): OutboxEvent => ({
  id: row.id,
  eventName: row.eventName,
  sourceModule: row.sourceModule,
  aggregateType: row.aggregateType,
  aggregateId: row.aggregateId,
  payload: row.payload as Json,
  metadata: metadataOf(row.metadata),
  status: row.status,
  attemptCount: row.attemptCount,
  lastError: row.lastError,
  availableAt: row.availableAt,
  processedAt: row.processedAt,
  createdAt: row.createdAt,
  updatedAt: row.processedAt ?? row.createdAt
})

export const inboxEvent = (delivery: Delivery): InboxEvent => ({
  id: delivery.deliveryId,
  outboxEventId: delivery.eventId,
  consumerName: delivery.consumer,
  status: delivery.status,
  attemptCount: delivery.attemptCount,
  lastError: delivery.lastError,
  processedAt: delivery.processedAt,
  createdAt: delivery.createdAt,
  updatedAt: delivery.processedAt ?? delivery.createdAt
})

export const integrationLink = ({ createdAt, id, linkType, metadata, source, target }: Link): IntegrationLink => ({
  id,
  sourceModule: source.module,
  sourceEntityType: source.entityType,
  sourceEntityId: source.entityId,
  targetModule: target.module,
  targetEntityType: target.entityType,
  targetEntityId: target.entityId,
  linkType,
  metadata: metadata as Json | null,
  createdAt,
  updatedAt: createdAt
})

export const newLink = (link: CreateLink): NewLink => ({
  source: { module: link.sourceModule, entityType: link.sourceEntityType, entityId: link.sourceEntityId },
  target: { module: link.targetModule, entityType: link.targetEntityType, entityId: link.targetEntityId },
  linkType: link.linkType,
  ...(link.metadata === undefined ? {} : { metadata: link.metadata })
})

/**
 * What comes back of an event that was published.
 *
 * @internal
 */
import { DateTime, Effect, Option } from "effect"
import * as DomainEvent from "../model/DomainEvent.ts"
import { decode } from "../model/payloadCodec.ts"
import { storedEvent } from "../model/printable.ts"
import type { Appended, NewEvent, OutboxRow } from "../stores/OutboxStore.ts"
import type { Prepared } from "./prepare.ts"

export const storedAs = ({ metadata, payload, row }: Prepared, stored: Appended): DomainEvent.Stored =>
  storedEvent({
    id: row.id,
    name: row.eventName,
    sourceModule: row.sourceModule,
    aggregate: DomainEvent.entityOf(row),
    payload,
    metadata,
    schemaVersion: row.schemaVersion,
    position: stored.position,
    status: stored.status,
    timestamp: DateTime.fromDateUnsafe(stored.createdAt),
    correlationId: row.correlationId,
    causationId: row.causationId,
    traceparent: row.traceparent,
    consumers: stored.consumers,
    isDuplicate: false
  })

/** What is known of an event that a leased handler publishes, until its delivery is settled. */
export const provisional = (row: NewEvent): Appended => ({
  id: row.id,
  position: 0n,
  status: "pending",
  createdAt: new Date(),
  consumers: [],
  existing: undefined
})

/** The event that was there before. */
const found = Effect.fnUntraced(function* (prepared: Prepared, row: OutboxRow, stored: Appended) {
  const isRead = row.oversizeBytes === null
  const decoded = !isRead
    ? Option.none()
    : prepared.definition === undefined
      ? Option.some<unknown>(row.payload)
      : yield* Effect.option(decode(prepared.definition, { ...row, eventId: row.id }))
  return storedEvent({
    id: row.id,
    name: row.eventName,
    sourceModule: row.sourceModule,
    aggregate: DomainEvent.entityOf(row),
    payload: Option.getOrElse(decoded, () => prepared.payload),
    metadata: isRead ? ((row.metadata as DomainEvent.Metadata | null) ?? {}) : prepared.metadata,
    schemaVersion: row.schemaVersion,
    position: row.position,
    status: stored.status,
    timestamp: DateTime.fromDateUnsafe(row.createdAt),
    correlationId: row.correlationId ?? undefined,
    causationId: row.causationId ?? undefined,
    traceparent: row.traceparent ?? undefined,
    consumers: stored.consumers,
    isDuplicate: true
  })
})

export const toStored = (prepared: Prepared, stored: Appended): Effect.Effect<DomainEvent.Stored> =>
  stored.existing === undefined ? Effect.succeed(storedAs(prepared, stored)) : found(prepared, stored.existing, stored)

/** The stored form of a publication's event. */
export type StoredOf<P> =
  P extends DomainEvent.Publication<infer Name, infer Payload> ? DomainEvent.Stored<Name, Payload> : never

/**
 * One event with its documents and deliveries, in memory.
 *
 * @internal
 */
import { largestContent, oversizeOf } from "../model/contentSize.ts"
import type { EventDeliveryDetails, EventDetails, HoldingUp } from "../stores/EventDetails.ts"
import type { EventSummary } from "../stores/EventSummary.ts"
import { byConsumer } from "./comparators.ts"
import { jsonText } from "./jsonText.ts"
import { claimable, type DeliveryRecord, type EventRecord, isOpen, isParked } from "./records.ts"

const dateOf = (millis: number | null) => (millis === null ? null : new Date(millis))

type WaitsFor = (delivery: DeliveryRecord) => HoldingUp | null

const toDetails = (delivery: DeliveryRecord, waitsFor: WaitsFor): EventDeliveryDetails => ({
  deliveryId: delivery.id,
  eventId: delivery.eventId,
  consumer: delivery.consumer,
  status: delivery.status,
  isOpen: isOpen(delivery),
  isParked: isParked(delivery),
  attemptCount: delivery.attemptCount,
  lastError: delivery.lastError,
  errorTag: delivery.errorTag,
  availableAt: claimable(delivery) ? new Date(delivery.availableAt) : null,
  waitsFor: waitsFor(delivery),
  leasedUntil: dateOf(delivery.status === "processing" ? (delivery.lease?.until ?? null) : null),
  createdAt: new Date(delivery.createdAt),
  processedAt: dateOf(delivery.processedAt),
  isEdited: delivery.payloadOverride !== null,
  payloadOverride: delivery.payloadOverride === null ? null : jsonText(delivery.payloadOverride)
})

/** Those that can be read together with the ones before them. */
const withinSize = (deliveries: ReadonlyArray<EventDeliveryDetails>): ReadonlyArray<EventDeliveryDetails> => {
  let room = largestContent
  return deliveries.map((delivery) => {
    room -= Buffer.byteLength(delivery.payloadOverride ?? "")
    return room < 0 ? { ...delivery, payloadOverride: null } : delivery
  })
}

const textsOf = (event: EventRecord) => {
  const oversizeBytes = oversizeOf(event.payload, event.metadata ?? "") ?? null
  if (oversizeBytes !== null) {
    return { payloadText: null, payload: null, metadataText: null, metadata: null, oversizeBytes }
  }
  return {
    payloadText: jsonText(event.payload),
    payload: JSON.parse(event.payload),
    metadataText: event.metadata === null ? null : jsonText(event.metadata),
    metadata: event.metadata === null ? null : JSON.parse(event.metadata),
    oversizeBytes
  }
}

export const detailsOf = (
  event: EventRecord,
  records: ReadonlyArray<DeliveryRecord>,
  summaryOf: (event: EventRecord, records: ReadonlyArray<DeliveryRecord>) => EventSummary,
  waitsFor: WaitsFor
): EventDetails => ({
  ...summaryOf(event, records),
  position: event.position,
  traceparent: event.traceparent,
  dedupeKey: event.dedupeKey,
  availableAt: event.availableAt,
  ...textsOf(event),
  deliveries: withinSize(records.toSorted(byConsumer).map((delivery) => toDetails(delivery, waitsFor)))
})

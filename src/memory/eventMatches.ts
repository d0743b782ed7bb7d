/**
 * Whether an event is looked for, in memory.
 *
 * @internal
 */
import type { EventQuery } from "../stores/EventSearchStore.ts"
import { eventStatusOf } from "../stores/eventStatus.ts"
import { identityOf, jsonText, readExact, valueAt } from "./jsonText.ts"
import { type DeliveryRecord, type EventRecord, hasGivenUp, isOpen } from "./records.ts"
import { matches } from "./tables.ts"

/** What is looked for, read once. */
interface Looking {
  readonly query: EventQuery
  readonly payload: ReadonlyArray<{ readonly path: ReadonlyArray<string>; readonly identity: string }>
}

export const looking = (query: EventQuery): Looking => ({
  query,
  payload: (query.payload ?? []).map(({ json, path }) => ({ path, identity: identityOf(readExact(json)) }))
})

const isOfAggregate = ({ aggregate }: EventQuery, event: EventRecord) =>
  aggregate === undefined ||
  (event.aggregateId === aggregate.entityId &&
    event.aggregateType === aggregate.entityType &&
    (aggregate.module ?? event.sourceModule) === event.sourceModule)

/** Whether a row is looked at at all: where PostgreSQL has an index that leads to those in question. */
export const isCandidate = (query: EventQuery, event: EventRecord, deliveries: ReadonlyArray<DeliveryRecord>) => {
  const { aggregate, statuses } = query
  if (aggregate !== undefined) return isOfAggregate(query, event)
  if (statuses === undefined || statuses.includes("processed")) return true
  return deliveries.some(
    (delivery) =>
      (statuses.includes("pending") && isOpen(delivery) && delivery.status !== "processing") ||
      (statuses.includes("processing") && delivery.status === "processing") ||
      ((statuses.includes("dead_letter") || statuses.includes("failed")) && hasGivenUp(delivery))
  )
}

const hasPayload = ({ payload, query: { payloadText } }: Looking, event: EventRecord) => {
  if (payload.length > 0) {
    const document = readExact(event.payload)
    for (const { identity, path } of payload) {
      const value = valueAt(document, path)
      if (value === undefined || identityOf(value) !== identity) return false
    }
  }
  return payloadText === undefined || jsonText(event.payload).includes(payloadText)
}

const isOfStory = ({ causationId, correlationId }: EventQuery, event: EventRecord) =>
  (correlationId === undefined || event.correlationId === correlationId || event.id === correlationId.toLowerCase()) &&
  (causationId === undefined || event.causationId === causationId)

const isOfDeliveries = ({ consumer, statuses }: EventQuery, all: ReadonlyArray<DeliveryRecord>) => {
  const deliveries = consumer === undefined ? all : all.filter((delivery) => delivery.consumer === consumer)
  if (consumer !== undefined && deliveries.length === 0) return false
  const states = deliveries.map((delivery) => ({ status: delivery.status, isOpen: isOpen(delivery) }))
  return statuses === undefined || statuses.includes(eventStatusOf(states, true))
}

/** Whether an event is one of those. */
export const isMeant = (what: Looking, event: EventRecord, deliveries: ReadonlyArray<DeliveryRecord>): boolean => {
  const { modules, names, since, until } = what.query
  return (
    (names === undefined || names.some((name) => matches(name, event.eventName))) &&
    (modules === undefined || modules.includes(event.sourceModule)) &&
    isOfAggregate(what.query, event) &&
    isOfStory(what.query, event) &&
    (since === undefined || event.createdAt >= since) &&
    (until === undefined || event.createdAt < until) &&
    isOfDeliveries(what.query, deliveries) &&
    hasPayload(what, event)
  )
}

/**
 * What is looked for, as conditions on an event `e`. Values are parameters, always; only what is asked for is in the text, as each row
 * pays for it.
 *
 * @internal
 */
import { isPattern, toLike } from "../../model/eventPattern.ts"
import { isUuid } from "../../model/storable.ts"
import type { EventQuery } from "../../stores/EventSearchStore.ts"
import { gaveUp } from "../deliveryStates.ts"

/** Values of a statement, in order. */
export interface Parameters {
  readonly values: ReadonlyArray<unknown>
  /** SQL of a value. */
  readonly add: (value: unknown) => string
}

export const parameters = (): Parameters => {
  const values: Array<unknown> = []
  return { values, add: (value) => `$${values.push(value)}` }
}

/** The view's `status`, from the same words. */
const statusOfEvent = `(
    SELECT CASE
      WHEN bool_or(i.status = 'processing') THEN 'processing'
      WHEN e.routed_at IS NULL OR bool_or(i.status = 'received' OR (i.status = 'failed' AND i.available_at IS NOT NULL))
        THEN 'pending'
      WHEN bool_or(i.status = 'dead_letter') THEN 'dead_letter'
      WHEN bool_or(i.status = 'failed') THEN 'failed'
      ELSE 'processed'
    END
    FROM inbox_event AS i WHERE i.outbox_event_id = e.id
  )`

/** What one delivery alone makes of it; null without one. */
const statusFor = (consumer: string) => `(
    SELECT CASE
      WHEN i.status IN ('processing', 'dead_letter') THEN i.status
      WHEN ${gaveUp} THEN 'failed'
      WHEN i.status IN ('received', 'failed') THEN 'pending'
      ELSE 'processed'
    END
    FROM inbox_event AS i WHERE i.outbox_event_id = e.id AND i.consumer_name = ${consumer}
  )`

const ofDeliveries = ({ consumer, statuses }: EventQuery, { add }: Parameters): ReadonlyArray<string> => {
  const given = consumer === undefined ? undefined : `${add(consumer)}::text`
  if (statuses !== undefined) {
    const status = given === undefined ? statusOfEvent : statusFor(given)
    return [`${status} = ANY (${add(statuses)}::text[])`]
  }
  if (given === undefined) return []
  // With EXISTS, planners may read all that the consumer ever had first.
  return [
    `(SELECT i.id FROM inbox_event AS i WHERE i.outbox_event_id = e.id AND i.consumer_name = ${given}) IS NOT NULL`
  ]
}

/** Those of an aggregate, in the words of `integration_event_aggregate_idx`. */
export const ofAggregate = ({ aggregate }: EventQuery, { add }: Parameters): ReadonlyArray<string> => {
  if (aggregate === undefined) return []
  const { entityId, entityType, module } = aggregate
  return [
    `e.aggregate_id = ${add(entityId)}::text`,
    `e.aggregate_type = ${add(entityType)}::text`,
    ...(module === undefined ? [] : [`e.source_module = ${add(module)}::text`])
  ]
}

const ofStory = ({ causationId, correlationId }: EventQuery, { add }: Parameters): ReadonlyArray<string> => {
  const conditions: Array<string> = []
  if (correlationId !== undefined) {
    const root = isUuid(correlationId) ? ` OR e.id = ${add(correlationId)}::uuid` : ""
    conditions.push(`(e.correlation_id = ${add(correlationId)}::text${root})`)
  }
  if (causationId !== undefined) conditions.push(`e.causation_id = ${add(causationId)}::text`)
  return conditions
}

/** The cheapest come first, as they are looked at in this order. */
export const conditionsOf = (query: EventQuery, given: Parameters): ReadonlyArray<string> => {
  const { add } = given
  const { modules, names, payload = [], payloadText, since, until } = query
  return [
    ...(names === undefined
      ? []
      : names.some(isPattern)
        ? [`e.event_name LIKE ANY (${add(names.map(toLike))}::text[])`]
        : [`e.event_name = ANY (${add(names)}::text[])`]),
    ...(modules === undefined ? [] : [`e.source_module = ANY (${add(modules)}::text[])`]),
    ...ofAggregate(query, given),
    ...ofStory(query, given),
    ...(since === undefined ? [] : [`e.created_at >= ${add(since)}::timestamptz`]),
    ...(until === undefined ? [] : [`e.created_at < ${add(until)}::timestamptz`]),
    ...payload.map(({ json, path }) => `(e.payload #> ${add(path)}::text[]) = ${add(json)}::jsonb`),
    ...ofDeliveries(query, given),
    ...(payloadText === undefined ? [] : [`strpos(e.payload::text, ${add(payloadText)}::text) > 0`])
  ]
}

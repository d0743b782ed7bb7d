/**
 * What statements that claim share: conditions, columns, and their parameters.
 *
 * @internal
 */
import { toLike } from "../../model/eventPattern.ts"
import type { ClaimRequest, Interest } from "../../stores/Delivery.ts"
import { contentOf } from "../contents.ts"

/**
 * True; the current transaction then ends when nobody has used it for so long: a process that is frozen loses it, and
 * what it holds. Set by the claim itself, so that there is no moment in between.
 *
 * @param limit - SQL of the time in milliseconds as text, or null for no limit
 */
export const limitsIdle = (limit: string) =>
  `(SELECT ${limit}::text IS NULL OR set_config('idle_in_transaction_session_timeout', ${limit}, true) IS NOT NULL)`

/** A claimed row `c` with its event, but for its payload. */
export const claimedColumns = `
  c.id AS "deliveryId", c.outbox_event_id AS "eventId", c.attempt_count AS "attemptCount",
  e.event_name AS "eventName", e.schema_version AS "schemaVersion", e.source_module AS "sourceModule",
  e.aggregate_type AS "aggregateType", e.aggregate_id AS "aggregateId",
  e.correlation_id AS "correlationId", e.causation_id AS "causationId", e.traceparent AS "traceparent",
  e.created_at AS "createdAt", c.tier AS "tier",
  CASE WHEN c.available_at < 'infinity' THEN date_part('epoch', clock_timestamp() - c.available_at) * 1000 END AS "lateMillis"`

/**
 * `LIMIT` keeps this a lookup per claimed row: a join would be planned as a hash over the whole outbox as soon as
 * batches are large, and cost more with every event kept (half of a claim at 20,000 events).
 */
export const eventOf = "LATERAL (SELECT * FROM integration_event WHERE id = c.outbox_event_id LIMIT 1) AS e"

/** To be joined: the documents of a claimed row, up to `limit`; the payload of an edited dead letter is the delivery's own. */
export const claimedContent = (limit: string) =>
  contentOf("coalesce(c.payload_override, e.payload)", "e.metadata", limit)

/** A condition on a row, with its parameters from the number it was asked for on. */
interface Condition {
  readonly condition: string
  readonly parameters: ReadonlyArray<unknown>
}

/** Whether it has one of the names, or matches a pattern; `true` costs nothing where everything does. */
const isNamed = ({ names, patterns }: Interest, first: number): Condition =>
  patterns.includes("*")
    ? { condition: "true", parameters: [] }
    : patterns.length === 0
      ? { condition: `i.event_name = ANY ($${first}::text[])`, parameters: [names] }
      : {
          condition: `(i.event_name = ANY ($${first}::text[]) OR i.event_name LIKE ANY ($${first + 1}::text[]))`,
          parameters: [names, patterns.map(toLike)]
        }

/**
 * Whether an interest covers a row: its name and its version. Names with the same greatest version, nearly always all, are asked
 * about together.
 */
export const covers = (interest: Interest, first: number): Condition => {
  const named = isNamed(interest, first)
  const conditions = [named.condition]
  const parameters = [...named.parameters]
  for (const [version, names] of Map.groupBy(Object.entries(interest.versions ?? {}), ([, version]) => version)) {
    const next = first + parameters.length
    conditions.push(`NOT (i.schema_version > $${next}::int AND i.event_name = ANY ($${next + 1}::text[]))`)
    parameters.push(
      version,
      names.map(([name]) => name)
    )
  }
  return { condition: conditions.join(" AND "), parameters }
}

/**
 * Whether a claimable row is due late enough to be asked for, with its parameter from `$<first>` on, if there is one. Another
 * text where it is not asked: the statement that is used nearly always keeps its plan.
 */
export const dueSince = (request: ClaimRequest, first: number): Condition =>
  request.dueSince === undefined
    ? { condition: "true", parameters: [] }
    : { condition: `i.available_at >= to_timestamp($${first}::float8 / 1000)`, parameters: [request.dueSince] }

/** Parameter of the last position that is wanted; without one, all are. */
export const maxPositionOf = ({ maxPosition }: ClaimRequest) => String(maxPosition ?? 9223372036854775807n)

const inMillis = (millis: number | undefined) => (millis === undefined ? null : `${Math.ceil(millis)}ms`)

/** Parameter of `limitsIdle`. */
export const idleLimitOf = ({ idleMillis }: ClaimRequest) => inMillis(idleMillis)

/**
 * True; later statements of the current transaction then wait so long for locks at most. Set by the claim itself: a
 * statement of its own would cost every transaction a round trip.
 *
 * @param first - number of the first of two parameters, those of `lockWaitOf`
 */
export const limitsLockWait = (first: number) => `(
    SELECT CASE WHEN l.wait IS NULL THEN true ELSE set_config('lock_timeout', l.wait, true) IS NOT NULL END
    FROM (SELECT CASE WHEN count(*) > 1 THEN $${first}::text ELSE $${first + 1}::text END AS wait FROM claimed) AS l
  )`

/** Parameters of `limitsLockWait`. */
export const lockWaitOf = ({ lockWait }: ClaimRequest) => [inMillis(lockWait?.several), inMillis(lockWait?.one)]

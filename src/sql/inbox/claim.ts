/**
 * Statements that claim deliveries, and the words they share.
 *
 * @internal
 */
import type { SqlClient } from "effect/sql"
import { toLike } from "../../model/eventPattern.ts"
import type { Claimed, ClaimRequest, Interest } from "../../stores/Delivery.ts"
import { claimable, notPaused } from "../deliveryStates.ts"
import { recoveringLimit, recoveryColumn } from "../recovery.ts"

/**
 * True; the current transaction then ends when nobody has used it for so long: a process that is frozen loses it, and
 * what it holds. Set by the claim itself, so that there is no moment in between.
 *
 * @param limit - SQL of the time in milliseconds as text, or null for no limit
 */
export const limitsIdle = (limit: string) =>
  `(SELECT ${limit}::text IS NULL OR set_config('idle_in_transaction_session_timeout', ${limit}, true) IS NOT NULL)`

/** A claimed row `c` with its event; the payload of an edited dead letter is the delivery's own. */
export const claimedColumns = `
  c.id AS "deliveryId", c.outbox_event_id AS "eventId", c.attempt_count AS "attemptCount",
  e.event_name AS "eventName", e.schema_version AS "schemaVersion", e.source_module AS "sourceModule",
  e.aggregate_type AS "aggregateType", e.aggregate_id AS "aggregateId",
  coalesce(c.payload_override, e.payload) AS "payload", e.metadata AS "metadata",
  e.correlation_id AS "correlationId", e.causation_id AS "causationId", e.created_at AS "createdAt", c.tier AS "tier"`

/**
 * `LIMIT` keeps this a lookup per claimed row: a join would be planned as a hash over the whole outbox as soon as
 * batches are large, and cost more with every event kept (half of a claim at 20,000 events).
 */
export const eventOf = "LATERAL (SELECT * FROM outbox_event WHERE id = c.outbox_event_id LIMIT 1) AS e"

/**
 * Whether an interest covers a row, with its parameters from `$<first>` on. `true` costs nothing where everything
 * matches.
 */
export const covers = (interest: Interest, first: number) =>
  interest.patterns.includes("*")
    ? "true"
    : interest.patterns.length === 0
      ? `i.event_name = ANY ($${first}::text[])`
      : `(i.event_name = ANY ($${first}::text[]) OR i.event_name LIKE ANY ($${first + 1}::text[]))`

/** Parameters of `covers`. */
export const coveredBy = (interest: Interest) =>
  interest.patterns.includes("*")
    ? []
    : interest.patterns.length === 0
      ? [interest.names]
      : [interest.names, interest.patterns.map(toLike)]

export const maxBigint = 9223372036854775807n

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

/**
 * Rows are locked before events are joined, so the join neither decides nor blocks. `now()` is this transaction's
 * start, a constant the index can use; whoever made a row due did so before.
 */
export const claim = (sql: SqlClient.SqlClient) => (request: ClaimRequest & { readonly limit: number }) =>
  sql.unsafe<Claimed>(
    `WITH claimed AS MATERIALIZED (
      SELECT i.id, i.outbox_event_id, i.attempt_count, i.payload_override, i.available_at, i.position, i.tier,
        i.error_tag
      FROM inbox_event AS i
      WHERE i.consumer_name = $1 AND ${claimable} AND i.available_at <= now() AND i.position <= $2
        AND ${limitsIdle("$4")} AND ${notPaused("$1")} AND ${covers(request.interest, 7)}
      ORDER BY i.available_at, i.position
      LIMIT ${recoveringLimit("$3::int")}
      FOR NO KEY UPDATE OF i SKIP LOCKED
    )
    SELECT ${claimedColumns}, ${recoveryColumn}
    FROM claimed AS c
    CROSS JOIN ${eventOf}
    WHERE ${limitsLockWait(5)}
    ORDER BY c.available_at, c.position`,
    [
      request.consumer,
      request.maxPosition ?? maxBigint,
      request.limit,
      idleLimitOf(request),
      ...lockWaitOf(request),
      ...coveredBy(request.interest)
    ]
  )

export const claimOne = (sql: SqlClient.SqlClient) => (request: ClaimRequest & { readonly deliveryId: string }) =>
  sql.unsafe<Claimed>(
    `WITH claimed AS MATERIALIZED (
      SELECT i.id, i.outbox_event_id, i.attempt_count, i.payload_override, i.tier, i.available_at, i.error_tag
      FROM inbox_event AS i
      WHERE i.id = $2::uuid AND i.consumer_name = $1 AND ${claimable} AND i.available_at <= now()
        AND ${limitsIdle("$3")} AND ${notPaused("$1")}
      FOR NO KEY UPDATE OF i SKIP LOCKED
    )
    SELECT ${claimedColumns}, ${recoveryColumn}
    FROM claimed AS c
    CROSS JOIN ${eventOf}
    WHERE ${limitsLockWait(4)}`,
    [request.consumer, request.deliveryId, idleLimitOf(request), ...lockWaitOf(request)]
  )

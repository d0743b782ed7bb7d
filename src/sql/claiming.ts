/**
 * Statements that claim deliveries, and the words they share.
 *
 * @internal
 */
import type { SqlClient } from "effect/sql"
import type { Claimed, ClaimRequest, Interest } from "../InboxStore.ts"
import { toLike } from "../internal/pattern.ts"

/** Rows a claim may take, in the words of the partial index `inbox_event_claim_idx`. */
export const claimable = "i.status IN ('received', 'failed') AND i.available_at < 'infinity'"

/** Evaluated once per statement, by primary key. */
export const notPaused = (consumer: string) =>
  `NOT EXISTS (SELECT 1 FROM integration_consumer WHERE consumer_name = ${consumer} AND paused_at IS NOT NULL)`

/** A claimed row `c` with its event; the payload of an edited dead letter is the delivery's own. */
export const claimedColumns = `
  c.id AS "deliveryId", c.outbox_event_id AS "eventId", c.attempt_count AS "attemptCount",
  e.event_name AS "eventName", e.schema_version AS "schemaVersion", e.source_module AS "sourceModule",
  e.aggregate_type AS "aggregateType", e.aggregate_id AS "aggregateId",
  coalesce(c.payload_override, e.payload) AS "payload", e.metadata AS "metadata",
  e.correlation_id AS "correlationId", e.causation_id AS "causationId", e.created_at AS "createdAt", c.tier AS "tier"`

/**
 * `LIMIT` keeps this a lookup per claimed row: a join would be planned as a hash over the whole outbox as soon as
 * batches are large, and cost more with every event kept (bench/deliver.ts: half of a claim at 20,000 events).
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

/**
 * Rows are locked before events are joined, so the join neither decides nor blocks. `now()` is this transaction's
 * start, a constant the index can use; whoever made a row due did so before.
 */
export const claim = (sql: SqlClient.SqlClient) => (request: ClaimRequest & { readonly limit: number }) =>
  sql.unsafe<Claimed>(
    `WITH claimed AS MATERIALIZED (
      SELECT i.id, i.outbox_event_id, i.attempt_count, i.payload_override, i.available_at, i.position, i.tier
      FROM inbox_event AS i
      WHERE i.consumer_name = $1 AND ${claimable} AND i.available_at <= now() AND i.position <= $2
        AND ${notPaused("$1")} AND ${covers(request.interest, 4)}
      ORDER BY i.available_at, i.position
      LIMIT $3::int
      FOR UPDATE OF i SKIP LOCKED
    )
    SELECT ${claimedColumns}
    FROM claimed AS c
    CROSS JOIN ${eventOf}
    ORDER BY c.available_at, c.position`,
    [request.consumer, request.maxPosition ?? maxBigint, request.limit, ...coveredBy(request.interest)]
  )

export const claimOne = (sql: SqlClient.SqlClient) => (request: ClaimRequest & { readonly deliveryId: string }) =>
  sql.unsafe<Claimed>(
    `WITH claimed AS MATERIALIZED (
      SELECT i.id, i.outbox_event_id, i.attempt_count, i.payload_override, i.tier
      FROM inbox_event AS i
      WHERE i.id = $1::uuid AND i.consumer_name = $2 AND ${claimable} AND i.available_at <= now()
        AND ${notPaused("$2")}
      FOR UPDATE OF i SKIP LOCKED
    )
    SELECT ${claimedColumns}
    FROM claimed AS c
    CROSS JOIN ${eventOf}`,
    [request.deliveryId, request.consumer]
  )

/**
 * Statements that claim deliveries whose order does not matter: many at a time, or one of an event.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { largestContent } from "../../model/contentSize.ts"
import type { ClaimRequest, DeliveryKey } from "../../stores/Delivery.ts"
import { contentColumns, withContent } from "../contents.ts"
import { claimable, notHeld } from "../deliveryStates.ts"
import { recoveringLimit, recoveryColumn } from "../recovery.ts"
import { type ClaimedRow, shareOf, withConsumer, withContents } from "./claimedContents.ts"
import {
  claimedColumns,
  claimedContent,
  covers,
  dueSince,
  eventOf,
  idleLimitOf,
  limitsIdle,
  limitsLockWait,
  lockWaitOf,
  maxPositionOf
} from "./claimFragments.ts"

/**
 * Rows are locked before events are joined, so the join neither decides nor blocks. `now()` is this transaction's
 * start, a constant the index can use; whoever made a row due did so before. They are sorted before payloads are read, which a
 * sort would copy.
 */
const rows = (sql: SqlClient.SqlClient) => (request: ClaimRequest & { readonly limit: number }) => {
  const since = dueSince(request, 8)
  const covered = covers(request.interest, 8 + since.parameters.length)
  return sql.unsafe<ClaimedRow>(
    `WITH claimed AS MATERIALIZED (
      SELECT i.id, i.outbox_event_id, i.attempt_count, i.payload_override, i.available_at, i.position, i.tier,
        i.error_tag
      FROM inbox_event AS i
      WHERE i.consumer_name = $1 AND ${claimable} AND i.available_at <= now() AND i.position <= $2::bigint
        AND ${since.condition} AND ${limitsIdle("$4")} AND ${notHeld("$1")}
        AND ${covered.condition}
      ORDER BY i.available_at, i.position
      LIMIT ${recoveringLimit("$3::int")}
      FOR NO KEY UPDATE OF i SKIP LOCKED
    )
    SELECT ${claimedColumns}, ${contentColumns("$7::int")}, ${recoveryColumn}
    FROM (SELECT * FROM claimed ORDER BY available_at, position) AS c
    CROSS JOIN ${eventOf}
    CROSS JOIN ${claimedContent("$7::int")}
    WHERE ${limitsLockWait(5)}
    ORDER BY c.available_at, c.position`,
    [
      request.consumer,
      maxPositionOf(request),
      request.limit,
      idleLimitOf(request),
      ...lockWaitOf(request),
      shareOf(request.limit),
      ...since.parameters,
      ...covered.parameters
    ]
  )
}

export const claim = (sql: SqlClient.SqlClient) => (request: ClaimRequest & { readonly limit: number }) =>
  Effect.flatMap(rows(sql)(request), (claimed) => withContents(sql, request.consumer, claimed, request.limit))

const row = (sql: SqlClient.SqlClient) => (request: ClaimRequest & DeliveryKey) =>
  sql.unsafe<ClaimedRow>(
    `WITH claimed AS MATERIALIZED (
      SELECT i.id, i.outbox_event_id, i.attempt_count, i.payload_override, i.tier, i.available_at, i.error_tag
      FROM inbox_event AS i
      WHERE i.outbox_event_id = $2::uuid AND i.consumer_name = $1 AND ${claimable} AND i.available_at <= now()
        AND ${limitsIdle("$3")} AND ${notHeld("$1")}
      FOR NO KEY UPDATE OF i SKIP LOCKED
    )
    SELECT ${claimedColumns}, ${contentColumns()}, ${recoveryColumn}
    FROM claimed AS c
    CROSS JOIN ${eventOf}
    CROSS JOIN ${claimedContent(String(largestContent))}
    WHERE ${limitsLockWait(4)}`,
    [request.consumer, request.eventId, idleLimitOf(request), ...lockWaitOf(request)]
  )

export const claimOne = (sql: SqlClient.SqlClient) => (request: ClaimRequest & DeliveryKey) =>
  Effect.map(row(sql)(request), ([claimed]) =>
    claimed === undefined ? undefined : withConsumer(withContent(claimed), request.consumer)
  )

/**
 * Statements for deliveries that are held by a lease.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import type { Leased } from "../../stores/Delivery.ts"
import type { InboxStore } from "../../stores/InboxStore.ts"
import type { Query } from "../connection/controlConnection.ts"
import type { storeErrorsOf } from "../connection/errors.ts"
import { claimedColumns, eventOf } from "./claimFragments.ts"
import { settledBy, settling } from "./settle.ts"

/** Columns of a lease, when it has ended. */
const ended = "locked_until = NULL, lease_token = NULL"

const lease = (sql: SqlClient.SqlClient) => (deliveryId: string, millis: number) =>
  sql<{ token: string }>`
    UPDATE inbox_event
    SET status = 'processing', attempt_count = attempt_count + 1, lease_token = gen_random_uuid(),
      locked_until = clock_timestamp() + ${millis}::float8 * interval '1 millisecond', updated_at = clock_timestamp()
    WHERE id = ${deliveryId}::uuid
    RETURNING lease_token::text AS "token"`

const renewal = `
  UPDATE inbox_event AS i
  SET locked_until = clock_timestamp() + $3::float8 * interval '1 millisecond'
  FROM unnest($1::uuid[], $2::uuid[]) AS l (id, token)
  WHERE i.id = l.id AND i.lease_token = l.token AND i.status = 'processing'
  RETURNING i.id::text AS "id"`

const settleStatement = settling({
  attempts: "i.attempt_count",
  guard: "i.status = 'processing' AND i.lease_token = $8::uuid",
  also: `, ${ended}`
})

const giveBack = (sql: SqlClient.SqlClient) => (deliveryId: string, token: string) =>
  sql.unsafe(
    `UPDATE inbox_event
    SET status = CASE WHEN attempt_count > 1 THEN 'failed' ELSE 'received' END, attempt_count = attempt_count - 1,
      available_at = least(available_at, clock_timestamp()), updated_at = clock_timestamp(), ${ended}
    WHERE id = $1::uuid AND status = 'processing' AND lease_token = $2::uuid
    RETURNING id::text`,
    [deliveryId, token]
  )

const expired = (sql: SqlClient.SqlClient) => (consumer: string, limit: number) =>
  sql.unsafe<Leased>(
    `WITH expired AS MATERIALIZED (
      SELECT i.id, i.outbox_event_id, i.attempt_count - 1 AS attempt_count, i.payload_override, i.tier, i.error_tag,
        i.ordering_key, i.lease_token, i.position
      FROM inbox_event AS i
      WHERE i.consumer_name = $1 AND i.status = 'processing' AND i.locked_until <= clock_timestamp()
      ORDER BY i.locked_until
      LIMIT $2::int
      FOR NO KEY UPDATE OF i SKIP LOCKED
    )
    SELECT ${claimedColumns}, NULL AS "payload", NULL AS "metadata", NULL AS "oversizeBytes", c.ordering_key AS "orderingKey", NULL AS "recovery",
      c.lease_token::text AS "token"
    FROM expired AS c
    CROSS JOIN ${eventOf}
    ORDER BY c.position`,
    [consumer, limit]
  )

type Leases = Pick<InboxStore["Service"], "lease" | "renew" | "settleLease" | "giveBack" | "expired">

/** @param control - runs statements on the control connection */
export const leases = (
  sql: SqlClient.SqlClient,
  control: Query,
  storeErrors: ReturnType<typeof storeErrorsOf>
): Leases => ({
  lease: (deliveryId, millis) =>
    storeErrors("inbox.lease")(
      Effect.flatMap(lease(sql)(deliveryId, millis), ([row]) =>
        row === undefined
          ? Effect.die(new Error("a claimed delivery is there to be leased"))
          : Effect.succeed(row.token)
      )
    ),
  renew: (held, millis) =>
    held.length === 0
      ? Effect.succeed([])
      : storeErrors("inbox.renew")(
          Effect.map(
            control<{ id: string }>(renewal, [held.map((_) => _.deliveryId), held.map((_) => _.token), millis]),
            (rows) => rows.map((row) => row.id)
          )
        ),
  settleLease: (settlement, token) =>
    storeErrors("inbox.settleLease")(
      Effect.map(sql.unsafe(settleStatement, [...settledBy(settlement), token]), (rows) => rows.length > 0)
    ),
  giveBack: (deliveryId, token) =>
    storeErrors("inbox.giveBack")(Effect.map(giveBack(sql)(deliveryId, token), (rows) => rows.length > 0)),
  expired: (consumer, limit) =>
    storeErrors("inbox.expired")(
      Effect.map(expired(sql)(consumer, limit), (rows) =>
        rows.map(({ orderingKey, ...row }) =>
          orderingKey === null ? row : { ...row, orderingKey: orderingKey as bigint }
        )
      )
    )
})

/**
 * Statements for deliveries that are held by a lease.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import type { DeliveryKey, Expired } from "../../stores/Delivery.ts"
import type { InboxStore } from "../../stores/InboxStore.ts"
import type { Query } from "../connection/controlConnection.ts"
import type { storeErrorsOf } from "../connection/errors.ts"
import { isRunning } from "../replicas.ts"
import { claimedColumns, eventOf } from "./claimFragments.ts"
import { settledBy, settling } from "./settle.ts"

/** Columns of a lease, when it has ended. */
const ended = "locked_until = NULL, lease_token = NULL"

/** How a token ends: as the id of its holder does. */
const holderOf = (id: string) => `right((${id})::uuid::text, 17)`

const lease = (sql: SqlClient.SqlClient) => {
  const statement = `
    UPDATE inbox_event
    SET status = 'processing', attempt_count = attempt_count + 1,
      lease_token = (left(gen_random_uuid()::text, 19) || ${holderOf("$3")})::uuid,
      locked_until = clock_timestamp() + $4::float8 * interval '1 millisecond', updated_at = clock_timestamp()
    WHERE outbox_event_id = $1::uuid AND consumer_name = $2
    RETURNING lease_token::text AS "token"`
  return ({ consumer, eventId }: DeliveryKey, millis: number, holder: string) =>
    sql.unsafe<{ token: string }>(statement, [eventId, consumer, holder, millis])
}

const renewal = `
  UPDATE inbox_event AS i
  SET locked_until = clock_timestamp() + $4::float8 * interval '1 millisecond'
  FROM unnest($1::uuid[], $2::text[], $3::uuid[]) AS l (event, consumer, token)
  WHERE i.outbox_event_id = l.event AND i.consumer_name = l.consumer AND i.lease_token = l.token AND i.status = 'processing'
  RETURNING i.lease_token::text AS "token"`

const settleStatement = settling({
  attempts: "i.attempt_count",
  guard: "i.status = 'processing' AND i.lease_token = $10::uuid",
  also: `, ${ended}`
})

const giveBack = (sql: SqlClient.SqlClient) => (delivery: DeliveryKey, token: string) =>
  sql.unsafe(
    `UPDATE inbox_event
    SET status = CASE WHEN attempt_count > 1 THEN 'failed' ELSE 'received' END, attempt_count = attempt_count - 1,
      available_at = least(available_at, clock_timestamp()), updated_at = clock_timestamp(), ${ended}
    WHERE outbox_event_id = $1::uuid AND consumer_name = $2 AND status = 'processing' AND lease_token = $3::uuid
    RETURNING 1`,
    [delivery.eventId, delivery.consumer, token]
  )

const expired = (sql: SqlClient.SqlClient) => (consumer: string, limit: number, graceMillis: number) =>
  sql.unsafe<Omit<Expired, "consumer" | "orderingKey"> & { readonly orderingKey: string | null }>(
    `WITH expired AS MATERIALIZED (
      SELECT i.id, i.outbox_event_id, i.attempt_count - 1 AS attempt_count, i.payload_override, i.tier, i.error_tag,
        i.ordering_key, i.lease_token, i.position, i.available_at, h.is_running
      FROM inbox_event AS i
      CROSS JOIN LATERAL (
        SELECT EXISTS (
          SELECT 1 FROM integration_replica AS r
          WHERE ${holderOf("r.id")} = ${holderOf("i.lease_token")} AND ${isRunning("r")}
        ) AS is_running
      ) AS h
      WHERE i.consumer_name = $1 AND i.status = 'processing' AND i.locked_until <= clock_timestamp()
        AND (NOT h.is_running OR i.locked_until <= clock_timestamp() - $3::float8 * interval '1 millisecond')
      ORDER BY i.locked_until
      LIMIT $2::int
      FOR NO KEY UPDATE OF i SKIP LOCKED
    )
    SELECT ${claimedColumns}, NULL AS "payload", NULL AS "metadata", NULL AS "oversizeBytes",
      c.ordering_key::text AS "orderingKey", NULL AS "recovery", c.lease_token::text AS "token",
      c.is_running AS "isHolderRunning"
    FROM expired AS c
    CROSS JOIN ${eventOf}
    ORDER BY c.position`,
    [consumer, limit, graceMillis]
  )

type Leases = Pick<InboxStore["Service"], "lease" | "renew" | "settleLease" | "giveBack" | "expired">

/** @param control - runs statements on the control connection */
export const leases = (
  sql: SqlClient.SqlClient,
  control: Query,
  storeErrors: ReturnType<typeof storeErrorsOf>
): Leases => {
  const leaseOne = lease(sql)
  return {
    lease: (delivery, millis, holder) =>
      storeErrors("inbox.lease")(
        Effect.flatMap(leaseOne(delivery, millis, holder), ([row]) =>
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
              control<{ token: string }>(renewal, [
                held.map((_) => _.eventId),
                held.map((_) => _.consumer),
                held.map((_) => _.token),
                millis
              ]),
              (rows) => rows.map((row) => row.token)
            )
          ),
    settleLease: (settlement, token) =>
      storeErrors("inbox.settleLease")(
        Effect.map(sql.unsafe(settleStatement, [...settledBy(settlement), token]), (rows) => rows.length > 0)
      ),
    giveBack: (delivery, token) =>
      storeErrors("inbox.giveBack")(Effect.map(giveBack(sql)(delivery, token), (rows) => rows.length > 0)),
    expired: (consumer, limit, graceMillis) =>
      storeErrors("inbox.expired")(
        Effect.map(expired(sql)(consumer, limit, graceMillis), (rows) =>
          rows.map(({ orderingKey, ...row }) =>
            orderingKey === null ? { ...row, consumer } : { ...row, consumer, orderingKey: BigInt(orderingKey) }
          )
        )
      )
  }
}

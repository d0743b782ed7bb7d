/**
 * Registering subscriptions and their consumers.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import type { Registration } from "../../stores/SubscriptionStore.ts"
import type { InTransaction } from "../connection/maintenanceTransaction.ts"
import { open, openDeliveries } from "../deliveryStates.ts"
import { orderingKey } from "../writeDeliveries.ts"

const register = (sql: SqlClient.SqlClient) => (registrations: ReadonlyArray<Registration>) =>
  sql`
    WITH input AS (
      SELECT *
      FROM unnest(
        ${registrations.map((_) => _.consumer)}::text[], ${registrations.map((_) => _.event)}::text[],
        ${registrations.map((_) => _.priority)}::int[], ${registrations.map(startOf)}::text[]
      ) AS i (consumer, event, priority, start)
    ), stored AS (
      INSERT INTO integration_subscription (consumer_name, event_pattern, priority, backfill_from)
      SELECT consumer, event, priority, NULLIF(start, '')::timestamptz FROM input ORDER BY consumer, event
      ON CONFLICT (consumer_name, event_pattern) DO UPDATE
      SET priority = excluded.priority
      WHERE integration_subscription.priority <> excluded.priority
      RETURNING consumer_name, backfill_from, backfilled_at
    )
    UPDATE integration_consumer AS c
    SET held_for_backfill = true
    FROM stored AS s
    WHERE c.consumer_name = s.consumer_name AND c.ordering = 'aggregate' AND s.backfill_from IS NOT NULL
      AND s.backfilled_at IS NULL`

/** From when on a new subscription is given events; empty for from now on. */
const startOf = ({ startFrom }: Registration) =>
  startFrom === undefined ? "" : startFrom === "beginning" ? "-infinity" : startFrom.toISOString()

/** Writes consumers; returns those that were there with another ordering. Whoever serves one in order decides. */
const registerConsumers = (sql: SqlClient.SqlClient) => (registrations: ReadonlyArray<Registration>) =>
  sql<{ consumer: string }>`
    WITH input AS (
      SELECT DISTINCT ON (consumer) consumer, CASE WHEN EXISTS (
        SELECT 1
        FROM integration_replica AS r
        WHERE r.status = 'running' AND r.consumers->i.consumer->>'ordering' = 'aggregate'
      ) THEN 'aggregate' ELSE ordering END AS ordering
      FROM unnest(
        ${registrations.map((_) => _.consumer)}::text[], ${registrations.map((_) => _.ordering)}::text[]
      ) AS i (consumer, ordering)
      ORDER BY consumer
    ), changed AS (
      SELECT c.consumer_name
      FROM integration_consumer AS c
      JOIN input AS i ON i.consumer = c.consumer_name AND i.ordering <> c.ordering
    ), stored AS (
      INSERT INTO integration_consumer (consumer_name, ordering)
      SELECT consumer, ordering FROM input ORDER BY consumer
      ON CONFLICT (consumer_name) DO UPDATE SET last_seen_at = clock_timestamp(), ordering = excluded.ordering
    )
    SELECT consumer_name AS "consumer" FROM changed`

/** Has the sweep look at subscriptions of these consumers again; one that was not through goes on from where it began. */
const sweepAgain = (sql: SqlClient.SqlClient) => (consumers: ReadonlyArray<string>) =>
  sql`
    UPDATE integration_subscription
    SET seen_snapshot = CASE WHEN swept_at IS NULL THEN seen_snapshot ELSE pg_current_snapshot() END,
      transaction_id = pg_current_xact_id(), sweep_until = NULL, swept_at = NULL, is_reordered = true
    WHERE consumer_name = ANY (${consumers}::text[])`

/**
 * Gives open deliveries the key their consumer's ordering wants. Without ordering nothing is parked: what was is due now, all at the
 * same time, so that it is claimed by position. Those in somebody's hands are passed over: their transactions may want what this
 * one holds. Returns how many they are.
 */
export const rekey = (sql: SqlClient.SqlClient) =>
  Effect.map(
    sql.unsafe<{ left: number }>(`
    WITH wrong AS MATERIALIZED (
      SELECT i.outbox_event_id, i.consumer_name
      FROM (${openDeliveries("i.outbox_event_id, i.consumer_name, i.ordering_key")}) AS i
      JOIN integration_consumer AS c ON c.consumer_name = i.consumer_name
      WHERE (c.ordering = 'aggregate') <> (i.ordering_key IS NOT NULL)
        AND EXISTS (
          SELECT 1
          FROM integration_subscription AS s
          WHERE s.consumer_name = c.consumer_name AND s.swept_at IS NULL AND s.is_reordered
        )
    ), held AS MATERIALIZED (
      SELECT h.*
      FROM wrong AS w
      CROSS JOIN LATERAL (
        SELECT i.outbox_event_id, i.consumer_name
        FROM inbox_event AS i
        WHERE i.outbox_event_id = w.outbox_event_id AND i.consumer_name = w.consumer_name AND ${open}
        LIMIT 1
        FOR NO KEY UPDATE SKIP LOCKED
      ) AS h
    ), changed AS (
      UPDATE inbox_event AS i
      SET ordering_key = CASE WHEN c.ordering = 'aggregate' THEN ${orderingKey("e")} END,
        available_at = CASE WHEN i.available_at = 'infinity' THEN (SELECT clock_timestamp()) ELSE i.available_at END
      FROM held AS h, integration_consumer AS c, integration_event AS e
      WHERE i.outbox_event_id = h.outbox_event_id AND i.consumer_name = h.consumer_name AND c.consumer_name = h.consumer_name AND e.id = h.outbox_event_id
      RETURNING 1
    )
    SELECT (SELECT count(*) FROM wrong)::int - (SELECT count(*) FROM changed)::int AS "left"`),
    ([row]) => row?.left ?? 0
  )

export const registerAll =
  (sql: SqlClient.SqlClient, inTransaction: InTransaction) => (registrations: ReadonlyArray<Registration>) =>
    Effect.gen(function* () {
      const changed = yield* registerConsumers(sql)(registrations)
      yield* register(sql)(registrations)
      if (changed.length === 0) return
      yield* sweepAgain(sql)(changed.map((_) => _.consumer))
      yield* rekey(sql)
    }).pipe(inTransaction)

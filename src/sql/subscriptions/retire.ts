/**
 * Ending subscriptions, and what is open for them.
 *
 * @internal
 */
import type { SqlClient } from "effect/sql"
import { toLike } from "../../model/eventPattern.ts"
import type { Delivery } from "../../stores/Delivery.ts"
import type { RetireScope, Unserved } from "../../stores/SubscriptionStore.ts"
import { deliveryFields, isSettled, openDeliveries } from "../deliveryStates.ts"

/** Open deliveries that nobody will be interested in once the subscriptions are gone. */
const orphaned = (sql: SqlClient.SqlClient, { consumer, events, except }: RetireScope) => sql`
  i.consumer_name = ${consumer} AND i.event_name LIKE ANY (${events.map(toLike)}::text[])
    AND NOT i.event_name LIKE ANY (${except.map(toLike)}::text[]) AND NOT ${sql.literal(isSettled("i"))}`

/**
 * Open deliveries that no subscription of their consumer covers: a publish that was under way while it was retired could not
 * know.
 */
export const unsubscribed = (sql: SqlClient.SqlClient) =>
  sql.unsafe<Unserved>(`
    SELECT o.consumer_name AS "consumer", o.event_name AS "event", c.last_seen_at AS "lastSeenAt",
      least(o.open, 1000)::int AS "open"
    FROM (
      SELECT i.consumer_name, i.event_name, count(*) AS open
      FROM (
        ${openDeliveries("i.consumer_name, i.event_name")}
      ) AS i
      GROUP BY i.consumer_name, i.event_name
    ) AS o
    JOIN integration_consumer AS c ON c.consumer_name = o.consumer_name
    WHERE NOT EXISTS (
      SELECT 1
      FROM integration_subscription AS s
      WHERE s.consumer_name = o.consumer_name AND o.event_name LIKE s.event_like
    )
    ORDER BY o.consumer_name, o.event_name`)

export const open = (sql: SqlClient.SqlClient) => (scope: RetireScope, limit: number) =>
  sql<Delivery>`
    SELECT ${sql.literal(deliveryFields)}
    FROM inbox_event AS i
    WHERE ${orphaned(sql, scope)}
    ORDER BY i.position
    LIMIT ${limit}::int`

export const remove = (sql: SqlClient.SqlClient) => (consumer: string, events: ReadonlyArray<string>) =>
  sql<{ event: string }>`
    DELETE FROM integration_subscription
    WHERE consumer_name = ${consumer} AND event_pattern = ANY (${events}::text[])
    RETURNING event_pattern AS "event"`

/** In the order of positions: a transaction that holds one wants later ones of its key at most. */
export const skipOpen = (sql: SqlClient.SqlClient) => (scope: RetireScope) =>
  sql`
    UPDATE inbox_event
    SET status = 'skipped', last_error = 'The subscription was retired.', processed_at = clock_timestamp(),
      updated_at = clock_timestamp(), locked_until = NULL, lease_token = NULL
    WHERE consumer_name = ${scope.consumer} AND outbox_event_id = ANY (ARRAY(
      SELECT i.outbox_event_id FROM inbox_event AS i WHERE ${orphaned(sql, scope)} ORDER BY i.position FOR NO KEY UPDATE
    ))
    RETURNING 1`

/**
 * Ending subscriptions, and what is open for them.
 *
 * @internal
 */
import type { SqlClient } from "effect/sql"
import { toLike } from "../../model/eventPattern.ts"
import type { Delivery } from "../../stores/Delivery.ts"
import type { RetireScope } from "../../stores/SubscriptionStore.ts"
import { deliveryFields, isSettled } from "../deliveryStates.ts"

/** Open deliveries that nobody will be interested in once the subscriptions are gone. */
const orphaned = (sql: SqlClient.SqlClient, { consumer, events, except }: RetireScope) => sql`
  i.consumer_name = ${consumer} AND i.event_name LIKE ANY (${events.map(toLike)}::text[])
    AND NOT i.event_name LIKE ANY (${except.map(toLike)}::text[]) AND NOT ${sql.literal(isSettled("i"))}`

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

export const skipOpen = (sql: SqlClient.SqlClient) => (scope: RetireScope) =>
  sql<{ eventId: string }>`
    UPDATE inbox_event AS i
    SET status = 'skipped', last_error = 'The subscription was retired.', processed_at = clock_timestamp(),
      updated_at = clock_timestamp()
    WHERE ${orphaned(sql, scope)}
    RETURNING i.outbox_event_id::text AS "eventId"`

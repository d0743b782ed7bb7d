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
import { isBackfillOpen } from "./backfill.ts"

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

/** Lets an ordered consumer begin that was held for its backfill, when no backfill of it is open any more. */
export const unhold = (sql: SqlClient.SqlClient) => (consumer: string) =>
  sql`
    UPDATE integration_consumer AS c
    SET held_for_backfill = false
    WHERE c.consumer_name = ${consumer} AND c.held_for_backfill AND NOT EXISTS (
      SELECT 1
      FROM integration_subscription AS s
      WHERE s.consumer_name = c.consumer_name AND ${sql.literal(isBackfillOpen)}
    )`

export const skipOpen = (sql: SqlClient.SqlClient) => (scope: RetireScope) =>
  sql<{ eventId: string }>`
    UPDATE inbox_event AS i
    SET status = 'skipped', last_error = 'The subscription was retired.', processed_at = clock_timestamp(),
      updated_at = clock_timestamp()
    WHERE ${orphaned(sql, scope)}
    RETURNING i.outbox_event_id::text AS "eventId"`

/**
 * Ending subscriptions, and what is open for them.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { toLike } from "../../model/eventPattern.ts"
import type { Delivery } from "../../stores/Delivery.ts"
import { mostOpen, overlookedAmong, type RetireScope, type Unserved } from "../../stores/SubscriptionStore.ts"
import { deliveryFields, isSettled, someOpenOf } from "../deliveryStates.ts"
import { isKnown, serves } from "../recovery.ts"

/** Open deliveries that nobody will be interested in once the subscriptions are gone. */
const orphaned = (sql: SqlClient.SqlClient, { consumer, events, except }: RetireScope) => sql`
  i.consumer_name = ${consumer} AND i.event_name LIKE ANY (${events.map(toLike)}::text[])
    AND NOT i.event_name LIKE ANY (${except.map(toLike)}::text[]) AND NOT ${sql.literal(isSettled("i"))}`

/**
 * Open deliveries that no subscription of their consumer covers: a publish that was under way while it was retired could not
 * know. And those of a version that none of the processes that serve their event reads. Each consumer's first are looked at: nobody
 * handles what is looked for, so it comes to be among these.
 */
export const overlooked = (sql: SqlClient.SqlClient) =>
  Effect.map(
    sql.unsafe<Omit<Unserved, "version"> & { readonly version: number | null }>(`
    SELECT o.consumer_name AS "consumer", o.event_name AS "event", k.version AS "version", c.last_seen_at AS "lastSeenAt",
      least(sum(o.open), ${mostOpen})::int AS "open", min(o.since) AS "since"
    FROM (
      SELECT c.consumer_name, i.event_name, i.schema_version, count(*) AS open, min(i.created_at) AS since
      FROM integration_consumer AS c
      CROSS JOIN LATERAL (
        ${someOpenOf("c.consumer_name", "i.event_name, i.schema_version, i.created_at", "true", overlookedAmong)}
      ) AS i
      GROUP BY c.consumer_name, i.event_name, i.schema_version
    ) AS o
    JOIN integration_consumer AS c ON c.consumer_name = o.consumer_name
    CROSS JOIN LATERAL (
      SELECT bool_or(r.id IS NOT NULL) AS is_served, CASE WHEN count(*) > 0 THEN o.schema_version END AS version
      FROM integration_subscription AS s
      LEFT JOIN integration_replica AS r ON r.status = 'running' AND ${serves("r", "s")}
      WHERE s.consumer_name = o.consumer_name AND o.event_name LIKE s.event_like
    ) AS k
    WHERE k.version IS NULL OR (k.is_served AND NOT ${isKnown("o", (r) => `${r}.status = 'running'`)})
    GROUP BY o.consumer_name, o.event_name, k.version, c.last_seen_at
    ORDER BY o.consumer_name, o.event_name, k.version`),
    (rows) => rows.map(({ version, ...rest }): Unserved => (version === null ? rest : { ...rest, version }))
  )

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
    SET status = 'skipped', last_error = 'The subscription was retired.', error_fingerprint = NULL,
      processed_at = clock_timestamp(),
      updated_at = clock_timestamp(), locked_until = NULL, lease_token = NULL
    WHERE consumer_name = ${scope.consumer} AND outbox_event_id = ANY (ARRAY(
      SELECT i.outbox_event_id FROM inbox_event AS i WHERE ${orphaned(sql, scope)} ORDER BY i.position FOR NO KEY UPDATE
    ))
    RETURNING 1`

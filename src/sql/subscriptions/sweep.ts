/**
 * Statements over `integration_subscription` and `integration_consumer`.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { toLike } from "../../model/eventPattern.ts"
import type { Delivery } from "../../stores/delivery.ts"
import {
  type ConsumerState,
  type Registration,
  type RetireScope,
  type Subscription,
  SubscriptionStore,
  type Unserved
} from "../../stores/SubscriptionStore.ts"
import { inParts, onRefusal } from "../connection/bisect.ts"
import { storeErrors } from "../connection/errors.ts"
import { bounded, type InTransaction } from "../connection/maintenanceTransaction.ts"
import { deliveryFields, deliveryId, isSettled, orderingKey } from "../routing.ts"
import { backfill } from "./backfill.ts"

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

/** Returns the consumers that were there with another ordering. */
const registerConsumers = (sql: SqlClient.SqlClient) => (registrations: ReadonlyArray<Registration>) =>
  sql<{ consumer: string }>`
    WITH input AS (
      SELECT DISTINCT ON (consumer) *
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

/** A sweep that was not through goes on from where it began. */
const sweepAgain = (sql: SqlClient.SqlClient) => (consumers: ReadonlyArray<string>) =>
  sql`
    UPDATE integration_subscription
    SET registered_snapshot = CASE WHEN swept_at IS NULL THEN registered_snapshot ELSE pg_current_snapshot() END,
      sweep_until = NULL, swept_at = NULL
    WHERE consumer_name = ANY (${consumers}::text[])`

/** Gives open deliveries the key their consumer's ordering wants. Without ordering nothing is parked. */
const rekey = (sql: SqlClient.SqlClient) =>
  sql.unsafe(`
  UPDATE inbox_event AS i
  SET ordering_key = CASE WHEN c.ordering = 'aggregate' THEN ${orderingKey("e")} END,
    available_at = CASE WHEN i.available_at = 'infinity' THEN clock_timestamp() ELSE i.available_at END
  FROM integration_consumer AS c, outbox_event AS e
  WHERE i.consumer_name = c.consumer_name AND e.id = i.outbox_event_id
    AND c.consumer_name IN (SELECT s.consumer_name FROM integration_subscription AS s WHERE s.swept_at IS NULL)
    AND i.status IN ('received', 'failed') AND i.available_at IS NOT NULL
    AND (c.ordering = 'aggregate') <> (i.ordering_key IS NOT NULL)`)

const registerAll =
  (sql: SqlClient.SqlClient, inTransaction: InTransaction) => (registrations: ReadonlyArray<Registration>) =>
    Effect.gen(function* () {
      const changed = yield* registerConsumers(sql)(registrations)
      yield* register(sql)(registrations)
      if (changed.length === 0) return
      yield* sweepAgain(sql)(changed.map((_) => _.consumer))
      yield* rekey(sql)
    }).pipe(inTransaction)

const setPaused = (sql: SqlClient.SqlClient) => (consumer: string, isPaused: boolean) =>
  sql<{ consumer: string }>`
    UPDATE integration_consumer
    SET paused_at = CASE WHEN ${isPaused}::boolean THEN coalesce(paused_at, clock_timestamp()) END
    WHERE consumer_name = ${consumer}
    RETURNING consumer_name AS "consumer"`

const consumers = (sql: SqlClient.SqlClient) =>
  sql<ConsumerState>`
    SELECT consumer_name AS "consumer", ordering AS "ordering", paused_at AS "pausedAt", last_seen_at AS "lastSeenAt"
    FROM integration_consumer
    ORDER BY consumer_name`

/**
 * Notes, once the registration is committed, which transactions may still publish without having seen it: those
 * older than the end of a snapshot taken now.
 */
const noteEnd = (sql: SqlClient.SqlClient) =>
  sql`
    UPDATE integration_subscription
    SET sweep_until = pg_snapshot_xmax(pg_current_snapshot())
    WHERE swept_at IS NULL AND sweep_until IS NULL`

/**
 * Subscriptions nobody can publish past any more: no client backend of this database, nor prepared transaction, has
 * an xid or a snapshot older than `sweep_until`. Backend ids have 32 bits, so ages are compared, not ids.
 */
const quiet = (sql: SqlClient.SqlClient) =>
  sql<{ consumer: string; event: string }>`
    WITH busy AS (
      SELECT max(greatest(age(backend_xid), age(backend_xmin))) AS age
      FROM pg_stat_activity
      WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
      UNION ALL
      SELECT max(age(transaction)) FROM pg_prepared_xacts WHERE database = current_database()
    )
    SELECT s.consumer_name AS "consumer", s.event_pattern AS "event"
    FROM integration_subscription AS s
    WHERE s.swept_at IS NULL AND s.sweep_until IS NOT NULL AND NOT EXISTS (
      SELECT 1
      FROM busy AS b
      WHERE b.age > (pg_snapshot_xmax(pg_current_snapshot())::text::bigint - s.sweep_until::text::bigint)
    )`

/** How many missed events one statement of the sweep delivers. */
const sweepLimit = 1000

/** What the index knows of an event `o` that a subscription `s` may have missed, in the words of `outbox_event_transaction_idx`. */
const isSince = "o.transaction_id::text::bigint >= pg_snapshot_xmin(s.registered_snapshot)::text::bigint"

/** Conditions under which an event `o` was missed by a subscription `s`. */
const isMissed = `s.swept_at IS NULL AND o.routed_at IS NOT NULL
        AND NOT pg_visible_in_snapshot(o.transaction_id, s.registered_snapshot)
        AND NOT EXISTS (
          SELECT 1 FROM inbox_event AS i WHERE i.outbox_event_id = o.id AND i.consumer_name = s.consumer_name
        )`

/** Ids of events that were missed, for when one of them is refused. */
const missedIds = (sql: SqlClient.SqlClient) => (position: bigint) =>
  sql.unsafe<{ id: string; position: bigint }>(
    `SELECT DISTINCT o.position AS "position", o.id::text AS "id"
    FROM integration_subscription AS s
    JOIN outbox_event AS o
      ON ${isSince} AND o.event_name LIKE s.event_like
    WHERE ${isMissed} AND o.position > $1::bigint
    ORDER BY o.position
    LIMIT $2::int`,
    [position, sweepLimit]
  )

interface Given {
  readonly given: number
  readonly consumers: ReadonlyArray<string>
}

/** Gives all that is missed and not refused; returns whether something was refused. */
const deliverInPages = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, consumers: Set<string>) {
  let isRefused = false
  for (let position = 0n; ; ) {
    const page = yield* missedIds(sql)(position)
    const { refused, results } = yield* inParts(
      "subscriptions.sweep",
      page.map(({ id }) => id),
      (ids) => deliverMissed(sql)(ids)
    )
    for (const [row] of results) for (const consumer of row?.consumers ?? []) consumers.add(consumer)
    isRefused ||= refused.length > 0
    if (page.length < sweepLimit) return isRefused
    position = page.at(-1)?.position ?? position
  }
})

/** Events whose publisher the registration did not see, and that it did not see either; among `ids`, or all. */
const deliverMissed = (sql: SqlClient.SqlClient) => (ids: ReadonlyArray<string> | undefined) =>
  sql.unsafe<Given>(
    `WITH missed AS MATERIALIZED (
      SELECT o.id, o.position, o.event_name, o.schema_version, o.available_at, s.consumer_name,
        CASE WHEN c.ordering = 'aggregate' THEN ${orderingKey("o")} END AS ordering_key
      FROM integration_subscription AS s
      JOIN integration_consumer AS c ON c.consumer_name = s.consumer_name
      JOIN outbox_event AS o
        ON ${isSince} AND o.event_name LIKE s.event_like
      WHERE ${isMissed} AND ($2::uuid[] IS NULL OR o.id = ANY ($2::uuid[]))
      ORDER BY o.position
      LIMIT $1::int
      FOR UPDATE OF o
    ), given AS (
      INSERT INTO inbox_event (
        id, outbox_event_id, consumer_name, event_name, schema_version, position, available_at, ordering_key
      )
      SELECT ${deliveryId("m.id", "m.consumer_name")}, m.id, m.consumer_name, m.event_name, m.schema_version, m.position,
        m.available_at, m.ordering_key
      FROM missed AS m
      ON CONFLICT DO NOTHING
      RETURNING outbox_event_id, consumer_name
    ), reopened AS (
      UPDATE outbox_event
      SET status = 'pending', processed_at = NULL, updated_at = clock_timestamp()
      WHERE id IN (SELECT outbox_event_id FROM given)
    )
    SELECT count(*)::int AS "given", coalesce(array_agg(DISTINCT consumer_name::text), '{}') AS "consumers" FROM given`,
    [sweepLimit, ids ?? null]
  )

const end = (sql: SqlClient.SqlClient) => (ended: ReadonlyArray<{ consumer: string; event: string }>) =>
  sql`
    UPDATE integration_subscription AS s
    SET swept_at = clock_timestamp()
    FROM unnest(${ended.map((_) => _.consumer)}::text[], ${ended.map((_) => _.event)}::text[]) AS e (consumer, event)
    WHERE s.consumer_name = e.consumer AND s.event_pattern = e.event`

/**
 * Which subscriptions are quiet is asked before the last delivery, never after: what is published in between is seen
 * by a publisher that knows the subscription.
 */
const sweep = (sql: SqlClient.SqlClient) =>
  Effect.gen(function* () {
    yield* noteEnd(sql)
    const ended = yield* quiet(sql)
    const consumers = new Set<string>()
    let isRefused = false
    for (let given = sweepLimit; given === sweepLimit; ) {
      const rows = yield* onRefusal(deliverMissed(sql)(undefined), Effect.as(Effect.void, undefined))
      if (rows === undefined) isRefused = yield* deliverInPages(sql, consumers)
      for (const consumer of rows?.[0]?.consumers ?? []) consumers.add(consumer)
      given = rows?.[0]?.given ?? 0
    }
    yield* rekey(sql)
    // What is refused is missed still.
    if (ended.length > 0 && !isRefused) yield* end(sql)(ended)
    const open = yield* sql`SELECT 1 FROM integration_subscription WHERE swept_at IS NULL LIMIT 1`
    return { consumers: [...consumers], isOpen: open.length > 0 }
  })

/** Of running processes, what they recorded; of consumers not seen for long, all. */
const unserved = (sql: SqlClient.SqlClient) => (silentMillis: number) =>
  sql.unsafe<Unserved>(
    `SELECT s.consumer_name AS "consumer", s.event_pattern AS "event", c.last_seen_at AS "lastSeenAt",
      (
        SELECT count(*)::int
        FROM (
          SELECT 1
          FROM inbox_event AS i
          WHERE i.consumer_name = s.consumer_name AND i.event_name LIKE s.event_like AND NOT ${isSettled("i")}
          LIMIT 1000
        ) AS o
      ) AS "open"
    FROM integration_subscription AS s
    JOIN integration_consumer AS c ON c.consumer_name = s.consumer_name
    WHERE s.registered_at < clock_timestamp() - $1::float8 * interval '1 millisecond' AND NOT EXISTS (
      SELECT 1
      FROM integration_replica AS r
      WHERE r.status = 'running' AND (
        r.consumers->s.consumer_name->'names' ? s.event_pattern
        OR r.consumers->s.consumer_name->'patterns' ? s.event_pattern
      )
    )
    ORDER BY s.consumer_name, s.event_pattern`,
    [silentMillis]
  )

const all = (sql: SqlClient.SqlClient) =>
  sql<Subscription>`
    SELECT consumer_name AS "consumer", event_pattern AS "event", priority AS "priority"
    FROM integration_subscription
    ORDER BY consumer_name, event_pattern`

/** Open deliveries that nobody will be interested in once the subscriptions are gone. */
const orphaned = (sql: SqlClient.SqlClient, { consumer, events, except }: RetireScope) => sql`
  i.consumer_name = ${consumer} AND i.event_name LIKE ANY (${events.map(toLike)}::text[])
    AND NOT i.event_name LIKE ANY (${except.map(toLike)}::text[]) AND NOT ${sql.literal(isSettled("i"))}`

const open = (sql: SqlClient.SqlClient) => (scope: RetireScope, limit: number) =>
  sql<Delivery>`
    SELECT ${sql.literal(deliveryFields)}
    FROM inbox_event AS i
    WHERE ${orphaned(sql, scope)}
    ORDER BY i.position
    LIMIT ${limit}::int`

const remove = (sql: SqlClient.SqlClient) => (consumer: string, events: ReadonlyArray<string>) =>
  sql<{ event: string }>`
    DELETE FROM integration_subscription
    WHERE consumer_name = ${consumer} AND event_pattern = ANY (${events}::text[])
    RETURNING event_pattern AS "event"`

/** Nothing is waited for that nobody will be given any more. */
const unhold = (sql: SqlClient.SqlClient) => (consumer: string) =>
  sql`
    UPDATE integration_consumer AS c
    SET held_for_backfill = false
    WHERE c.consumer_name = ${consumer} AND c.held_for_backfill AND NOT EXISTS (
      SELECT 1
      FROM integration_subscription AS s
      WHERE s.consumer_name = c.consumer_name AND s.backfill_from IS NOT NULL AND s.backfilled_at IS NULL
    )`

const skipOpen = (sql: SqlClient.SqlClient) => (scope: RetireScope) =>
  sql<{ eventId: string }>`
    UPDATE inbox_event AS i
    SET status = 'skipped', last_error = 'The subscription was retired.', processed_at = clock_timestamp(),
      updated_at = clock_timestamp()
    WHERE ${orphaned(sql, scope)}
    RETURNING i.outbox_event_id::text AS "eventId"`

export const layer: Layer.Layer<SubscriptionStore, never, SqlClient.SqlClient> = Layer.effect(
  SubscriptionStore,
  Effect.gen(function* () {
    const sql = (yield* SqlClient.SqlClient).withoutTransforms()
    const inTransaction = yield* bounded(sql)
    return SubscriptionStore.of({
      register: (registrations) =>
        registrations.length === 0
          ? Effect.void
          : storeErrors("subscriptions.register")(Effect.asVoid(registerAll(sql, inTransaction)(registrations))),
      setPaused: (consumer, isPaused) =>
        storeErrors("subscriptions.setPaused")(Effect.map(setPaused(sql)(consumer, isPaused), (_) => _.length > 0)),
      consumers: storeErrors("subscriptions.consumers")(consumers(sql)),
      sweep: storeErrors("subscriptions.sweep")(sweep(sql)),
      backfill: storeErrors("subscriptions.backfill")(backfill(sql, inTransaction)),
      unserved: (silentMillis) => storeErrors("subscriptions.unserved")(unserved(sql)(silentMillis)),
      all: storeErrors("subscriptions.all")(all(sql)),
      open: (scope, limit) => storeErrors("subscriptions.open")(open(sql)(scope, limit)),
      remove: (consumer, events) =>
        storeErrors("subscriptions.remove")(
          Effect.map(Effect.tap(remove(sql)(consumer, events), unhold(sql)(consumer)), (rows) => rows.length)
        ),
      skipOpen: (scope) =>
        storeErrors("subscriptions.skipOpen")(
          Effect.map(skipOpen(sql)(scope), (rows) => rows.map((row) => row.eventId))
        )
    })
  })
)

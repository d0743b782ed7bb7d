/**
 * Statements over `outbox_event`: one function per statement.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { type Appended, type EventStatus, type NewEvent, type OutboxRow, OutboxStore } from "../OutboxStore.ts"
import { storeErrors } from "./errors.ts"
import { deliveryId, isSettled } from "./routing.ts"

/**
 * Events and deliveries in one statement, so that they commit together whatever the caller's transaction does. Which
 * consumers are interested depends on the name alone, so each name is looked up once.
 */
const append = (sql: SqlClient.SqlClient) => {
  const text = (events: ReadonlyArray<NewEvent>, value: (event: NewEvent) => string) => events.map(value)
  return (events: ReadonlyArray<NewEvent>) =>
    sql<Appended>`
      WITH input AS (
        SELECT *
        FROM unnest(
          ${text(events, (_) => _.id)}::uuid[], ${text(events, (_) => _.eventName)}::text[],
          ${text(events, (_) => String(_.schemaVersion))}::int[], ${text(events, (_) => _.sourceModule)}::text[],
          ${text(events, (_) => _.aggregateType)}::text[], ${text(events, (_) => _.aggregateId)}::text[],
          ${text(events, (_) => _.payload)}::jsonb[], ${text(events, (_) => _.metadata ?? "")}::text[],
          ${text(events, (_) => _.correlationId ?? "")}::text[], ${text(events, (_) => _.causationId ?? "")}::text[]
        ) WITH ORDINALITY AS i (
          id, event_name, schema_version, source_module, aggregate_type, aggregate_id, payload, metadata,
          correlation_id, causation_id, place
        )
      ), interested AS (
        SELECT n.event_name, array_agg(DISTINCT s.consumer_name::text) AS consumers
        FROM (SELECT DISTINCT event_name FROM input) AS n
        JOIN integration_subscription AS s ON n.event_name LIKE s.event_like
        GROUP BY n.event_name
      ), stored AS (
        INSERT INTO outbox_event (
          id, event_name, schema_version, source_module, aggregate_type, aggregate_id, payload, metadata,
          correlation_id, causation_id, routed_at, status, processed_at
        )
        SELECT i.id, i.event_name, i.schema_version, i.source_module, i.aggregate_type, i.aggregate_id, i.payload,
          NULLIF(i.metadata, '')::jsonb, NULLIF(i.correlation_id, ''), NULLIF(i.causation_id, ''), clock_timestamp(),
          CASE WHEN n.event_name IS NULL THEN 'processed' ELSE 'pending' END,
          CASE WHEN n.event_name IS NULL THEN clock_timestamp() END
        FROM input AS i
        LEFT JOIN interested AS n USING (event_name)
        ORDER BY i.place
        RETURNING id, position, event_name, schema_version, status, available_at, created_at
      ), delivered AS (
        INSERT INTO inbox_event (id, outbox_event_id, consumer_name, event_name, schema_version, position, available_at)
        SELECT ${sql.literal(deliveryId("e.id", "c.name"))}, e.id, c.name, e.event_name, e.schema_version, e.position,
          e.available_at
        FROM stored AS e
        JOIN interested AS n ON n.event_name = e.event_name
        CROSS JOIN unnest(n.consumers) AS c (name)
      )
      SELECT e.id::text AS "id", e.position AS "position", e.status AS "status", e.created_at AS "createdAt",
        coalesce(n.consumers, '{}') AS "consumers"
      FROM stored AS e
      LEFT JOIN interested AS n ON n.event_name = e.event_name
      ORDER BY e.position`
}

/** The rows are locked, so two processes that route at once share the work. */
const route = (sql: SqlClient.SqlClient) => (limit: number) =>
  sql<{ routed: number; consumers: ReadonlyArray<string> }>`
    WITH unrouted AS (
      SELECT id, position, event_name, schema_version, available_at
      FROM outbox_event
      WHERE routed_at IS NULL
      ORDER BY position
      LIMIT ${limit}::int
      FOR UPDATE SKIP LOCKED
    ), interested AS (
      SELECT DISTINCT u.id, s.consumer_name
      FROM unrouted AS u
      JOIN integration_subscription AS s ON u.event_name LIKE s.event_like
    ), delivered AS (
      INSERT INTO inbox_event (id, outbox_event_id, consumer_name, event_name, schema_version, position, available_at)
      SELECT ${sql.literal(deliveryId("u.id", "n.consumer_name"))}, u.id, n.consumer_name, u.event_name, u.schema_version,
        u.position, u.available_at
      FROM unrouted AS u
      JOIN interested AS n ON n.id = u.id
      ON CONFLICT DO NOTHING
    ), routed AS (
      UPDATE outbox_event AS o
      SET routed_at = clock_timestamp(), updated_at = clock_timestamp(),
        status = CASE WHEN n.id IS NULL THEN 'processed' ELSE 'pending' END,
        processed_at = CASE WHEN n.id IS NULL THEN clock_timestamp() END
      FROM unrouted AS u
      LEFT JOIN (SELECT DISTINCT id FROM interested) AS n ON n.id = u.id
      WHERE o.id = u.id
      RETURNING o.id
    )
    SELECT (SELECT count(*)::int FROM routed) AS "routed",
      (SELECT coalesce(array_agg(DISTINCT consumer_name::text), '{}') FROM interested) AS "consumers"`

/**
 * An event gets its final status from its deliveries.
 *
 * The row version read is compared with the one updated: whoever makes an event pending again while this statement runs
 * (registration sweep, requeue) writes the row, which ends the match, so a delivery this statement could not see is
 * never rolled over. `ctid` spares a second lookup, and a join that would read the whole table; `xmin` is what decides
 * when the row has changed.
 */
const rollUp = (candidates: string) => `
  UPDATE outbox_event AS o
  SET status = d.status, attempt_count = d.attempt_count, last_error = d.last_error,
    processed_at = clock_timestamp(), updated_at = clock_timestamp()
  FROM (${candidates}) AS e
  CROSS JOIN LATERAL (
    SELECT coalesce(max(i.attempt_count), 0) AS attempt_count,
      CASE WHEN bool_or(i.status = 'dead_letter') THEN 'dead_letter'
        WHEN bool_or(i.status = 'failed') THEN 'failed'
        ELSE 'processed' END AS status,
      coalesce(
        max(i.last_error) FILTER (WHERE i.status = 'dead_letter'),
        max(i.last_error) FILTER (WHERE i.status = 'failed'),
        max(i.last_error)
      ) AS last_error,
      coalesce(bool_and(${isSettled("i")}), true) AS is_settled
    FROM inbox_event AS i
    WHERE i.outbox_event_id = e.id
  ) AS d
  WHERE o.ctid = e.ctid AND o.xmin = e.version AND d.is_settled
  RETURNING o.id`

const rollUpGiven = (sql: SqlClient.SqlClient) => {
  const statement = rollUp(
    "SELECT id, ctid, xmin AS version FROM outbox_event WHERE id = ANY ($1::uuid[]) AND status = 'pending'"
  )
  return (eventIds: ReadonlyArray<string>) => sql.unsafe<{ id: string }>(statement, [eventIds])
}

const rollUpWindow = (sql: SqlClient.SqlClient) => {
  const statement = rollUp(`
    SELECT id, ctid, xmin AS version
    FROM outbox_event
    WHERE status = 'pending' AND routed_at IS NOT NULL AND position > $1::bigint
    ORDER BY position
    LIMIT $2::int`)
  return (position: bigint, limit: number) => sql.unsafe<{ id: string }>(statement, [position, limit])
}

const findById = (sql: SqlClient.SqlClient) => (eventId: string) =>
  sql<OutboxRow>`
    SELECT id::text AS "id", position AS "position", event_name AS "eventName", schema_version AS "schemaVersion",
      source_module AS "sourceModule", aggregate_type AS "aggregateType", aggregate_id AS "aggregateId",
      payload AS "payload", metadata AS "metadata", correlation_id AS "correlationId", causation_id AS "causationId",
      status AS "status", attempt_count AS "attemptCount", last_error AS "lastError",
      routed_at IS NOT NULL AS "isRouted", created_at AS "createdAt", processed_at AS "processedAt"
    FROM outbox_event
    WHERE id = ${eventId}::uuid`

const countByStatus = (sql: SqlClient.SqlClient) =>
  sql<{ status: EventStatus; count: number }>`
    SELECT status AS "status", count(*)::int AS "count" FROM outbox_event GROUP BY status`

export const layer: Layer.Layer<OutboxStore, never, SqlClient.SqlClient> = Layer.effect(
  OutboxStore,
  Effect.gen(function* () {
    // The host application may rename columns on its client; these statements name every column themselves.
    const sql = (yield* SqlClient.SqlClient).withoutTransforms()
    const appendAll = append(sql)
    const rollUpIds = rollUpGiven(sql)
    const rollUpAfter = rollUpWindow(sql)
    return OutboxStore.of({
      append: (events) => storeErrors("outbox.append")(appendAll(events)),
      route: (limit) =>
        storeErrors("outbox.route")(Effect.map(route(sql)(limit), ([row]) => row ?? { routed: 0, consumers: [] })),
      rollUp: (eventIds) =>
        eventIds.length === 0
          ? Effect.succeed(0)
          : storeErrors("outbox.rollUp")(Effect.map(rollUpIds(eventIds), (rows) => rows.length)),
      rollUpFrom: (position, limit) =>
        storeErrors("outbox.rollUpFrom")(Effect.map(rollUpAfter(position, limit), (rows) => rows.length)),
      findById: (eventId) => storeErrors("outbox.findById")(Effect.map(findById(sql)(eventId), ([row]) => row)),
      countByStatus: storeErrors("outbox.countByStatus")(
        Effect.map(countByStatus(sql), (rows) => Object.fromEntries(rows.map((row) => [row.status, row.count])))
      )
    })
  })
)

/**
 * Statements over `outbox_event`: one function per statement.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { StoreError } from "../../errors/store.ts"
import {
  type Appended,
  type EventStatus,
  type NewEvent,
  type OutboxRow,
  OutboxStore
} from "../../stores/OutboxStore.ts"
import type { Ride } from "../../wakeups/Broadcast.ts"
import { inParts, onRefusal } from "../connection/bisect.ts"
import { storeErrors } from "../connection/errors.ts"
import { bounded } from "../connection/maintenanceTransaction.ts"
import { riddenBy, tells } from "../connection/notifications.ts"
import { deliveriesOf, deliveryColumns, heardBy, interestedIn, isSettled } from "../routing.ts"
import { removeSettled } from "./retention.ts"

/** What is known of an event that was stored. */
type Stored = Omit<Appended, "existing">

const columnsOf = (event: string) => `
  ${event}.id::text AS "id", ${event}.position AS "position", ${event}.event_name AS "eventName",
  ${event}.schema_version AS "schemaVersion", ${event}.source_module AS "sourceModule",
  ${event}.aggregate_type AS "aggregateType", ${event}.aggregate_id AS "aggregateId", ${event}.payload AS "payload",
  ${event}.metadata AS "metadata", ${event}.correlation_id AS "correlationId", ${event}.causation_id AS "causationId",
  ${event}.dedupe_key AS "dedupeKey", ${event}.available_at AS "availableAt", ${event}.status AS "status",
  ${event}.attempt_count AS "attemptCount", ${event}.last_error AS "lastError",
  ${event}.routed_at IS NOT NULL AS "isRouted", ${event}.created_at AS "createdAt",
  ${event}.processed_at AS "processedAt"`

/** Columns of an event to be stored, as arrays. One that nobody fills stays empty: `unnest` makes nulls of it. */
const toArrays = (events: ReadonlyArray<NewEvent>) => {
  const text = (value: (event: NewEvent) => string | undefined) => {
    const values = events.map(value)
    return values.every((_) => _ === undefined) ? [] : values.map((_) => _ ?? "")
  }
  return [
    text((_) => _.id),
    text((_) => _.eventName),
    text((_) => String(_.schemaVersion)),
    text((_) => _.sourceModule),
    text((_) => _.aggregateType),
    text((_) => _.aggregateId),
    text((_) => _.payload),
    text((_) => _.metadata),
    text((_) => _.correlationId),
    text((_) => _.causationId),
    text(({ due }) => (due === undefined ? undefined : typeof due === "number" ? `+${due}` : due.toISOString())),
    text((_) => _.dedupeKey)
  ]
}

/**
 * Events and deliveries in one statement, so that they commit together whatever the caller's transaction does. Which
 * consumers are interested depends on the name alone, so each name is looked up once.
 *
 * With keys, rows are inserted in the order of their keys, so that two lists never wait for each other in a circle;
 * positions are drawn before that, in the order of the list. All become due at the same moment: then position decides.
 */
const appendStatement = ({ isKeyed, isRidden }: { readonly isKeyed: boolean; readonly isRidden: boolean }) => `
  WITH input AS (
    SELECT *${isKeyed ? ", nextval(pg_get_serial_sequence('outbox_event', 'position')) AS position" : ""}
    FROM unnest(
      $1::uuid[], $2::text[], $3::int[], $4::text[], $5::text[], $6::text[], $7::jsonb[], $8::text[], $9::text[],
      $10::text[], $11::text[], $12::text[]
    ) WITH ORDINALITY AS i (
      id, event_name, schema_version, source_module, aggregate_type, aggregate_id, payload, metadata,
      correlation_id, causation_id, due, dedupe_key, place
    )
  ), clock AS MATERIALIZED (
    SELECT clock_timestamp() AS now
  ), interested AS MATERIALIZED (
    ${interestedIn("SELECT DISTINCT event_name FROM input")}
  ), heard AS MATERIALIZED (
    ${heardBy("interested")}
  ), stored AS (
    INSERT INTO outbox_event (
      ${isKeyed ? "position, " : ""}id, event_name, schema_version, source_module, aggregate_type, aggregate_id, payload,
      metadata, correlation_id, causation_id, dedupe_key, available_at, routed_at, status, processed_at
    )
    ${isKeyed ? "OVERRIDING SYSTEM VALUE" : ""}
    SELECT ${isKeyed ? "i.position, " : ""}i.id, i.event_name, i.schema_version, i.source_module, i.aggregate_type,
      i.aggregate_id, i.payload, NULLIF(i.metadata, '')::jsonb, NULLIF(i.correlation_id, ''), NULLIF(i.causation_id, ''),
      NULLIF(i.dedupe_key, ''),
      CASE WHEN i.due LIKE '+%' THEN c.now + substr(i.due, 2)::float8 * interval '1 millisecond'
        ELSE coalesce(NULLIF(i.due, '')::timestamptz, c.now) END,
      c.now, CASE WHEN n.event_name IS NULL THEN 'processed' ELSE 'pending' END,
      CASE WHEN n.event_name IS NULL THEN c.now END
    FROM input AS i
    CROSS JOIN clock AS c
    LEFT JOIN heard AS n USING (event_name)
    ORDER BY ${isKeyed ? "i.source_module, i.event_name, i.dedupe_key, " : ""}i.place
    ${isKeyed ? "ON CONFLICT (source_module, event_name, dedupe_key) WHERE dedupe_key IS NOT NULL DO NOTHING" : ""}
    RETURNING id, position, event_name, schema_version, source_module, aggregate_type, aggregate_id, status,
      available_at, created_at
  ), delivered AS (
    INSERT INTO inbox_event (${deliveryColumns})
    ${deliveriesOf("stored", "interested")}
  )
  SELECT e.id::text AS "id", e.position AS "position", e.status AS "status", e.created_at AS "createdAt",
    coalesce(n.consumers, '{}') AS "consumers"
  FROM stored AS e
  LEFT JOIN heard AS n ON n.event_name = e.event_name
  ${isRidden ? `WHERE ${tells("n.consumers", 13)}` : ""}
  ORDER BY e.position`

/** The events that have these keys, with their consumers: a statement of its own, to see what was committed meanwhile. */
const findByKeys = (sql: SqlClient.SqlClient) => {
  const statement = `
    SELECT ${columnsOf("e")},
      ARRAY(
        SELECT i.consumer_name::text FROM inbox_event AS i WHERE i.outbox_event_id = e.id ORDER BY i.consumer_name
      ) AS "consumers"
    FROM unnest($1::text[], $2::text[], $3::text[]) AS k (source_module, event_name, dedupe_key)
    JOIN outbox_event AS e USING (source_module, event_name, dedupe_key)`
  return (events: ReadonlyArray<NewEvent>) =>
    sql.unsafe<OutboxRow & { readonly consumers: ReadonlyArray<string> }>(statement, [
      events.map((_) => _.sourceModule),
      events.map((_) => _.eventName),
      events.map((_) => _.dedupeKey ?? "")
    ])
}

const keyOf = (
  event: Pick<OutboxRow, "sourceModule" | "eventName"> & { readonly dedupeKey: string | null | undefined }
) => JSON.stringify([event.sourceModule, event.eventName, event.dedupeKey])

const vanished = (event: NewEvent) =>
  new StoreError({
    operation: "outbox.append",
    reason: `the event with dedupeKey "${event.dedupeKey}" was removed while another was refused because of it`,
    isRetryable: true,
    cause: undefined
  })

const append = (sql: SqlClient.SqlClient) => {
  const plain = appendStatement({ isKeyed: false, isRidden: false })
  const ridden = appendStatement({ isKeyed: false, isRidden: true })
  const keyed = appendStatement({ isKeyed: true, isRidden: false })
  const find = findByKeys(sql)
  const appendKeyed = Effect.fnUntraced(function* (events: ReadonlyArray<NewEvent>) {
    const written = new Map((yield* sql.unsafe<Stored>(keyed, toArrays(events))).map((row) => [row.id, row]))
    const refused = events.filter((event) => !written.has(event.id))
    const taken = refused.length === 0 ? [] : yield* find(refused)
    const existing = new Map(taken.map((row) => [keyOf(row), row]))
    return yield* Effect.forEach(events, (event): Effect.Effect<Appended, StoreError> => {
      const row = written.get(event.id)
      if (row !== undefined) return Effect.succeed({ ...row, existing: undefined })
      const other = existing.get(keyOf(event))
      if (other === undefined) return Effect.fail(vanished(event))
      const { consumers, ...found } = other
      const status = found.status === "processed" ? "processed" : "pending"
      const { createdAt, id, position } = found
      return Effect.succeed({ id, position, status, createdAt, consumers, existing: found })
    })
  })
  const appendPlain = (events: ReadonlyArray<NewEvent>, ride: Ride | undefined) => {
    const values = toArrays(events)
    return ride === undefined
      ? sql.unsafe<Stored>(plain, values)
      : sql.unsafe<Stored>(ridden, [...values, ...riddenBy(ride)])
  }
  return (
    events: ReadonlyArray<NewEvent>,
    ride: Ride | undefined
  ): Effect.Effect<ReadonlyArray<Appended>, StoreError | SqlError.SqlError> =>
    events.some((event) => event.dedupeKey !== undefined)
      ? appendKeyed(events)
      : Effect.map(appendPlain(events, ride), (rows) => rows.map((row) => ({ ...row, existing: undefined })))
}

/** The rows are locked, so two processes that route at once share the work. */
const routeStatement = (isGiven: boolean) => `
    WITH unrouted AS (
      SELECT id, position, event_name, schema_version, source_module, aggregate_type, aggregate_id, available_at
      FROM outbox_event
      WHERE routed_at IS NULL ${isGiven ? "AND id = ANY ($1::uuid[])" : ""}
      ORDER BY position
      ${isGiven ? "" : "LIMIT $1::int"}
      FOR UPDATE SKIP LOCKED
    ), interested AS MATERIALIZED (
      ${interestedIn("SELECT DISTINCT event_name FROM unrouted")}
    ), heard AS MATERIALIZED (
      ${heardBy("interested")}
    ), delivered AS (
      INSERT INTO inbox_event (${deliveryColumns})
      ${deliveriesOf("unrouted", "interested")}
      ON CONFLICT DO NOTHING
    ), routed AS (
      UPDATE outbox_event AS o
      SET routed_at = clock_timestamp(), updated_at = clock_timestamp(),
        status = CASE WHEN n.event_name IS NULL THEN 'processed' ELSE 'pending' END,
        processed_at = CASE WHEN n.event_name IS NULL THEN clock_timestamp() END
      FROM unrouted AS u
      LEFT JOIN heard AS n ON n.event_name = u.event_name
      WHERE o.id = u.id
      RETURNING o.id
    )
    SELECT (SELECT count(*)::int FROM routed) AS "routed",
      ARRAY(SELECT DISTINCT consumer_name::text FROM interested) AS "consumers"`

interface Routed {
  readonly routed: number
  readonly consumers: ReadonlyArray<string>
}

const nothingRouted: Routed = { routed: 0, consumers: [] }

const unrouted = (sql: SqlClient.SqlClient) => (position: bigint, limit: number) =>
  sql<{ id: string; position: bigint }>`
    SELECT id::text AS "id", position AS "position"
    FROM outbox_event
    WHERE routed_at IS NULL AND position > ${position}::bigint
    ORDER BY position
    LIMIT ${limit}::int`

const route = (sql: SqlClient.SqlClient) => {
  const [next, given] = [routeStatement(false), routeStatement(true)]
  const routeGiven = (ids: ReadonlyArray<string>) =>
    Effect.map(sql.unsafe<Routed>(given, [ids]), ([row]) => row ?? nothingRouted)
  /** All there are but those the database refuses. */
  const inPages = Effect.fnUntraced(function* (limit: number) {
    let routed = 0
    let position = 0n
    const consumers = new Set<string>()
    for (;;) {
      const page = yield* unrouted(sql)(position, limit)
      const { results } = yield* inParts(
        "outbox.route",
        page.map(({ id }) => id),
        routeGiven
      )
      for (const result of results) {
        routed += result.routed
        for (const consumer of result.consumers) consumers.add(consumer)
      }
      if (page.length < limit) return { routed, consumers: [...consumers] }
      position = page.at(-1)?.position ?? position
    }
  })
  return (limit: number): Effect.Effect<Routed, SqlError.SqlError> =>
    onRefusal(
      Effect.map(sql.unsafe<Routed>(next, [limit]), ([row]) => row ?? nothingRouted),
      inPages(limit)
    )
}

/**
 * An event gets its final status from its deliveries.
 *
 * The row version read is compared with the one updated: whoever makes an event pending again while this statement runs
 * (registration sweep, requeue) writes the row, which ends the match, so a delivery this statement could not see is
 * never rolled over. Rows are updated in the order of ids, so that two statements never wait for each other in a circle.
 * `ctid` spares a second lookup, and a join that would read the whole table; `xmin` is what decides
 * when the row has changed.
 */
const rollUp = (candidates: string) => `
  WITH rolled AS (
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
    RETURNING 1
  )
  SELECT count(*)::int AS "rolled" FROM rolled`

const rollUpGiven = (sql: SqlClient.SqlClient) => {
  const statement = rollUp(
    "SELECT id, ctid, xmin AS version FROM outbox_event WHERE id = ANY ($1::uuid[]) AND status = 'pending' ORDER BY id"
  )
  const change = (ids: ReadonlyArray<string>) =>
    Effect.map(sql.unsafe<{ rolled: number }>(statement, [ids]), ([row]) => row?.rolled ?? 0)
  return (eventIds: ReadonlyArray<string>) =>
    Effect.map(inParts("outbox.rollUp", eventIds, change), ({ results }) =>
      results.reduce((sum, count) => sum + count, 0)
    )
}

const rollUpWindow = (sql: SqlClient.SqlClient) => {
  const statement = rollUp(`
    SELECT *
    FROM (
      SELECT id, ctid, xmin AS version
      FROM outbox_event
      WHERE status = 'pending' AND routed_at IS NOT NULL AND position > $1::bigint
      ORDER BY position
      LIMIT $2::int
    ) AS w
    ORDER BY id`)
  const pending = (position: bigint, limit: number) => sql<{ id: string }>`
    SELECT id::text AS "id"
    FROM outbox_event
    WHERE status = 'pending' AND routed_at IS NOT NULL AND position > ${position}::bigint
    ORDER BY position
    LIMIT ${limit}::int`
  const given = rollUpGiven(sql)
  return (position: bigint, limit: number) =>
    onRefusal(
      Effect.map(sql.unsafe<{ rolled: number }>(statement, [position, limit]), ([row]) => row?.rolled ?? 0),
      Effect.flatMap(pending(position, limit), (rows) => given(rows.map(({ id }) => id)))
    )
}

const findById = (sql: SqlClient.SqlClient) => (eventId: string) =>
  sql.unsafe<OutboxRow>(`SELECT ${columnsOf("e")} FROM outbox_event AS e WHERE e.id = $1::uuid`, [eventId])

const findByName = (sql: SqlClient.SqlClient) => (eventName: string, position: bigint, limit: number) =>
  sql.unsafe<OutboxRow>(
    `SELECT ${columnsOf("e")}
    FROM outbox_event AS e
    WHERE e.event_name = $1 AND e.position > $2::bigint
    ORDER BY e.position
    LIMIT $3::int`,
    [eventName, position, limit]
  )

const countByStatus = (sql: SqlClient.SqlClient) =>
  sql<{ status: EventStatus; count: number }>`
    SELECT status AS "status", count(*)::int AS "count" FROM outbox_event GROUP BY status`

export const layer: Layer.Layer<OutboxStore, never, SqlClient.SqlClient> = Layer.effect(
  OutboxStore,
  Effect.gen(function* () {
    // The host application may rename columns on its client; these statements name every column themselves.
    const sql = (yield* SqlClient.SqlClient).withoutTransforms()
    const appendAll = append(sql)
    const routeUnrouted = route(sql)
    const remove = removeSettled(sql, yield* bounded(sql))
    const rollUpIds = rollUpGiven(sql)
    const rollUpAfter = rollUpWindow(sql)
    return OutboxStore.of({
      append: (events, ride) => storeErrors("outbox.append")(appendAll(events, ride)),
      route: (limit) => storeErrors("outbox.route")(routeUnrouted(limit)),
      rollUp: (eventIds) => storeErrors("outbox.rollUp")(rollUpIds(eventIds)),
      rollUpFrom: (position, limit) => storeErrors("outbox.rollUpFrom")(rollUpAfter(position, limit)),
      removeSettled: (window) => storeErrors("outbox.removeSettled")(remove(window)),
      findByName: (eventName, position, limit) =>
        storeErrors("outbox.findByName")(findByName(sql)(eventName, position, limit)),
      findById: (eventId) => storeErrors("outbox.findById")(Effect.map(findById(sql)(eventId), ([row]) => row)),
      countByStatus: storeErrors("outbox.countByStatus")(
        Effect.map(countByStatus(sql), (rows) => Object.fromEntries(rows.map((row) => [row.status, row.count])))
      )
    })
  })
)

/**
 * Statements over deliveries that gave up.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import type { SqlClient } from "effect/sql"
import { toLike } from "../model/eventPattern.ts"
import { cutTo } from "../model/storable.ts"
import type { NewAuditEntry } from "../stores/AuditStore.ts"
import {
  type Changed,
  type DeadLetter,
  type DeadLetterContent,
  type DeadLetterFilter,
  DeadLetterStore,
  discardedTag,
  type Seen,
  undecodableTags
} from "../stores/DeadLetterStore.ts"
import { type RowOf, withAggregate } from "./aggregateColumns.ts"
import { auditParameters, insertAudit } from "./audit.ts"
import { storeErrorsOf } from "./connection/errors.ts"
import { TableClient } from "./connection/tableClient.ts"
import { type Content, type ContentRow, contentColumns, contentOf, withContent } from "./contents.ts"
import { gaveUp } from "./deliveryStates.ts"
import { keyOf } from "./exact.ts"
import { orderingKey } from "./writeDeliveries.ts"

/** In the words of `inbox_event_dead_idx`. */
export const gaveUpAt = "coalesce(i.processed_at, i.updated_at)"

type Row = RowOf<DeadLetter>

const isUndecodable = `coalesce(i.error_tag IN (${undecodableTags.map((tag) => `'${tag}'`).join()}), false)`

const fields = `
  i.id::text AS "deliveryId", i.outbox_event_id::text AS "eventId", i.event_name AS "eventName",
  i.schema_version AS "schemaVersion", i.consumer_name AS "consumer", e.source_module AS "sourceModule",
  e.aggregate_type AS "aggregateType", e.aggregate_id AS "aggregateId", i.status AS "status",
  i.attempt_count AS "attemptCount", i.last_error AS "lastError", i.error_tag AS "errorTag",
  i.error_fingerprint::text AS "fingerprint",
  ${isUndecodable} AS "isUndecodable", i.payload_override IS NOT NULL AS "isEdited",
  ${gaveUpAt} AS "gaveUpAt", i.created_at AS "createdAt",
  ${gaveUpAt}::text || '/' || i.id::text AS "cursor"`

/**
 * Deliveries `i` that gave up, with their events `e`, that a filter covers: the first parameters, see `filteredBy`. Those of a group of
 * errors are read by their index, also by a plan that knows no parameters.
 */
export const covered = ({ fingerprint }: DeadLetterFilter) => `
  FROM inbox_event AS i
  JOIN integration_event AS e ON e.id = i.outbox_event_id
  WHERE ${gaveUp}
    AND ($1::text IS NULL OR i.consumer_name = $1)
    AND ($2::text IS NULL OR i.event_name LIKE $2)
    AND ($3::text IS NULL OR i.error_tag = $3)
    AND ($4::boolean IS NULL OR ${isUndecodable} = $4)
    AND ($5::text IS NULL OR (e.source_module = $5 AND e.aggregate_type = $6 AND e.aggregate_id = $7))
    AND ($8::timestamptz IS NULL OR ${gaveUpAt} >= $8)
    AND ($9::timestamptz IS NULL OR ${gaveUpAt} < $9)
    AND ($10::uuid[] IS NULL OR i.id = ANY ($10::uuid[]))
    AND ${fingerprint === undefined ? "$11::bigint IS NULL" : "i.error_fingerprint = $11::bigint"}`

/** Parameters of `covered`. */
export const filteredBy = (filter: DeadLetterFilter) => {
  const { aggregate, consumer, deliveryIds, errorTag, eventName, fingerprint, isUndecodable, since, until } = filter
  return [
    consumer ?? null,
    eventName === undefined ? null : toLike(eventName),
    errorTag ?? null,
    isUndecodable ?? null,
    aggregate?.module ?? null,
    aggregate?.entityType ?? null,
    aggregate?.entityId ?? null,
    since ?? null,
    until ?? null,
    deliveryIds ?? null,
    fingerprint ?? null
  ]
}

const list = (sql: SqlClient.SqlClient) => (filter: DeadLetterFilter, after: string | undefined, limit: number) => {
  const [afterTime, afterId] = after === undefined ? [null, null] : after.split("/")
  return sql.unsafe<Row>(
    `SELECT ${fields} ${covered(filter)}
        AND ($12::timestamptz IS NULL OR (${gaveUpAt}, i.id) < ($12, $13::uuid))
      ORDER BY ${gaveUpAt} DESC, i.id DESC
      LIMIT $14::int`,
    [...filteredBy(filter), afterTime ?? null, afterId ?? null, limit]
  )
}

const count = (sql: SqlClient.SqlClient) => (filter: DeadLetterFilter) =>
  sql.unsafe<{ count: number }>(`SELECT count(*)::int AS "count" ${covered(filter)}`, filteredBy(filter))

type Texts = "payloadText" | "originalPayloadText"

type FoundRow = Row & Omit<DeadLetterContent, keyof DeadLetter | keyof Content | "originalPayload" | Texts> & ContentRow

/** The text of one document, as it may be too large for a message beside another. */
const textOf = (sql: SqlClient.SqlClient, document: string) => (deliveryId: string) =>
  Effect.map(
    sql.unsafe<{ text: string }>(
      `SELECT (${document})::text AS "text"
      FROM inbox_event AS i JOIN integration_event AS e ON e.id = i.outbox_event_id
      WHERE i.id = $1::uuid AND ${gaveUp}`,
      [deliveryId]
    ),
    ([row]) => row?.text ?? null
  )

/** One of the payloads alone: the two of an edited delivery may be too large together. */
const originalOf = (sql: SqlClient.SqlClient) => (eventId: string) =>
  Effect.map(
    sql.unsafe<ContentRow>(
      `SELECT ${contentColumns()} FROM integration_event AS e CROSS JOIN ${contentOf("e.payload", "e.metadata")}
      WHERE e.id = $1::uuid`,
      [eventId]
    ),
    ([row]) => (row === undefined ? null : withContent(row).payload)
  )

const find = (sql: SqlClient.SqlClient) =>
  Effect.fnUntraced(function* (deliveryId: string) {
    const [row] = yield* sql.unsafe<FoundRow>(
      `SELECT ${fields}, ${contentColumns()}, e.correlation_id AS "correlationId", e.causation_id AS "causationId"
      FROM inbox_event AS i
      JOIN integration_event AS e ON e.id = i.outbox_event_id
      CROSS JOIN ${contentOf("coalesce(i.payload_override, e.payload)", "e.metadata")}
      WHERE i.id = $1::uuid AND ${gaveUp}`,
      [deliveryId]
    )
    if (row === undefined) return undefined
    const found = withAggregate(withContent(row))
    const payloadText =
      found.oversizeBytes === null ? yield* textOf(sql, "coalesce(i.payload_override, e.payload)")(deliveryId) : null
    if (!row.isEdited)
      return { ...found, originalPayload: found.payload, payloadText, originalPayloadText: payloadText }
    const originalPayload = yield* originalOf(sql)(row.eventId)
    const originalPayloadText = originalPayload === null ? null : yield* textOf(sql, "e.payload")(deliveryId)
    return { ...found, originalPayload, payloadText, originalPayloadText }
  })

/**
 * Changes deliveries that gave up, in the order in which everybody holds several.
 *
 * @param change - what becomes of the rows
 * @param isMeant - SQL condition on a delivery `i`
 * @param audit - statements beside it that see `changed`
 */
const changing = (change: string, isMeant: string, audit: string) => `
  WITH held AS MATERIALIZED (
    SELECT i.outbox_event_id, i.consumer_name
    FROM inbox_event AS i
    WHERE i.id = ANY ($1::uuid[]) AND ${gaveUp} AND ${isMeant}
    ORDER BY i.position, i.id
    FOR NO KEY UPDATE
  ), changed AS (
    UPDATE inbox_event AS i
    SET updated_at = clock_timestamp(), ${change}
    FROM held AS h
    WHERE i.outbox_event_id = h.outbox_event_id AND i.consumer_name = h.consumer_name
    RETURNING i.id, i.outbox_event_id, i.consumer_name, i.ordering_key
  )${audit}
  SELECT id::text AS "deliveryId", outbox_event_id::text AS "eventId", consumer_name::text AS "consumer",
    ordering_key::text AS "orderingKey"
  FROM changed`

type ChangedRow = Omit<Changed, "orderingKey"> & { readonly orderingKey: string | null }

const changedBy = <E, R>(statement: Effect.Effect<ReadonlyArray<ChangedRow>, E, R>) =>
  Effect.map(statement, (rows) => rows.map((row): Changed => ({ ...row, orderingKey: keyOf(row.orderingKey) })))

/** What its consumer keeps in order by now: its ordering may have changed since a delivery gave up. */
const keyOfNow = `(
      SELECT ${orderingKey("e")}
      FROM integration_consumer AS c, integration_event AS e
      WHERE c.consumer_name = i.consumer_name AND c.ordering = 'aggregate' AND e.id = i.outbox_event_id
    )`

/** Writes an audit entry about `changed`, if there is one. @param first - number of its first parameter */
const noting = (first: number) => `, noted AS (
    ${insertAudit(first, "n.count", "FROM (SELECT count(*) FROM changed) AS n WHERE n.count > 0")}
  )`

interface Changing {
  readonly seen?: Seen | undefined
  readonly audit?: NewAuditEntry | undefined
}

const requeue = (sql: SqlClient.SqlClient) => {
  const change = `status = 'received', attempt_count = 0, available_at = clock_timestamp(), processed_at = NULL,
      ordering_key = ${keyOfNow}, payload_override = coalesce($2::jsonb, i.payload_override)`
  // Milliseconds are what anybody can have seen.
  const isAsSeen = `($3::int IS NULL OR i.attempt_count = $3)
      AND ($4::timestamptz IS NULL OR date_trunc('milliseconds', ${gaveUpAt}) = $4)`
  const [silent, noted] = [changing(change, isAsSeen, ""), changing(change, isAsSeen, noting(5))]
  return (deliveryIds: ReadonlyArray<string>, payload: string | undefined, { audit, seen }: Changing = {}) => {
    const parameters = [deliveryIds, payload ?? null, seen?.attemptCount ?? null, seen?.gaveUpAt ?? null]
    return changedBy(
      audit === undefined
        ? sql.unsafe<ChangedRow>(silent, parameters)
        : sql.unsafe<ChangedRow>(noted, [...parameters, ...auditParameters(audit)])
    )
  }
}

const discard = (sql: SqlClient.SqlClient) => {
  const change = `status = 'skipped', available_at = coalesce(i.available_at, clock_timestamp()),
      processed_at = clock_timestamp(), error_tag = '${discardedTag}', error_fingerprint = NULL,
      last_error = coalesce($2::text, i.last_error)`
  const [silent, noted] = [changing(change, "true", ""), changing(change, "true", noting(3))]
  return (deliveryIds: ReadonlyArray<string>, reason: string | undefined, { audit }: Changing = {}) => {
    const parameters = [deliveryIds, reason === undefined ? null : cutTo(reason, 1023)]
    return changedBy(
      audit === undefined
        ? sql.unsafe<ChangedRow>(silent, parameters)
        : sql.unsafe<ChangedRow>(noted, [...parameters, ...auditParameters(audit)])
    )
  }
}

export const layer: Layer.Layer<DeadLetterStore, never, TableClient> = Layer.effect(
  DeadLetterStore,
  Effect.gen(function* () {
    const { sql } = yield* TableClient
    const storeErrors = storeErrorsOf(sql)
    const [requeueAll, discardAll] = [requeue(sql), discard(sql)]
    return DeadLetterStore.of({
      list: (filter, after, limit) =>
        storeErrors("deadLetters.list")(Effect.map(list(sql)(filter, after, limit), (rows) => rows.map(withAggregate))),
      count: (filter) => storeErrors("deadLetters.count")(Effect.map(count(sql)(filter), ([row]) => row?.count ?? 0)),
      find: (deliveryId) => storeErrors("deadLetters.find")(find(sql)(deliveryId)),
      requeue: (...given) => storeErrors("deadLetters.requeue")(requeueAll(...given)),
      discard: (...given) => storeErrors("deadLetters.discard")(discardAll(...given))
    })
  })
)

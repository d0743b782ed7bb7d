/**
 * What happened to aggregates: their events, and how their deliveries ended.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { type EventMoment, type MomentRequest, type Moments, mostEvents } from "../../stores/EventSearchStore.ts"
import { type RowOf, withAggregate } from "../aggregateColumns.ts"
import { isSettled } from "../deliveryStates.ts"

type Row = RowOf<Omit<EventMoment, "micros" | "settled">> & {
  readonly isCut: boolean
  readonly micros: string
  readonly consumer: string | null
} & NonNullable<EventMoment["settled"]>

const micros = (time: string) => `(extract(epoch FROM ${time}) * 1000000)::bigint`

/** Events of the aggregates, found by index, and their deliveries by primary key: however many the planner expects. */
const statement = `
  WITH own AS MATERIALIZED (
    SELECT e.*
    FROM (SELECT DISTINCT * FROM unnest($1::text[], $2::text[], $3::text[])) AS k (module, type, id)
    CROSS JOIN LATERAL (
      SELECT e.id, e.event_name, e.source_module, e.aggregate_type, e.aggregate_id, e.created_at
      FROM integration_event AS e
      WHERE e.aggregate_id = k.id AND e.aggregate_type = k.type AND e.source_module = k.module
      LIMIT ${mostEvents + 1}
    ) AS e
    LIMIT ${mostEvents + 1}
  ), looked AS MATERIALIZED (
    SELECT * FROM own LIMIT ${mostEvents}
  ), moment AS (
    SELECT e.created_at AS at, 0 AS rank, e.id AS id, e.id AS event_id, NULL::text AS consumer, NULL::text AS status,
      NULL::int AS attempt_count, NULL::text AS last_error
    FROM looked AS e
    UNION ALL
    SELECT i.at, 1, i.id, i.outbox_event_id, i.consumer_name, i.status, i.attempt_count, i.last_error
    FROM looked AS e
    CROSS JOIN LATERAL (
      SELECT i.*, coalesce(i.processed_at, i.updated_at) AS at
      FROM inbox_event AS i
      WHERE i.outbox_event_id = e.id AND ${isSettled("i")}
      OFFSET 0
    ) AS i
  )
  SELECT c.is_cut AS "isCut", m.at AS "at", ${micros("m.at")}::text AS "micros", m.rank AS "rank", m.id::text AS "id",
    m.event_id::text AS "eventId", e.event_name AS "eventName", e.source_module AS "sourceModule",
    e.aggregate_type AS "aggregateType", e.aggregate_id AS "aggregateId", m.consumer AS "consumer", m.status AS "status",
    m.attempt_count AS "attemptCount", m.last_error AS "lastError"
  FROM (SELECT count(*) > ${mostEvents} AS is_cut FROM own) AS c
  LEFT JOIN (
    SELECT * FROM moment AS m
    WHERE $4::bigint IS NULL OR (${micros("m.at")}, m.rank, m.id) > ($4::bigint, $5::int, $6::uuid)
    ORDER BY ${micros("m.at")}, m.rank, m.id
    LIMIT $7::int
  ) AS m ON true
  LEFT JOIN looked AS e ON e.id = m.event_id
  ORDER BY ${micros("m.at")}, m.rank, m.id`

const toMoment = ({ attemptCount, consumer, isCut: _, lastError, micros, status, ...row }: Row): EventMoment => ({
  ...withAggregate(row),
  micros: BigInt(micros),
  settled: consumer === null ? undefined : { consumer, status, attemptCount, lastError }
})

export const moments = (sql: SqlClient.SqlClient) => (request: MomentRequest) => {
  const { after, aggregates, limit } = request
  return Effect.map(
    sql.unsafe<Row>(statement, [
      aggregates.map(({ module }) => module),
      aggregates.map(({ entityType }) => entityType),
      aggregates.map(({ entityId }) => entityId),
      after === undefined ? null : String(after.micros),
      after?.rank ?? null,
      after?.id ?? null,
      limit
    ]),
    (rows): Moments => ({
      isCut: rows[0]?.isCut ?? false,
      moments: rows.filter(({ id }) => id !== null).map(toMoment)
    })
  )
}

/**
 * One slice of a search: a statement that stops at the last event that is wanted, or at the last row that may be looked at, and says
 * where that was.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { idAfter } from "../../model/eventIdOrder.ts"
import type { Slice, SliceRequest } from "../../stores/EventSearchStore.ts"
import type { EventDelivery, EventSummary } from "../../stores/EventSummary.ts"
import { eventStatusOf } from "../../stores/eventStatus.ts"
import { type RowOf, withAggregate } from "../aggregateColumns.ts"
import { isSettled } from "../deliveryStates.ts"
import { conditionsOf, type Parameters, parameters } from "./conditions.ts"
import { type Candidates, candidates, gaveUpInOrder, isOfGaveUp, orderOf, plain } from "./sources.ts"

/** Columns of an event `e` that every answer has. */
export const summaryColumns = `
  e.id::text AS "id", e.event_name AS "eventName", e.schema_version AS "schemaVersion", e.source_module AS "sourceModule",
  e.aggregate_type AS "aggregateType", e.aggregate_id AS "aggregateId", e.correlation_id AS "correlationId",
  e.causation_id AS "causationId", e.origin AS "origin", e.created_at AS "createdAt",
  e.routed_at IS NOT NULL AS "isRouted"`

/** SQL of whether a delivery `i` waits behind another one. */
export const isParked = "coalesce(i.status IN ('received', 'failed') AND i.available_at = 'infinity', false)"

const deliveries = `(
    SELECT coalesce(json_agg(json_build_object(
      'consumer', i.consumer_name, 'status', i.status, 'isOpen', NOT ${isSettled("i")}, 'isParked', ${isParked},
      'attemptCount', i.attempt_count
    ) ORDER BY i.consumer_name COLLATE "C"), '[]'::json)
    FROM inbox_event AS i
    WHERE i.outbox_event_id = e.id
  )`

type SummaryRow = RowOf<Omit<EventSummary, "status" | "deliveries">> & {
  /** Text where a client leaves JSON as it is. */
  readonly deliveries: ReadonlyArray<EventDelivery> | string
}

/** A row of a slice; all but the first two are null when nothing was looked at. */
interface SliceRow extends SummaryRow {
  readonly isTooMany: boolean
  /** The highest id that was not looked at, where that does not follow from the last row. */
  readonly edge: string | null
  /** How many rows were looked at up to this one. */
  readonly place: number | null
  readonly isMatch: boolean
  /** Nothing comes behind it. */
  readonly isLast: boolean
}

/** Rows of a slice that are told: those that are looked for, and the last. The window is that of one row, so what is behind is not read. */
const told = (request: SliceRequest, { add }: Parameters, rows: string) => `
  SELECT * FROM (
    SELECT r.id, r.is_match, row_number() OVER w AS place, lead(r.id) OVER w IS NULL AS is_last
    FROM (${rows}) AS r
    WINDOW w AS (ORDER BY r.id ${orderOf(request)})
  ) AS w
  WHERE w.is_match OR w.is_last
  LIMIT ${add(request.limit)}::int`

const statement = (request: SliceRequest, given: Parameters, { rows, tables }: Candidates) => `
  WITH ${tables}
  SELECT z.is_too_many AS "isTooMany", z.edge::text AS "edge", s.place::int AS "place", s.is_match AS "isMatch",
    s.is_last AS "isLast", ${summaryColumns}, CASE WHEN s.is_match THEN ${deliveries} END AS "deliveries"
  FROM size AS z
  LEFT JOIN (${told(request, given, rows)}) AS s ON true
  LEFT JOIN LATERAL (SELECT * FROM integration_event AS e WHERE e.id = s.id OFFSET 0) AS e ON true
  ORDER BY s.place`

const summaryOf = ({ deliveries: json, ...row }: SummaryRow): EventSummary => {
  const deliveries: ReadonlyArray<EventDelivery> = typeof json === "string" ? JSON.parse(json) : json
  return {
    ...withAggregate(row),
    sourceModule: row.sourceModule,
    status: eventStatusOf(deliveries, row.isRouted),
    deliveries
  }
}

const found = ({ edge: _, isLast: __, isMatch, isTooMany: ___, place, ...row }: SliceRow) =>
  isMatch && place !== null ? [summaryOf(row)] : []

/** What the rows of a statement say. @param counted - how many rows of an index were looked at, where that says more */
const sliceOf = (request: SliceRequest, all: ReadonlyArray<SliceRow>): Slice => {
  const rows = all.filter(({ place }) => place !== null)
  const last = rows.at(-1)
  const edge = all[0]?.edge ?? null
  const looked = last?.place ?? 0
  // What stopped it: enough was found, or as many rows were looked at as may be; else it came to the end.
  const isStopped = last !== undefined && (!last.isLast || looked >= request.rows)
  return {
    found: rows.flatMap(found),
    looked: edge === null || isStopped ? looked : request.rows,
    doneTo: isStopped ? last.id : edge === null ? undefined : idAfter(edge),
    lastAt: last?.createdAt
  }
}

const all = (request: SliceRequest, given: Parameters, conditions: ReadonlyArray<string>): Candidates => ({
  tables: "size AS MATERIALIZED (SELECT false AS is_too_many, NULL::uuid AS edge)",
  rows: plain(request, given, conditions)
})

type Source = (
  request: SliceRequest,
  given: Parameters,
  conditions: () => ReadonlyArray<string>
) => Candidates | undefined

/** Where the rows come from, the narrowest first; the last has never too many. */
const sources: ReadonlyArray<Source> = [
  // What gave up of all consumers is in order, so a slice of it is as good as all of it.
  (request, given, conditions) =>
    isOfGaveUp(request.query) && request.direction === "backward" && request.query.consumer === undefined
      ? undefined
      : candidates(request, given, conditions),
  (request, given, conditions) =>
    isOfGaveUp(request.query) && request.direction === "backward"
      ? gaveUpInOrder(request, given, conditions)
      : undefined,
  (request, given, conditions) => all(request, given, conditions())
]

/** Statements of a slice: of the narrowest source first; the next is run when a source has too many. */
export function* sliceStatements(request: SliceRequest): Generator<{ text: string; values: ReadonlyArray<unknown> }> {
  for (const source of sources) {
    const given = parameters()
    const from = source(request, given, () => conditionsOf(request.query, given))
    if (from !== undefined) yield { text: statement(request, given, from), values: given.values }
  }
}

export const slice = (sql: SqlClient.SqlClient) =>
  Effect.fnUntraced(function* (request: SliceRequest) {
    for (const { text, values } of sliceStatements(request)) {
      const rows = yield* sql.unsafe<SliceRow>(text, values)
      if (rows[0]?.isTooMany !== true) return sliceOf(request, rows)
    }
    return yield* Effect.die(new Error("there are never too many events to look at a slice of them"))
  })

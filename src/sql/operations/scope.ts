/**
 * Dead letters that an operation is about: counted, and found a few at a time, in the order in which they gave up.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import type { DeadLetterFilter } from "../../stores/DeadLetterStore.ts"
import type { OperationPage, OperationPreview, OperationScope, Taken } from "../../stores/OperationStore.ts"
import { covered, filteredBy, gaveUpAt } from "../deadLetters.ts"
import { gaveUp } from "../deliveryStates.ts"
import { fromCursor } from "./columns.ts"

/** Parameters of `covered`, and those behind them, with the number of the first of these. */
const parametersOf = (filter: DeadLetterFilter, ...more: ReadonlyArray<unknown>) => {
  const parameters = filteredBy(filter)
  return { first: parameters.length + 1, parameters: [...parameters, ...more] }
}

export const preview = (sql: SqlClient.SqlClient) => (scope: OperationScope, limit: number) => {
  const { first, parameters } = parametersOf(scope.filter, scope.cutOff ?? null, limit)
  return Effect.map(
    sql.unsafe<OperationPreview>(
      `WITH found AS MATERIALIZED (
        SELECT i.consumer_name ${covered(scope.filter)} AND ${gaveUpAt} <= coalesce($${first}::timestamptz, clock_timestamp())
        LIMIT $${first + 1}::int
      )
      SELECT (SELECT count(*) FROM found)::int AS "count", clock_timestamp() AS "at",
        ARRAY(
          SELECT c.consumer_name::text FROM integration_consumer AS c
          WHERE c.ordering = 'aggregate' AND c.consumer_name IN (SELECT consumer_name FROM found)
          ORDER BY c.consumer_name
        ) AS "ordered"`,
      parameters
    ),
    ([row]) => row ?? { count: 0, ordered: [], at: new Date() }
  )
}

/** What an operation covers by its filter, its cut-off, and from a cursor on: the next `limit`. */
const following = (filter: DeadLetterFilter, first: number) => `${covered(filter)}
    AND ${gaveUpAt} <= (SELECT cut_off FROM integration_operation WHERE id = $${first}::uuid)
    AND (${gaveUpAt}, i.id) > ($${first + 1}::timestamptz, $${first + 2}::uuid)
  ORDER BY ${gaveUpAt}, i.id
  LIMIT $${first + 3}::int`

/** The cut-off is asked of the row, which has all its digits. */
const followingOf = (operation: Taken, cursor: string | null, limit: number) =>
  parametersOf(operation.filter, operation.id, ...fromCursor(cursor), limit)

interface Found {
  readonly deliveryId: string
  readonly cursor: string
  readonly isAhead: boolean
  readonly isOrdered: boolean
  readonly position: string
}

/** What is covered of the same aggregates as a page, and comes before it though it gave up later. */
const ahead = (filter: DeadLetterFilter, first: number) => `
  SELECT a.id::text AS "deliveryId", '' AS "cursor", true AS "isAhead", true AS "isOrdered", a.position::text AS "position",
    a.position AS rank
  FROM (
    SELECT DISTINCT i.id, i.position
    FROM page AS p
    JOIN inbox_event AS b ON b.consumer_name = p.consumer_name AND b.ordering_key = p.ordering_key
      AND b.position < p.position AND ${gaveUp.replaceAll("i.", "b.")}
    CROSS JOIN LATERAL (SELECT i.id, i.position ${covered(filter)} AND i.outbox_event_id = b.outbox_event_id
      AND i.consumer_name = b.consumer_name
      AND ${gaveUpAt} <= (SELECT cut_off FROM integration_operation WHERE id = $${first}::uuid)) AS i
    WHERE p.ordering_key IS NOT NULL AND i.id NOT IN (SELECT id FROM page)
    ORDER BY i.position
    LIMIT $${first + 3}::int
  ) AS a`

const page = ({ filter, kind }: Taken, first: number) => `
  WITH page AS MATERIALIZED (
    SELECT i.id, i.consumer_name, i.ordering_key, i.position, ${gaveUpAt} AS at ${following(filter, first)}
  )
  SELECT "deliveryId", "cursor", "isAhead", "isOrdered", "position" FROM (
    SELECT p.id::text AS "deliveryId", p.at::text || '/' || p.id::text AS "cursor", false AS "isAhead",
      p.ordering_key IS NOT NULL AS "isOrdered", p.position::text AS "position",
      row_number() OVER (ORDER BY p.at, p.id) AS rank
    FROM page AS p
    ${kind === "requeue" ? `UNION ALL ${ahead(filter, first)}` : ""}
  ) AS f
  ORDER BY "isAhead", rank`

const byPosition = (a: Found, b: Found) => (BigInt(a.position) < BigInt(b.position) ? -1 : 1)

export const next = (sql: SqlClient.SqlClient) => (operation: Taken, limit: number) => {
  const { first, parameters } = followingOf(operation, operation.cursor, limit)
  return Effect.map(sql.unsafe<Found>(page(operation, first), parameters), (rows): OperationPage => {
    const idsOf = (some: ReadonlyArray<Found>) => some.map(({ deliveryId }) => deliveryId)
    if (rows.some(({ isAhead }) => isAhead)) {
      // Of what keeps order, the first of all: nothing is left out that comes before what is taken.
      const inOrder = rows.filter(({ isOrdered }) => isOrdered).toSorted(byPosition)
      return { deliveryIds: idsOf(inOrder.slice(0, limit)), cursor: operation.cursor, isLast: false }
    }
    return { deliveryIds: idsOf(rows), cursor: rows.at(-1)?.cursor ?? operation.cursor, isLast: rows.length < limit }
  })
}

export const count = (sql: SqlClient.SqlClient) => (operation: Taken, limit: number) => {
  const { first, parameters } = followingOf(operation, operation.countCursor, limit)
  return Effect.map(
    sql.unsafe<{ counted: number; cursor: string | null }>(
      `WITH slice AS MATERIALIZED (SELECT ${gaveUpAt} AS at, i.id ${following(operation.filter, first)})
      SELECT count(*)::int AS "counted", (
        SELECT s.at::text || '/' || s.id::text FROM slice AS s ORDER BY s.at DESC, s.id DESC LIMIT 1
      ) AS "cursor"
      FROM slice`,
      parameters
    ),
    ([row]) => ({ counted: row?.counted ?? 0, cursor: row?.cursor ?? operation.countCursor })
  )
}

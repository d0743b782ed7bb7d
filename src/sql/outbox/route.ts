/**
 * Deliveries for events that were inserted by other means than publishing.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { bisectRefused, onRefusal } from "../connection/bisect.ts"
import { deliveriesOf, deliveryColumns, interestedIn } from "../writeDeliveries.ts"

/** The rows are locked, so two processes that route at once share the work. */
const routeStatement = (isGiven: boolean) => `
    WITH unrouted AS (
      SELECT id, position, event_name, schema_version, source_module, aggregate_type, aggregate_id, available_at
      FROM integration_event
      WHERE routed_at IS NULL ${isGiven ? "AND id = ANY ($1::uuid[])" : ""}
      ORDER BY position
      ${isGiven ? "" : "LIMIT $1::int"}
      FOR UPDATE SKIP LOCKED
    ), interested AS MATERIALIZED (
      ${interestedIn("SELECT DISTINCT event_name FROM unrouted")}
    ), delivered AS (
      INSERT INTO inbox_event (${deliveryColumns})
      ${deliveriesOf("unrouted", "interested")}
      ON CONFLICT DO NOTHING
    ), routed AS (
      UPDATE integration_event AS o
      SET routed_at = clock_timestamp()
      FROM unrouted AS u
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

const unrouted = (sql: SqlClient.SqlClient) => (position: string, limit: number) =>
  sql<{ id: string; position: string }>`
    SELECT o.id::text AS "id", o.position::text AS "position"
    FROM integration_event AS o
    WHERE o.routed_at IS NULL AND o.position > ${position}::bigint
    ORDER BY o.position
    LIMIT ${limit}::int`

export const route = (sql: SqlClient.SqlClient) => {
  const [next, given] = [routeStatement(false), routeStatement(true)]
  const routeGiven = (ids: ReadonlyArray<string>) =>
    Effect.map(sql.unsafe<Routed>(given, [ids]), ([row]) => row ?? nothingRouted)
  /** Routes all events there are but those the database refuses. */
  const inPages = Effect.fnUntraced(function* (limit: number) {
    let routed = 0
    let position = "0"
    const consumers = new Set<string>()
    for (;;) {
      const page = yield* unrouted(sql)(position, limit)
      const { results } = yield* bisectRefused(
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

/**
 * What became of deliveries that operations requeued: looked at in slices by primary key, and forgotten when counted.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import type { Watched } from "../../stores/OperationStore.ts"
import { gaveUp } from "../deliveryStates.ts"

/** Before the first event and consumer. */
const start = '00000000-0000-0000-0000-000000000000/""'

/** Also one that was removed with its event: only what is settled, and not a dead letter, goes so soon. */
const outcome = `
  CASE
    WHEN i.outbox_event_id IS NULL OR i.status IN ('processed', 'skipped') THEN 'settled'
    WHEN ${gaveUp} OR ($5::boolean AND i.status = 'failed') THEN 'failed'
  END`

const statement = `
  WITH slice AS MATERIALIZED (
    SELECT d.outbox_event_id, d.consumer_name
    FROM integration_operation_delivery AS d
    WHERE d.operation_id = $1::uuid AND (d.outbox_event_id, d.consumer_name) > ($2::uuid, $3::text)
    ORDER BY d.outbox_event_id, d.consumer_name
    LIMIT $4::int
  ), judged AS MATERIALIZED (
    SELECT s.outbox_event_id, s.consumer_name, ${outcome} AS outcome
    FROM slice AS s
    LEFT JOIN inbox_event AS i ON i.outbox_event_id = s.outbox_event_id AND i.consumer_name = s.consumer_name
  ), forgotten AS (
    DELETE FROM integration_operation_delivery AS d
    USING judged AS j
    WHERE d.operation_id = $1::uuid AND d.outbox_event_id = j.outbox_event_id AND d.consumer_name = j.consumer_name
      AND j.outcome IS NOT NULL
  )
  SELECT count(*) FILTER (WHERE outcome = 'settled')::int AS "settled",
    count(*) FILTER (WHERE outcome = 'failed')::int AS "failedAgain", count(*)::int AS "looked",
    (
      SELECT l.outbox_event_id::text || '/' || to_json(l.consumer_name::text)::text
      FROM slice AS l ORDER BY l.outbox_event_id DESC, l.consumer_name DESC LIMIT 1
    ) AS "last"
  FROM judged`

export const watch =
  (sql: SqlClient.SqlClient) => (id: string, after: string | undefined, limit: number, retries: boolean) => {
    const cursor = after ?? start
    const [eventId, consumer] = [cursor.slice(0, 36), JSON.parse(cursor.slice(37))]
    return Effect.map(
      sql.unsafe<Omit<Watched, "next"> & { readonly last: string | null }>(statement, [
        id,
        eventId,
        consumer,
        limit,
        retries
      ]),
      ([row]): Watched => {
        const { failedAgain, last, looked, settled } = row ?? { failedAgain: 0, last: null, looked: 0, settled: 0 }
        return { failedAgain, looked, settled, next: looked < limit ? undefined : (last ?? undefined) }
      }
    )
  }

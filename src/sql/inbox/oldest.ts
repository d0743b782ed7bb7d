/**
 * What a consumer has had open for the longest time: of the first of each kind, from the indexes of what is open.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { type OldestOpen, type OpenDelivery, oldestAmong, oldestShown } from "../../stores/OldestOpen.ts"
import { type RowOf, withAggregate } from "../aggregateColumns.ts"
import { someOpenOf } from "../deliveryStates.ts"

const columns = "i.id, i.outbox_event_id, i.position, i.status, i.available_at, i.attempt_count"

/** The event of each that is told is looked up by its id, whatever planners think of how many there are. */
export const oldestStatement = `
  WITH found AS MATERIALIZED (
    SELECT o.*, CASE WHEN o.status = 'processing' THEN 'leased' WHEN o.available_at = 'infinity' THEN 'parked' END AS held
    FROM (${someOpenOf("$1", columns, "true", oldestAmong)}) AS o
  )
  SELECT f.id::text AS "deliveryId", f.outbox_event_id::text AS "eventId", e.event_name AS "eventName",
    e.source_module AS "sourceModule", e.aggregate_type AS "aggregateType", e.aggregate_id AS "aggregateId",
    coalesce(f.held, CASE
      WHEN f.status = 'failed' THEN 'retrying'
      WHEN f.available_at <= clock_timestamp() THEN 'ready'
      ELSE 'delayed'
    END) AS "state",
    f.attempt_count AS "attemptCount", e.created_at AS "createdAt",
    (SELECT max(k.size) >= ${oldestAmong} FROM (SELECT count(*) AS size FROM found GROUP BY held) AS k) AS "isCut"
  FROM (SELECT * FROM found ORDER BY position LIMIT ${oldestShown}) AS f
  CROSS JOIN LATERAL (
    SELECT e.event_name, e.source_module, e.aggregate_type, e.aggregate_id, e.created_at
    FROM integration_event AS e
    WHERE e.id = f.outbox_event_id
    OFFSET 0
  ) AS e
  ORDER BY f.position`

type Row = RowOf<OpenDelivery> & Pick<OldestOpen, "isCut">

export const oldest = (sql: SqlClient.SqlClient) => (consumer: string) =>
  Effect.map(
    sql.unsafe<Row>(oldestStatement, [consumer]),
    (rows): OldestOpen => ({
      deliveries: rows.map(({ isCut: _, ...row }) => withAggregate(row)),
      isCut: rows[0]?.isCut ?? false
    })
  )

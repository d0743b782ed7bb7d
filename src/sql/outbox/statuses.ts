/**
 * How many events have each status, as the view derives it.
 *
 * @internal
 */
import { gaveUp, openDeliveries } from "../deliveryStates.ts"

/** From the indexes of deliveries that are open, or gave up: all other events are processed. */
const marked = `
  WITH marked AS MATERIALIZED (
    SELECT id, max(rank) AS rank
    FROM (
      SELECT i.outbox_event_id AS id, CASE WHEN i.status = 'processing' THEN 4 ELSE 3 END AS rank
      FROM (${openDeliveries("i.outbox_event_id, i.status")}) AS i
      UNION ALL
      SELECT i.outbox_event_id, CASE WHEN i.status = 'dead_letter' THEN 2 ELSE 1 END
      FROM inbox_event AS i
      WHERE ${gaveUp}
      UNION ALL
      SELECT e.id, 3 FROM integration_event AS e WHERE e.routed_at IS NULL
    ) AS m
    GROUP BY id
  )`

const unprocessed = `
  count(*) FILTER (WHERE rank = 4)::int AS "processing", count(*) FILTER (WHERE rank = 3)::int AS "pending",
  count(*) FILTER (WHERE rank = 2)::int AS "dead_letter", count(*) FILTER (WHERE rank = 1)::int AS "failed"`

/** All events. */
export const allEvents = `${marked}
  SELECT ${unprocessed}, (SELECT count(*) FROM integration_event)::int - count(*)::int AS "processed"
  FROM marked`

/** Those that are not processed: its cost does not grow with what is. */
export const unfinishedEvents = `${marked} SELECT ${unprocessed} FROM marked`

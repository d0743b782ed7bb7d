/**
 * What parked deliveries of an event wait for: see `claimInOrder` for why they were parked.
 *
 * @internal
 */
import type { SqlClient } from "effect/sql"
import type { HoldingUp } from "../../stores/EventDetails.ts"
import { gaveUp, isSettled, open } from "../deliveryStates.ts"
import { isParked } from "./slice.ts"

/** Open deliveries of a key that are looked at, the first: what is in hand or to be retried is among them. */
const lineLimit = 10

const ofKey = "i.consumer_name = w.consumer_name AND i.ordering_key = w.ordering_key"

/** Each from the index of its kind: the first of the line, what is under a lease, and the last before it that gave up. */
const holding = `
  (SELECT i.* FROM inbox_event AS i WHERE ${ofKey} AND ${open} AND i.position < w.position ORDER BY i.position LIMIT ${lineLimit})
  UNION ALL
  (SELECT i.* FROM inbox_event AS i WHERE ${ofKey} AND i.status = 'processing' LIMIT 1)
  UNION ALL
  (SELECT i.* FROM inbox_event AS i WHERE ${ofKey} AND ${gaveUp} AND i.position < w.position ORDER BY i.position DESC LIMIT 1)`

/** Whether consumers go on after dead letters, and let pass what is delayed, the database does not know: what certainly holds up is first. */
const rank = `CASE WHEN i.status = 'processing' OR (i.status = 'failed' AND i.available_at < 'infinity') THEN 0
  WHEN ${gaveUp} THEN 1 WHEN i.available_at < 'infinity' THEN 2 ELSE 3 END`

/** Of an event `$1`. */
export const waitsForStatement = `
  SELECT w.consumer_name::text AS "consumer", h.*
  FROM inbox_event AS w
  CROSS JOIN LATERAL (
    SELECT i.id::text AS "deliveryId", i.outbox_event_id::text AS "eventId", i.event_name AS "eventName", i.status AS "status",
      NOT ${isSettled("i")} AS "isOpen", ${isParked} AS "isParked", i.attempt_count AS "attemptCount",
      CASE WHEN NOT ${isSettled("i")} AND i.status <> 'processing' AND i.available_at < 'infinity'
        THEN i.available_at END AS "availableAt"
    FROM (${holding}) AS i
    ORDER BY ${rank}, i.position
    LIMIT 1
  ) AS h
  WHERE w.outbox_event_id = $1::uuid AND w.status IN ('received', 'failed') AND w.available_at = 'infinity'
    AND w.ordering_key IS NOT NULL`

/** By consumer. */
export const waitsFor = (sql: SqlClient.SqlClient) => (eventId: string) =>
  sql.unsafe<HoldingUp & { readonly consumer: string }>(waitsForStatement, [eventId])

/**
 * Statements about how much there is to do, from indexes in which nothing else is.
 *
 * @internal
 */
import { largestGauge } from "../../stores/StatisticStore.ts"
import { claimable, deadOf, openDeliveries } from "../deliveryStates.ts"

const parked = "i.status IN ('received', 'failed') AND i.available_at = 'infinity'"

/** How many deliveries of the consumer `c` are of a kind, up to the limit. */
const counted = (kind: string) => `(
  SELECT count(*) FROM (
    SELECT 1 FROM inbox_event AS i WHERE i.consumer_name = c.name AND ${kind} LIMIT ${largestGauge}
  ) AS n
)`

const everybody = `
  SELECT consumer_name AS name FROM integration_consumer
  UNION
  SELECT consumer_name FROM (${openDeliveries("i.consumer_name")}) AS i`

const numbers = `
  SELECT c.name, w.waiting - w.retrying + ${counted("i.status = 'processing'")} AS open, w.retrying,
    ${counted(parked)} AS parked,
    ${counted(deadOf("c.name"))} + ${counted("i.status = 'failed' AND i.available_at IS NULL")} AS gave_up,
    (
      SELECT CASE WHEN f.available_at <= clock_timestamp() THEN f.available_at END
      FROM (
        SELECT i.available_at FROM inbox_event AS i WHERE i.consumer_name = c.name AND ${claimable}
        ORDER BY i.available_at, i.position
        LIMIT 1
      ) AS f
    ) AS oldest_at, w.waiting
  FROM (${everybody}) AS c
  CROSS JOIN LATERAL (
    SELECT count(*) AS waiting, count(*) FILTER (WHERE n.status = 'failed') AS retrying
    FROM (
      SELECT i.status FROM inbox_event AS i WHERE i.consumer_name = c.name AND ${claimable} LIMIT ${largestGauge}
    ) AS n
  ) AS w`

/** The last count: its minute, how long ago it was made, in milliseconds, and whether something was open. */
export const last = `
  SELECT (extract(epoch FROM clock_timestamp() - max(g.counted_at)) * 1000)::float8 AS "ageMillis",
    date_trunc('minute', clock_timestamp()) = max(g.at) AS "isThisMinute",
    bool_or(g.open + g.retrying + g.parked > 0) AS "isOpen"
  FROM integration_gauge AS g
  WHERE g.at = (SELECT max(at) FROM integration_gauge)`

/** Counts, for this minute. Nothing is written when nothing was open before ($1 is false) and nothing is now. */
export const count = `
  WITH numbers AS MATERIALIZED (${numbers}), written AS (
    INSERT INTO integration_gauge (at, consumer_name, open, retrying, parked, gave_up, oldest_at, is_exact)
    SELECT date_trunc('minute', clock_timestamp()), n.name, n.open, n.retrying, n.parked, n.gave_up, n.oldest_at,
      greatest(n.waiting, n.parked, n.gave_up) < ${largestGauge}
    FROM numbers AS n
    WHERE $1::boolean OR EXISTS (SELECT 1 FROM numbers AS o WHERE o.open + o.retrying + o.parked > 0)
    ORDER BY n.name COLLATE "C"
    ON CONFLICT (at, consumer_name) DO NOTHING
    RETURNING 1
  )
  SELECT coalesce(bool_or(n.open + n.retrying + n.parked > 0), false) AS "isOpen", (SELECT count(*)::int FROM written) AS "written"
  FROM numbers AS n`

const gaugeColumns = `
  g.consumer_name AS "consumer", g.counted_at AS "at", g.open::float8 AS "open", g.retrying::float8 AS "retrying",
  g.parked::float8 AS "parked", g.gave_up::float8 AS "gaveUp", g.oldest_at AS "oldestAt", g.is_exact AS "isExact"`

export const newest = `
  SELECT ${gaugeColumns}
  FROM integration_gauge AS g
  WHERE g.at = (SELECT max(at) FROM integration_gauge)
  ORDER BY g.consumer_name COLLATE "C"`

/** @param $3 - a consumer, or null: all of them */
export const series = `
  SELECT ${gaugeColumns}
  FROM integration_gauge AS g
  WHERE g.at >= $1::timestamptz AND g.at < $2::timestamptz AND ($3::text IS NULL OR g.consumer_name = $3::text)
  ORDER BY g.at, g.consumer_name COLLATE "C"`

/** How many of a kind each consumer has: where an index says all of it, the rows are not read. */
const byConsumer = (status: string, kind: string) =>
  `SELECT i.consumer_name, ${status} AS status, count(*) AS count FROM inbox_event AS i WHERE ${kind} GROUP BY 1, 2`

/** Deliveries that are open or gave up, by consumer and status. */
export const unfinished = `
  SELECT u.consumer_name AS "consumer", u.status AS "status", sum(u.count)::int AS "count", sum(u.open)::int AS "open",
    sum(u.parked)::int AS "parked"
  FROM (
    SELECT n.*, n.count AS open, 0 AS parked FROM (${byConsumer("i.status", claimable)}) AS n
    UNION ALL
    SELECT n.*, n.count, n.count FROM (${byConsumer("i.status", parked)}) AS n
    UNION ALL
    SELECT n.*, n.count, 0 FROM (${byConsumer("'processing'", "i.status = 'processing'")}) AS n
    UNION ALL
    SELECT n.*, 0, 0 FROM (${byConsumer("'dead_letter'", "i.status = 'dead_letter'")}) AS n
    UNION ALL
    SELECT n.*, 0, 0 FROM (${byConsumer("'failed'", "i.status = 'failed' AND i.available_at IS NULL")}) AS n
  ) AS u
  GROUP BY 1, 2
  ORDER BY 1, 2`

/**
 * Statements that write statistics.
 *
 * @internal
 */
import { hoursKeptDays, minutesKeptHours, type StatisticRow } from "../../stores/StatisticStore.ts"
import { addToExisting, columns, counters, folded } from "./sums.ts"

/** In the order of the key: two that add at once wait for each other at most. */
export const add = `
  INSERT INTO integration_statistic AS s (${columns})
  SELECT 'minute', x.at, x.consumer, x.event, x.version, ${counters.map((column) => `x.${column}`).join(", ")},
    x.duration_sum, x.duration_counts, x.lag_sum, x.lag_counts, x.last_at
  FROM jsonb_to_recordset($1::jsonb) AS x (
    at timestamptz, consumer text, event text, version int, ${counters.map((column) => `${column} bigint`).join(", ")},
    duration_sum float8, duration_counts bigint[], lag_sum float8, lag_counts bigint[], last_at timestamptz
  )
  ORDER BY x.at, x.consumer COLLATE "C", x.event COLLATE "C", x.version
  ${addToExisting}`

/** Rows as `add` takes them. */
export const rowsOf = (rows: ReadonlyArray<StatisticRow>): string =>
  JSON.stringify(
    rows.map(({ at, consumer, duration, eventName, gaveUp, lag, lastAt, schemaVersion, ...counts }) => ({
      at,
      consumer,
      event: eventName,
      version: schemaVersion,
      published: counts.published,
      processed: counts.processed,
      retried: counts.retried,
      skipped: counts.skipped,
      gave_up: gaveUp,
      duration_sum: duration.sum,
      duration_counts: duration.counts,
      lag_sum: lag.sum,
      lag_counts: lag.counts,
      last_at: lastAt
    }))
  )

const minutesEnd = `now() - interval '${minutesKeptHours} hours'`

const hoursEnd = `now() - interval '${hoursKeptDays} days'`

/**
 * Minutes of past days become hours, up to so many ($1) at once; those that somebody else is at are passed over. What is added to
 * such a minute just now comes again.
 */
export const foldMinutes = `
  WITH old AS MATERIALIZED (
    SELECT s.at, s.consumer_name, s.event_name, s.schema_version
    FROM integration_statistic AS s
    WHERE s.grain = 'minute' AND s.at < date_trunc('hour', ${minutesEnd}, 'UTC')
    ORDER BY s.at, s.consumer_name, s.event_name, s.schema_version
    LIMIT $1::int
    FOR UPDATE SKIP LOCKED
  ), gone AS (
    DELETE FROM integration_statistic AS s
    USING old AS o
    WHERE s.grain = 'minute' AND s.at = o.at AND s.consumer_name = o.consumer_name AND s.event_name = o.event_name
      AND s.schema_version = o.schema_version
    RETURNING s.*
  ), hours AS (
    INSERT INTO integration_statistic AS s (${columns})
    SELECT 'hour', date_trunc('hour', s.at, 'UTC'), s.consumer_name, s.event_name, s.schema_version,
      ${counters.map((column) => `sum(s.${column})`).join(", ")},
      sum(s.duration_sum), ${folded("duration_counts")}, sum(s.lag_sum), ${folded("lag_counts")}, max(s.last_at)
    FROM gone AS s
    GROUP BY 2, 3, 4, 5
    ORDER BY 2, s.consumer_name COLLATE "C", s.event_name COLLATE "C", 5
    ${addToExisting}
  )
  SELECT count(*)::int AS "done" FROM gone`

/** Hours of long ago go. */
export const removeHours = `
  WITH old AS MATERIALIZED (
    SELECT s.at, s.consumer_name, s.event_name, s.schema_version
    FROM integration_statistic AS s
    WHERE s.grain = 'hour' AND s.at < ${hoursEnd}
    ORDER BY s.at, s.consumer_name, s.event_name, s.schema_version
    LIMIT $1::int
    FOR UPDATE SKIP LOCKED
  ), gone AS (
    DELETE FROM integration_statistic AS s
    USING old AS o
    WHERE s.grain = 'hour' AND s.at = o.at AND s.consumer_name = o.consumer_name AND s.event_name = o.event_name
      AND s.schema_version = o.schema_version
    RETURNING 1
  )
  SELECT count(*)::int AS "done" FROM gone`

/**
 * Of the gauges of past days one in an hour stays: only what was not looked at before, two days of it. Those of long ago go.
 */
export const thinGauges = `
  WITH old AS MATERIALIZED (
    (
      SELECT g.at, g.consumer_name
      FROM integration_gauge AS g
      WHERE g.at < ${minutesEnd} AND g.at >= ${minutesEnd} - interval '2 days' AND EXISTS (
        SELECT 1
        FROM integration_gauge AS first
        WHERE first.at >= date_trunc('hour', g.at, 'UTC') AND first.at < g.at AND first.consumer_name = g.consumer_name
      )
      ORDER BY g.at DESC, g.consumer_name
      LIMIT $1::int
    )
    UNION ALL
    (
      SELECT g.at, g.consumer_name
      FROM integration_gauge AS g
      WHERE g.at < ${hoursEnd}
      ORDER BY g.at, g.consumer_name
      LIMIT $1::int
    )
  ), held AS MATERIALIZED (
    SELECT g.at, g.consumer_name
    FROM integration_gauge AS g
    JOIN old AS o ON o.at = g.at AND o.consumer_name = g.consumer_name
    FOR UPDATE OF g SKIP LOCKED
  ), gone AS (
    DELETE FROM integration_gauge AS g
    USING held AS h
    WHERE g.at = h.at AND g.consumer_name = h.consumer_name
    RETURNING 1
  )
  SELECT count(*)::int AS "done" FROM gone`

/**
 * Statements that read statistics.
 *
 * @internal
 */
import { counts, distributions } from "./sums.ts"

/** Rows of a span of time ($1 to $2), in the order of the primary key. */
const spanned = `
  FROM integration_statistic AS s
  WHERE s.grain IN ('minute', 'hour') AND s.at >= $1::timestamptz AND s.at < $2::timestamptz`

/** The step of so many seconds ($3) a row belongs to: nothing is reckoned with decimal digits, as each row pays for it. */
const step = "date_bin($3::float8 * interval '1 second', s.at, 'epoch'::timestamptz)"

/** When it begins, in seconds since 1970. */
const second = `extract(epoch FROM ${step})::float8 AS "second"`

/** @param isNarrowed - whether it is of one consumer ($4), of one event ($5) */
export const series = (isNarrowed: { readonly consumer: boolean; readonly event: boolean }) => `
  SELECT ${second}, ${counts}, ${distributions}
  ${spanned}
    AND ${isNarrowed.consumer ? "s.consumer_name = $4::text" : "$4::text IS NULL"}
    AND ${isNarrowed.event ? "s.event_name = $5::text" : "$5::text IS NULL"}
  GROUP BY ${step}
  ORDER BY ${step}`

export const points = `
  SELECT s.consumer_name AS "consumer", ${second}, ${counts}
  ${spanned} AND s.consumer_name <> ''
  GROUP BY s.consumer_name, ${step}
  ORDER BY s.consumer_name COLLATE "C", ${step}`

export const consumers = `
  SELECT s.consumer_name AS "consumer", ${distributions}
  ${spanned} AND s.consumer_name <> ''
  GROUP BY 1
  ORDER BY s.consumer_name COLLATE "C"`

export const flows = `
  SELECT s.event_name AS "eventName", s.schema_version AS "schemaVersion", nullif(s.consumer_name, '') AS "consumer",
    ${counts}, max(s.last_at) AS "lastAt"
  ${spanned}
  GROUP BY s.event_name, s.schema_version, s.consumer_name
  ORDER BY s.event_name COLLATE "C", s.schema_version, s.consumer_name COLLATE "C"`

/** All there is, by consumer; what was published under "". */
export const finished = `
  SELECT s.consumer_name AS "consumer", min(s.at) AS "since", sum(s.published)::float8 AS "published",
    sum(s.processed)::float8 AS "processed", sum(s.skipped)::float8 AS "skipped"
  FROM integration_statistic AS s
  GROUP BY s.consumer_name
  ORDER BY s.consumer_name COLLATE "C"`

/** Whether there are more than so many ($1) of either. */
export const isLarge = `
  SELECT EXISTS (SELECT 1 FROM inbox_event OFFSET $1::int LIMIT 1)
    OR EXISTS (SELECT 1 FROM integration_event OFFSET $1::int LIMIT 1) AS "isLarge"`

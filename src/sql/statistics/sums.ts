/**
 * SQL that adds up statistics: counts, and histograms element by element.
 *
 * @internal
 */
import { distributionBounds } from "../../stores/StatisticStore.ts"

export const counters = ["published", "processed", "retried", "skipped", "gave_up"] as const

const places = Array.from({ length: distributionBounds.length + 1 }, (_, index) => index + 1)

/** The histograms of a group as one; empty when all of them are. */
const histogram = (column: string) => `ARRAY[${places.map((place) => `sum(s.${column}[${place}])`).join(", ")}]`

/** The counters of a group. */
export const counts = `
  sum(s.published)::float8 AS "published", sum(s.processed)::float8 AS "processed", sum(s.retried)::float8 AS "retried",
  sum(s.skipped)::float8 AS "skipped", sum(s.gave_up)::float8 AS "gaveUp"`

/** The distributions of a group. */
export const distributions = `
  ${histogram("duration_counts")}::float8[] AS "durationCounts", sum(s.duration_sum)::float8 AS "durationSum",
  ${histogram("lag_counts")}::float8[] AS "lagCounts", sum(s.lag_sum)::float8 AS "lagSum"`

/** The histograms of a group as a column: nothing where nothing was. */
export const folded = (column: string) =>
  `CASE WHEN bool_and(s.${column} = '{}') THEN '{}' ELSE ${histogram(column)}::bigint[] END`

/** Two histograms as one. */
const added = (column: string) => `
  CASE
    WHEN s.${column} = '{}' THEN excluded.${column}
    WHEN excluded.${column} = '{}' THEN s.${column}
    ELSE ARRAY(
      SELECT u.a + u.b FROM unnest(s.${column}, excluded.${column}) WITH ORDINALITY AS u (a, b, n) ORDER BY u.n
    )
  END`

/** What is inserted is added to the row `s` that is there. */
export const addToExisting = `
  ON CONFLICT (grain, at, consumer_name, event_name, schema_version) DO UPDATE SET
    ${counters.map((column) => `${column} = s.${column} + excluded.${column}`).join(", ")},
    duration_sum = s.duration_sum + excluded.duration_sum, duration_counts = ${added("duration_counts")},
    lag_sum = s.lag_sum + excluded.lag_sum, lag_counts = ${added("lag_counts")},
    last_at = greatest(s.last_at, excluded.last_at)`

/** The columns of a row, in the order of inserts. */
export const columns = `
  grain, at, consumer_name, event_name, schema_version, ${counters.join(", ")},
  duration_sum, duration_counts, lag_sum, lag_counts, last_at`

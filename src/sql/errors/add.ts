/**
 * Adding what was seen of groups of errors, and forgetting what was not seen for long.
 *
 * @internal
 */
import type { SqlClient } from "effect/sql"
import { cutTo } from "../../model/storable.ts"
import { largestSeen, type SeenFailures } from "../../stores/ErrorGroupStore.ts"
import { gaveUpOf, retryingOf } from "./counts.ts"

/** What was seen last of a list and another that is newer, each once. It is written anew only if something is new. */
const merged = (column: string) => `CASE WHEN g.${column} @> excluded.${column} THEN g.${column} ELSE (
      SELECT jsonb_agg(kept.value ORDER BY kept.place)
      FROM (
        SELECT s.value, max(s.place) AS place
        FROM jsonb_array_elements(g.${column} || excluded.${column}) WITH ORDINALITY AS s (value, place)
        GROUP BY s.value
        ORDER BY 2 DESC
        LIMIT ${largestSeen}
      ) AS kept
    ) END`

/**
 * Groups first, in the order of their fingerprints, then their hours: so does everybody who holds several, and who holds an hour holds
 * its group.
 */
export const addition = `
  WITH given AS MATERIALIZED (
    SELECT s.*, clock_timestamp() - s."firstAgoMillis" * interval '1 millisecond' AS first_at,
      clock_timestamp() - s."lastAgoMillis" * interval '1 millisecond' AS last_at
    FROM jsonb_to_recordset($1::jsonb) AS s (
      fingerprint bigint, rule int, title text, consumer text, "errorTag" text, sample text, "sampleDetail" text, attempts bigint,
      "firstAgoMillis" float8, "lastAgoMillis" float8, events jsonb, "schemaVersions" jsonb, versions jsonb
    )
  ), written AS (
    INSERT INTO integration_error_group AS g (
      fingerprint, rule, consumer_name, error_tag, title, sample, sample_detail, first_seen_at, last_seen_at, attempts,
      event_names, schema_versions, application_versions
    )
    SELECT fingerprint, rule, consumer, "errorTag", title, sample, "sampleDetail", first_at, last_at, attempts,
      events, "schemaVersions", versions
    FROM given
    ORDER BY fingerprint
    ON CONFLICT (fingerprint) DO UPDATE SET
      sample = excluded.sample, sample_detail = coalesce(excluded.sample_detail, g.sample_detail),
      first_seen_at = least(g.first_seen_at, excluded.first_seen_at),
      last_seen_at = greatest(g.last_seen_at, excluded.last_seen_at),
      attempts = g.attempts + excluded.attempts,
      event_names = ${merged("event_names")},
      schema_versions = ${merged("schema_versions")},
      application_versions = ${merged("application_versions")},
      state = CASE WHEN g.state = 'resolved' AND excluded.last_seen_at > g.resolved_at THEN 'new' ELSE g.state END
    RETURNING g.fingerprint
  )
  INSERT INTO integration_error_count AS c (fingerprint, at, attempts)
  SELECT s.fingerprint, date_bin('1 hour', s.last_at, 'epoch'), s.attempts
  FROM given AS s
  JOIN written AS w ON w.fingerprint = s.fingerprint
  WHERE s.attempts > 0
  ORDER BY s.fingerprint
  ON CONFLICT (fingerprint, at) DO UPDATE SET attempts = c.attempts + excluded.attempts`

/** The parameter of `addition`: nothing in it that PostgreSQL refuses. */
export const additionOf = (seen: ReadonlyArray<SeenFailures>): string =>
  JSON.stringify(
    seen.map(({ errorTag, sample, sampleDetail, title, versions, ...rest }) => ({
      ...rest,
      errorTag: cutTo(errorTag, 255),
      title: cutTo(title, 1023),
      sample: cutTo(sample, 1023),
      sampleDetail: sampleDetail === null ? null : cutTo(sampleDetail, 4000),
      versions: versions.map((version) => cutTo(version, 255))
    }))
  )

/** Until a time that has not come, or for good. */
const isIgnored = "(g.state = 'ignored' AND (g.ignored_until IS NULL OR g.ignored_until > clock_timestamp()))"

/** Hours that one statement forgets. */
const mostHours = 10_000

/** Groups are held in order, passing over those that somebody else holds: they are seen just now. */
export const forget = (sql: SqlClient.SqlClient) => (after: string | undefined, limit: number) =>
  sql.unsafe<{ readonly next: string | null; readonly looked: number; readonly groups: number }>(
    `WITH looked AS MATERIALIZED (
      SELECT g.fingerprint,
        g.last_seen_at < clock_timestamp() - interval '90 days' AND NOT ${isIgnored}
          OR g.state = 'resolved' AND g.resolved_at < clock_timestamp() - interval '30 days' AS is_old
      FROM integration_error_group AS g
      WHERE $1::bigint IS NULL OR g.fingerprint > $1::bigint
      ORDER BY g.fingerprint
      LIMIT $2::int
    ), old AS MATERIALIZED (
      SELECT g.fingerprint
      FROM integration_error_group AS g
      WHERE g.fingerprint = ANY (ARRAY(
          SELECT l.fingerprint
          FROM looked AS l
          WHERE l.is_old AND NOT EXISTS (${gaveUpOf("l.fingerprint")}) AND NOT EXISTS (${retryingOf("l.fingerprint")})
        ))
        AND (g.last_seen_at < clock_timestamp() - interval '90 days' OR g.state = 'resolved')
      ORDER BY g.fingerprint
      FOR UPDATE SKIP LOCKED
    ), forgotten AS (
      DELETE FROM integration_error_group AS g USING old AS o WHERE g.fingerprint = o.fingerprint RETURNING 1
    )
    SELECT (SELECT max(fingerprint) FROM looked)::text AS "next", (SELECT count(*) FROM looked)::int AS "looked",
      (SELECT count(*) FROM forgotten)::int AS "groups"`,
    [after ?? null, limit]
  )

/** Hours of so many groups after one that are no longer kept, passing over those that somebody else forgets. */
export const forgetHours = (sql: SqlClient.SqlClient) => (after: string | undefined, limit: number) =>
  sql.unsafe(
    `WITH old AS MATERIALIZED (
      SELECT c.fingerprint, c.at
      FROM integration_error_count AS c
      WHERE c.at < clock_timestamp() - interval '30 days' AND c.fingerprint = ANY (ARRAY(
          SELECT g.fingerprint
          FROM integration_error_group AS g
          WHERE $1::bigint IS NULL OR g.fingerprint > $1::bigint
          ORDER BY g.fingerprint
          LIMIT $2::int
        ))
      ORDER BY c.fingerprint, c.at
      LIMIT ${mostHours}
      FOR UPDATE SKIP LOCKED
    )
    DELETE FROM integration_error_count AS c USING old AS o WHERE c.fingerprint = o.fingerprint AND c.at = o.at`,
    [after ?? null, limit]
  )

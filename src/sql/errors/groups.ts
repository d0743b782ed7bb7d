/**
 * Statements over groups of errors, and the deliveries that are of them.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import type { SqlClient } from "effect/sql"
import { cutTo } from "../../model/storable.ts"
import {
  type ErrorGroup,
  type ErrorGroupChange,
  type ErrorGroupFilter,
  ErrorGroupStore,
  type GroupAttempts,
  type ListedErrorGroup,
  largestGroupCount,
  type UnknownGroup
} from "../../stores/ErrorGroupStore.ts"
import { ControlConnection } from "../connection/controlConnection.ts"
import { storeErrorsOf } from "../connection/errors.ts"
import { TableClient } from "../connection/tableClient.ts"
import { gaveUp } from "../deliveryStates.ts"
import { addition, additionOf, forget, forgetHours } from "./add.ts"
import { counted, gaveUpOf, retrying, retryingOf } from "./counts.ts"

/** The state by now: to be ignored ends by itself. */
const stateOfNow = `CASE WHEN g.state = 'ignored' AND g.ignored_until <= clock_timestamp() THEN 'known' ELSE g.state END`

const columns = `
  g.fingerprint::text AS "fingerprint", g.rule AS "rule", g.consumer_name AS "consumer", g.error_tag AS "errorTag",
  g.title AS "title", g.sample AS "sample", g.sample_detail AS "sampleDetail", g.first_seen_at AS "firstSeenAt",
  g.last_seen_at AS "lastSeenAt", g.attempts::float8 AS "attempts", g.event_names AS "events",
  g.schema_versions AS "schemaVersions", g.application_versions AS "versions", ${stateOfNow} AS "state",
  CASE WHEN g.ignored_until > clock_timestamp() THEN g.ignored_until END AS "ignoredUntil", g.resolved_at AS "resolvedAt",
  g.note AS "note", g.changed_by AS "changedBy", g.changed_at AS "changedAt",
  ${counted(gaveUpOf("g.fingerprint"))} AS "gaveUp", ${counted(retryingOf("g.fingerprint"))} AS "retrying"`

const list =
  (sql: SqlClient.SqlClient) =>
  ({ consumer, errorTag, onlyOpen, since, states }: ErrorGroupFilter, after: string | undefined, limit: number) => {
    const [afterTime, afterId] = after === undefined ? [null, null] : after.split("/")
    // What is counted is counted of those that are listed only.
    return sql.unsafe<ListedErrorGroup>(
      `SELECT ${columns}, g.last_seen_at::text || '/' || g.fingerprint AS "cursor"
      FROM (
        SELECT *
        FROM integration_error_group AS g
        WHERE ($1::text[] IS NULL OR ${stateOfNow} = ANY ($1::text[]))
          AND ($2::text IS NULL OR g.consumer_name = $2)
          AND ($3::text IS NULL OR g.error_tag = $3)
          AND ($7::timestamptz IS NULL OR g.last_seen_at >= $7::timestamptz)
          AND ($4::timestamptz IS NULL OR (g.last_seen_at, g.fingerprint) < ($4::timestamptz, $5::bigint))
          ${onlyOpen === true ? `AND (EXISTS (${gaveUpOf("g.fingerprint")}) OR EXISTS (${retryingOf("g.fingerprint")}))` : ""}
        ORDER BY g.last_seen_at DESC, g.fingerprint DESC
        LIMIT $6::int
      ) AS g
      ORDER BY g.last_seen_at DESC, g.fingerprint DESC`,
      [states ?? null, consumer ?? null, errorTag ?? null, afterTime ?? null, afterId ?? null, limit, since ?? null]
    )
  }

const find = (sql: SqlClient.SqlClient) => (fingerprint: string) =>
  sql.unsafe<ErrorGroup>(`SELECT ${columns} FROM integration_error_group AS g WHERE g.fingerprint = $1::bigint`, [
    fingerprint
  ])

const change =
  (sql: SqlClient.SqlClient) =>
  (fingerprint: string, { ignoredUntil, note, state }: ErrorGroupChange, by: string) =>
    sql.unsafe(
      `UPDATE integration_error_group AS g
      SET state = coalesce($2::text, g.state),
        ignored_until = CASE WHEN $2::text IS NULL THEN g.ignored_until ELSE $3::timestamptz END,
        resolved_at = CASE WHEN $2::text = 'resolved' THEN clock_timestamp() ELSE g.resolved_at END,
        note = CASE WHEN $4::boolean THEN $5::text ELSE g.note END,
        changed_by = $6::text, changed_at = clock_timestamp()
      WHERE g.fingerprint = $1::bigint`,
      [
        fingerprint,
        state ?? null,
        ignoredUntil ?? null,
        note !== undefined,
        note === undefined || note === null ? null : cutTo(note, 1023),
        cutTo(by, 255)
      ]
    )

const messages = (sql: SqlClient.SqlClient) => (fingerprint: string, limit: number) =>
  sql.unsafe<{ readonly message: string }>(
    `SELECT coalesce(m.last_error, '') AS "message"
    FROM (
      (${gaveUpOf("$1::bigint", "i.last_error, coalesce(i.processed_at, i.updated_at) AS at")}
        ORDER BY coalesce(i.processed_at, i.updated_at) DESC, i.id DESC LIMIT $2::int)
      UNION ALL
      (${retryingOf("$1::bigint", "i.last_error, i.updated_at AS at")} LIMIT $2::int)
    ) AS m
    ORDER BY m.at DESC
    LIMIT $2::int`,
    [fingerprint, limit]
  )

/** Parked deliveries of the same keys, each key once. */
const countBehind = (sql: SqlClient.SqlClient) => (fingerprint: string) => {
  const keys = (of: typeof gaveUpOf) =>
    `(${of("$1::bigint", "i.consumer_name, i.ordering_key")} AND i.ordering_key IS NOT NULL LIMIT ${largestGroupCount})`
  return sql.unsafe<{ readonly behind: number }>(
    `SELECT ${counted(`
      SELECT 1
      FROM (SELECT DISTINCT k.consumer_name, k.ordering_key FROM (${keys(gaveUpOf)} UNION ALL ${keys(retryingOf)}) AS k) AS k
      CROSS JOIN LATERAL (
        SELECT 1
        FROM inbox_event AS p
        WHERE p.consumer_name = k.consumer_name AND p.ordering_key = k.ordering_key
          AND p.status IN ('received', 'failed') AND p.available_at = 'infinity'
        LIMIT ${largestGroupCount}
      ) AS p`)} AS "behind"`,
    [fingerprint]
  )
}

/** Hours of groups, each group by itself: so each is looked up by the primary key, and what is older is not read. */
export const hourlyStatement = `
  SELECT g.fingerprint::text AS "fingerprint", c.at AS "at", c.attempts::float8 AS "attempts"
  FROM unnest($1::bigint[]) AS g (fingerprint)
  CROSS JOIN LATERAL (
    SELECT c.at, c.attempts
    FROM integration_error_count AS c
    WHERE c.fingerprint = g.fingerprint AND c.at > now() - $2::int * interval '1 hour'
    ORDER BY c.at
    LIMIT $2::int
  ) AS c`

const hourly = (sql: SqlClient.SqlClient) => (fingerprints: ReadonlyArray<string>, hours: number) =>
  fingerprints.length === 0 ? Effect.succeed([]) : sql.unsafe<GroupAttempts>(hourlyStatement, [fingerprints, hours])

/** Each fingerprint of deliveries once, the next by the index: what it costs are the groups, not their deliveries. */
const fingerprintsOf = (condition: string) => `(
  WITH RECURSIVE each AS (
    (SELECT i.error_fingerprint FROM inbox_event AS i WHERE i.error_fingerprint IS NOT NULL AND ${condition} ORDER BY 1 LIMIT 1)
    UNION ALL
    SELECT (
      SELECT i.error_fingerprint FROM inbox_event AS i
      WHERE i.error_fingerprint > e.error_fingerprint AND ${condition}
      ORDER BY 1 LIMIT 1
    )
    FROM each AS e
    WHERE e.error_fingerprint IS NOT NULL
  )
  SELECT e.error_fingerprint FROM each AS e WHERE e.error_fingerprint IS NOT NULL LIMIT 10000
)`

const unknown = (sql: SqlClient.SqlClient) => (limit: number) =>
  sql.unsafe<UnknownGroup>(
    `SELECT f.error_fingerprint::text AS "fingerprint", s.consumer_name AS "consumer", coalesce(s.error_tag, '') AS "errorTag",
      coalesce(s.last_error, '') AS "sample", (extract(epoch FROM clock_timestamp() - s.updated_at) * 1000)::float8 AS "agoMillis",
      s.event_name AS "eventName", s.schema_version AS "schemaVersion"
    FROM (${fingerprintsOf(gaveUp)} UNION ${fingerprintsOf(retrying)}) AS f
    CROSS JOIN LATERAL (
      (${gaveUpOf("f.error_fingerprint", "i.*")} LIMIT 1) UNION ALL (${retryingOf("f.error_fingerprint", "i.*")} LIMIT 1)
      LIMIT 1
    ) AS s
    WHERE NOT EXISTS (SELECT 1 FROM integration_error_group AS g WHERE g.fingerprint = f.error_fingerprint)
    LIMIT $1::int`,
    [limit]
  )

export const layer: Layer.Layer<ErrorGroupStore, never, TableClient | ControlConnection> = Layer.effect(
  ErrorGroupStore,
  Effect.gen(function* () {
    const { on, sql } = yield* TableClient
    const storeErrors = storeErrorsOf(sql)
    const control = on((yield* ControlConnection).query)
    const findOne = (fingerprint: string) => Effect.map(find(sql)(fingerprint), ([group]) => group)
    return ErrorGroupStore.of({
      gatherMillis: 10_000,
      add: (seen) =>
        seen.length === 0
          ? Effect.void
          : storeErrors("errorGroups.add")(Effect.asVoid(control(addition, [additionOf(seen)]))),
      list: (filter, after, limit) => storeErrors("errorGroups.list")(list(sql)(filter, after, limit)),
      find: (fingerprint) => storeErrors("errorGroups.find")(findOne(fingerprint)),
      change: (fingerprint, changes, by) =>
        storeErrors("errorGroups.change")(Effect.andThen(change(sql)(fingerprint, changes, by), findOne(fingerprint))),
      messages: (fingerprint, limit) =>
        storeErrors("errorGroups.messages")(
          Effect.map(messages(sql)(fingerprint, limit), (rows) => rows.map(({ message }) => message))
        ),
      countBehind: (fingerprint) =>
        storeErrors("errorGroups.countBehind")(Effect.map(countBehind(sql)(fingerprint), ([row]) => row?.behind ?? 0)),
      hourly: (fingerprints, hours) => storeErrors("errorGroups.hourly")(hourly(sql)(fingerprints, hours)),
      forget: (after, limit) =>
        storeErrors("errorGroups.forget")(
          Effect.gen(function* () {
            yield* forgetHours(sql)(after, limit)
            const [row] = yield* forget(sql)(after, limit)
            const isLast = row === undefined || row.looked < limit
            return { groups: row?.groups ?? 0, next: isLast ? undefined : (row.next ?? undefined) }
          })
        ),
      unknown: (limit) => storeErrors("errorGroups.unknown")(unknown(sql)(limit))
    })
  })
)

/**
 * What claims know of recovery after a crash, and when it begins and ends: SQL that statements share.
 *
 * @internal
 */
import type { SqlClient } from "effect/sql"
import { toLike } from "../model/eventPattern.ts"
import type { Served } from "../stores/ReplicaStore.ts"
import { claimable } from "./deliveryStates.ts"

/**
 * While a consumer recovers from the end of a process, a claim takes one delivery: see `ReplicaStore`. Evaluated once per
 * statement.
 *
 * @param limit - SQL of the limit otherwise
 */
export const recoveringLimit = (limit: string) =>
  `(SELECT CASE WHEN EXISTS (${recoversAlone}) THEN 1 ELSE ${limit} END)`

export const recoversAlone = `
  SELECT 1
  FROM integration_consumer AS r
  WHERE r.consumer_name = $1 AND r.recovers_alone_until IS NOT NULL AND EXISTS (
    SELECT 1 FROM inbox_event AS i
    WHERE i.consumer_name = $1 AND ${claimable} AND i.available_at <= r.recovers_alone_until
  )`

/** Up to what is due when consumer `$1` recovers; evaluated once per statement. */
const recoveringUntil = "(SELECT recovering_until FROM integration_consumer WHERE consumer_name = $1)"

/**
 * What is to be known of a claimed row `c` of consumer `$1` that recovers: nothing, nearly always, which costs least.
 * A parked row may have been in any batch.
 */
export const recoveryColumn = `
  CASE WHEN ${recoveringUntil} IS NOT NULL OR c.error_tag = 'HandlerCrashed' THEN jsonb_build_object(
    'isRecovering', ${recoveringUntil} IS NOT NULL,
    'isSuspect', coalesce(
      c.available_at <= ${recoveringUntil} OR (c.available_at = 'infinity' AND ${recoveringUntil} IS NOT NULL), false
    ),
    'hasCrashed', coalesce(c.error_tag = 'HandlerCrashed', false)
  ) END AS "recovery"`

/**
 * Begins the recovery of a consumer, up to the last due delivery that a batch of any process may have held: claims go by due time,
 * so it is among the first. Of an ordered consumer, all that is due.
 *
 * @param hasProcessEnded - else a connection has
 */
export const startRecovery =
  (sql: SqlClient.SqlClient) =>
  (consumer: string, all: ReadonlyArray<Omit<Served, "consumer">>, hasProcessEnded: boolean) =>
    sql.unsafe(
      `UPDATE integration_consumer AS c
    SET recovering_until = greatest(c.recovering_until, b.until),
      recovers_alone_until = CASE WHEN $5::boolean THEN greatest(c.recovers_alone_until, b.until) ELSE c.recovers_alone_until END
    FROM (
      SELECT CASE WHEN k.ordering = 'aggregate' THEN clock_timestamp() ELSE coalesce((
        SELECT i.available_at
        FROM inbox_event AS i
        WHERE i.consumer_name = $1 AND ${claimable} AND i.available_at <= clock_timestamp()
          AND (i.event_name = ANY ($2::text[]) OR i.event_name LIKE ANY ($3::text[]))
        ORDER BY i.available_at, i.position
        OFFSET $4::int
        LIMIT 1
      ), clock_timestamp()) END AS until
      FROM integration_consumer AS k
      WHERE k.consumer_name = $1
    ) AS b
    WHERE c.consumer_name = $1`,
      [
        consumer,
        [...new Set(all.flatMap(({ names }) => names))],
        [...new Set(all.flatMap(({ patterns }) => patterns))].map(toLike),
        all.reduce((sum, { batch, workers }) => sum + batch * workers, 0),
        hasProcessEnded
      ]
    )

/** Holds consumers, in the order in which everybody does: see the order of locks in docs/architecture.md. */
export const lockConsumers = (sql: SqlClient.SqlClient) => (consumers: ReadonlyArray<string>) =>
  sql`
    SELECT 1
    FROM integration_consumer
    WHERE consumer_name = ANY (${consumers}::text[])
    ORDER BY consumer_name
    FOR NO KEY UPDATE`

/**
 * Consumers that somebody else holds are left to the next poll. Notes of attempts that began together go: of what is parked, say,
 * for which nobody would look any more.
 */
export const endRecovery = (sql: SqlClient.SqlClient) => (consumers: ReadonlyArray<string>) =>
  sql.unsafe(
    `WITH ended AS (
      UPDATE integration_consumer
      SET recovering_until = NULL, recovers_alone_until = NULL
      WHERE consumer_name = ANY (ARRAY(
        SELECT c.consumer_name
        FROM integration_consumer AS c
        WHERE c.consumer_name = ANY ($1::text[]) AND ${hasRecovered("c")}
        FOR NO KEY UPDATE SKIP LOCKED
      ))
      RETURNING consumer_name
    )
    DELETE FROM integration_attempt AS a
    USING ended AS e
    WHERE a.consumer_name = e.consumer_name AND a.outcome = 'started' AND a.together > 1`,
    [consumers]
  )

/** Whether what a process served counts for a recovery: it runs, or ended within the last hour. */
export const isRecorded = (r: string) =>
  `(${r}.status = 'running' OR ${r}.stopped_at > clock_timestamp() - interval '1 hour')`

/** Whether a process `r` serves a subscription `s`. */
export const serves = (r: string, s: string) =>
  `(${r}.consumers->${s}.consumer_name->'names' ? ${s}.event_pattern OR ${r}.consumers->${s}.consumer_name->'patterns' ? ${s}.event_pattern)`

/**
 * Whether one of the processes that serve what covers a delivery reads its version.
 *
 * @param isMeant - SQL condition on a process: whether it counts
 */
export const isKnown = (delivery: string, isMeant: (r: string) => string) => `EXISTS (
  SELECT 1
  FROM integration_subscription AS s
  JOIN integration_replica AS r ON ${isMeant("r")} AND ${serves("r", "s")}
  WHERE s.consumer_name = ${delivery}.consumer_name AND ${delivery}.event_name LIKE s.event_like
    AND NOT coalesce(
      ${delivery}.schema_version > (r.consumers->s.consumer_name->'versions'->>${delivery}.event_name)::int, false
    )
)`

/**
 * Whether nothing suspect is due of a consumer `c` that recovers. What none of the recorded processes served was in nobody's
 * hands, and nobody may ever take it.
 */
export const hasRecovered = (c: string) => `(${c}.recovering_until IS NOT NULL AND NOT EXISTS (
  SELECT 1 FROM inbox_event AS i
  WHERE i.consumer_name = ${c}.consumer_name AND ${claimable} AND i.available_at <= ${c}.recovering_until
    AND i.event_name LIKE ANY (ARRAY(
      SELECT s.event_like
      FROM integration_subscription AS s
      WHERE s.consumer_name = ${c}.consumer_name AND EXISTS (
        SELECT 1 FROM integration_replica AS r
        WHERE ${isRecorded("r")} AND ${serves("r", "s")}
      )
    ))
    AND ${isKnown("i", isRecorded)}
))`

/**
 * What a process asks while it waits: when something is due, and whether a sweep has work.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { toLike } from "../../model/eventPattern.ts"
import type { ClaimRequest } from "../../stores/delivery.ts"
import { firstOrderingKey, type PollRequest, type PollResult } from "../../stores/poll.ts"
import { claimable, isSettled, notPaused } from "../deliveryStates.ts"
import { hasRecovered } from "../recovery.ts"
import { coveredBy, covers, maxBigint } from "./claim.ts"
import { nextParked, parkedKeys, unparkable } from "./orderingKeys.ts"

/** When a claim of consumer `$1` next finds something: what is due first, or the first lease that runs out. */
const nextDueAt = (consumer: string, isWanted: string) => `least(
    (
      SELECT i.available_at
      FROM inbox_event AS i
      WHERE i.consumer_name = ${consumer} AND ${claimable} AND ${notPaused(consumer)} AND ${isWanted}
      ORDER BY i.available_at, i.position
      LIMIT 1
    ),
    (SELECT min(i.locked_until) FROM inbox_event AS i WHERE i.consumer_name = ${consumer} AND i.status = 'processing')
  )`

export const nextDue = (sql: SqlClient.SqlClient) => (request: ClaimRequest) =>
  sql.unsafe<{ inMillis: number | null }>(
    `SELECT (extract(epoch FROM ${nextDueAt("$1", `i.position <= $2 AND ${covers(request.interest, 3)}`)}
      - clock_timestamp()) * 1000)::float8 AS "inMillis"`,
    [request.consumer, request.maxPosition ?? maxBigint, ...coveredBy(request.interest)]
  )

/** JSON has no 64-bit numbers. */
type Row = Omit<PollResult, "unparkable"> & {
  readonly unparkable: ReadonlyArray<{ readonly consumer: string; readonly key: string }>
}

/**
 * One statement, whatever the number of consumers: for each its first claimable row (due or not), all settings, and
 * whether a sweep has work. Consumers another process is just marking as seen are passed over, so replicas neither
 * wait for each other nor deadlock.
 */
export const poll = (sql: SqlClient.SqlClient) => {
  const statement = `
    WITH served AS (
      SELECT * FROM jsonb_to_recordset($1::jsonb) AS q (consumer text, names text[], patterns text[], on_dead_letter text)
    ), stale AS (
      SELECT consumer_name
      FROM integration_consumer
      WHERE consumer_name IN (SELECT consumer FROM served) AND last_seen_at < now() - interval '5 seconds'
      FOR UPDATE SKIP LOCKED
    ), seen AS (
      UPDATE integration_consumer AS c
      SET last_seen_at = clock_timestamp()
      FROM stale
      WHERE c.consumer_name = stale.consumer_name
    ), present AS (
      UPDATE integration_replica
      SET last_seen_at = clock_timestamp()
      WHERE id = $5::uuid AND last_seen_at < now() - interval '5 seconds'
    ), pending AS (
      SELECT id, position
      FROM outbox_event
      WHERE status = 'pending' AND routed_at IS NOT NULL AND position > $2::bigint
      ORDER BY position
      LIMIT $3::int
    ), parked AS (
      ${parkedKeys("$4::bigint")}
    )
    SELECT
      coalesce((
        SELECT jsonb_agg(jsonb_build_object('consumer', d.consumer, 'inMillis', d.in_millis))
        FROM (
          SELECT s.consumer, (extract(epoch FROM
            ${nextDueAt("s.consumer", "(i.event_name = ANY (s.names) OR i.event_name LIKE ANY (s.patterns))")}
            - clock_timestamp()) * 1000)::float8 AS in_millis
          FROM served AS s
        ) AS d
        WHERE d.in_millis IS NOT NULL
      ), '[]') AS "due",
      coalesce((SELECT jsonb_object_agg(key, value) FROM integration_setting), '{}') AS "settings",
      EXISTS (SELECT 1 FROM outbox_event WHERE routed_at IS NULL) AS "hasUnrouted",
      EXISTS (SELECT 1 FROM integration_subscription WHERE swept_at IS NULL) AS "hasOpenSubscriptions",
      EXISTS (
        SELECT 1 FROM integration_subscription WHERE backfill_from IS NOT NULL AND backfilled_at IS NULL
      ) AS "hasOpenBackfills",
      EXISTS (
        SELECT 1
        FROM pending AS p
        WHERE NOT EXISTS (
          SELECT 1 FROM inbox_event AS i WHERE i.outbox_event_id = p.id AND NOT ${isSettled("i")}
        )
      ) AS "hasUnrolled",
      (SELECT CASE WHEN count(*) < $3::int THEN 0 ELSE max(position) END FROM pending) AS "nextRollUpPosition",
      coalesce((${unparkable("parked")}), '[]') AS "unparkable",
      coalesce((${nextParked("parked")}), ${firstOrderingKey}) AS "nextParkedAfter",
      ARRAY(
        SELECT s.consumer
        FROM served AS s
        WHERE EXISTS (
          SELECT 1
          FROM inbox_event AS i
          WHERE i.consumer_name = s.consumer AND i.status = 'processing' AND i.locked_until <= clock_timestamp()
        )
      ) AS "expired",
      ARRAY(SELECT c.consumer_name::text FROM integration_consumer AS c WHERE ${hasRecovered("c")}) AS "recovered",
      EXISTS (SELECT 1 FROM integration_replica WHERE status = 'running' AND id <> $5::uuid) AS "hasPeers",
      EXISTS (
        SELECT 1
        FROM integration_replica
        WHERE status = 'running' AND id <> $5::uuid
          AND last_seen_at < clock_timestamp() - $6::float8 * interval '1 millisecond'
      ) AS "hasSilentPeers"`
  return (question: PollRequest) => {
    const served = question.consumers.map(({ consumer, names, onDeadLetter, patterns }) => ({
      consumer,
      names,
      patterns: patterns.map(toLike),
      on_dead_letter: onDeadLetter
    }))
    const { parkedAfter, replica, rollUpLimit, rollUpPosition } = question
    const parameters = [
      JSON.stringify(served),
      rollUpPosition,
      rollUpLimit,
      parkedAfter,
      replica.id,
      replica.silentMillis
    ]
    return Effect.map(sql.unsafe<Row>(statement, parameters), ([row]) =>
      row === undefined
        ? undefined
        : { ...row, unparkable: row.unparkable.map(({ consumer, key }) => ({ consumer, key: BigInt(key) })) }
    )
  }
}

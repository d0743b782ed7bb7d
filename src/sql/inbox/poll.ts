/**
 * What a process asks while it waits: when something is due, and whether a sweep has work.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { toLike } from "../../model/eventPattern.ts"
import type { ClaimRequest } from "../../stores/Delivery.ts"
import { firstOrderingKey, type PollRequest, type PollResult } from "../../stores/Poll.ts"
import { claimable, coolUntil, notPaused } from "../deliveryStates.ts"
import { hasRecovered } from "../recovery.ts"
import { isBackfillOpen } from "../subscriptions/backfill.ts"
import { covers, dueSince, maxPositionOf } from "./claimFragments.ts"
import { nextParked, parkedKeys, unparkable } from "./orderingKeys.ts"

/**
 * When a delivery of a consumer can next be claimed.
 *
 * @param consumer - SQL expression of its name
 * @param isWanted - SQL condition on a delivery `i`: whether it is asked about
 */
const nextClaimableAt = (consumer: string, isWanted: string) => `(
    SELECT greatest(i.available_at, ${coolUntil(consumer)})
    FROM inbox_event AS i
    WHERE i.consumer_name = ${consumer} AND ${claimable} AND ${notPaused(consumer)} AND ${isWanted}
    ORDER BY i.available_at, i.position
    LIMIT 1
  )`

/** When the first lease of a consumer runs out. */
const nextExpiryAt = (consumer: string) =>
  `(SELECT min(i.locked_until) FROM inbox_event AS i WHERE i.consumer_name = ${consumer} AND i.status = 'processing')`

/** Milliseconds until a round of one consumer next finds something; null for never. */
export const nextDue = (sql: SqlClient.SqlClient) => (request: ClaimRequest, countsLeases: boolean) => {
  const since = dueSince(request, 3)
  const covered = covers(request.interest, 3 + since.parameters.length)
  const isWanted = `i.position <= $2::bigint AND ${since.condition} AND ${covered.condition}`
  return sql.unsafe<{ inMillis: number | null }>(
    `SELECT (extract(epoch FROM least(
        ${nextClaimableAt("$1", isWanted)}, ${countsLeases ? nextExpiryAt("$1") : "NULL"}
      ) - clock_timestamp()) * 1000)::float8 AS "inMillis"`,
    [request.consumer, maxPositionOf(request), ...since.parameters, ...covered.parameters]
  )
}

/**
 * What the process serves: a row for each of its consumers, with the names and patterns (as for `LIKE`) it handles, the versions it reads, and
 * what a dead letter and a delay do to the consumer's order, if it has one. From `$1`, a JSON array of such rows.
 */
const served = `
  SELECT q.*, CASE WHEN on_dead_letter IS NULL THEN 'none' ELSE 'aggregate' END AS ordering
  FROM jsonb_to_recordset($1::jsonb) AS q (
    consumer text, names text[], patterns text[], versions jsonb, on_dead_letter text, delayed text
  )`

/** Consumers whose sign of life is old. Those that another process is just marking as seen are passed over. */
const stale = `
  SELECT consumer_name
  FROM integration_consumer
  WHERE consumer_name IN (SELECT consumer FROM served) AND last_seen_at < now() - interval '5 seconds'
  FOR UPDATE SKIP LOCKED`

/** Gives these consumers a sign of life. */
const markSeen = `
  UPDATE integration_consumer AS c
  SET last_seen_at = clock_timestamp()
  FROM stale
  WHERE c.consumer_name = stale.consumer_name`

/**
 * Gives this process, `$3`, a sign of life if its last one is old, or it hears notifications (`$5`) anew or no more, and nobody is looking
 * at whether it lives.
 */
const markPresent = `
  UPDATE integration_replica
  SET last_seen_at = clock_timestamp(), is_listening = coalesce($5::boolean, is_listening), batches = coalesce($6::int, batches)
  WHERE id = ANY (ARRAY(
    SELECT id
    FROM integration_replica
    WHERE id = $3::uuid AND (last_seen_at < now() - interval '5 seconds' OR is_listening IS DISTINCT FROM coalesce($5::boolean, is_listening))
    FOR NO KEY UPDATE SKIP LOCKED
  ))`

const isHandled = `(i.event_name = ANY (s.names) OR i.event_name LIKE ANY (s.patterns))
  AND NOT coalesce(i.schema_version > (s.versions->>i.event_name)::int, false)`

/** For each consumer, when the first of all its claimable deliveries is due, and the first of those that it handles here. */
const firsts = `
  SELECT s.consumer, ${nextClaimableAt("s.consumer", "true")} AS any_at,
    ${nextClaimableAt("s.consumer", isHandled)} AS handled_at
  FROM served AS s`

/** For each consumer, in how many milliseconds something is due; those without anything are left out. */
const due = `
  SELECT jsonb_agg(jsonb_build_object('consumer', d.consumer, 'inMillis', d.in_millis))
  FROM (
    SELECT f.consumer,
      (extract(epoch FROM least(f.handled_at, ${nextExpiryAt("f.consumer")}) - clock_timestamp()) * 1000)::float8 AS in_millis
    FROM firsts AS f
  ) AS d
  WHERE d.in_millis IS NOT NULL`

/** Consumers whose first claimable deliveries nobody handles here, and from when on they may be. */
const passedOver = `
  SELECT jsonb_agg(jsonb_build_object('consumer', p.consumer, 'dueSince', floor(extract(epoch FROM p.since) * 1000)::float8))
  FROM (
    SELECT f.consumer, f.any_at, least(f.handled_at, now() - interval '1 minute') AS since FROM firsts AS f
  ) AS p
  WHERE p.any_at < p.since`

/** Events inserted by other means, which have no deliveries yet. */
const unrouted = "SELECT 1 FROM integration_event WHERE routed_at IS NULL"

/** Whether the trigger is on that tells processes of them. */
const announcing = `
  SELECT 1 FROM pg_trigger
  WHERE tgrelid = 'integration_event'::regclass AND tgname = 'integration_event_announced' AND tgenabled IN ('O', 'A')`

/** Subscriptions that are still to be swept: they may have missed events published around their registration. */
const openSubscriptions = "SELECT 1 FROM integration_subscription WHERE swept_at IS NULL"

/** Subscriptions that are still to be given earlier events. */
const openBackfills = `SELECT 1 FROM integration_subscription AS s WHERE ${isBackfillOpen}`

/** Operations that are to be driven on. */
const openOperations = "SELECT 1 FROM integration_operation WHERE finished_at IS NULL"

/** Consumers with a lease that ran out. */
const expired = `
  SELECT s.consumer
  FROM served AS s
  WHERE EXISTS (
    SELECT 1
    FROM inbox_event AS i
    WHERE i.consumer_name = s.consumer AND i.status = 'processing' AND i.locked_until <= clock_timestamp()
  )`

/** Consumers whose recovery can end, whoever serves them. */
const recovered = `SELECT c.consumer_name::text FROM integration_consumer AS c WHERE ${hasRecovered("c")}`

/** Other processes that run, as far as is known. */
const peers = "SELECT 1 FROM integration_replica WHERE status = 'running' AND id <> $3::uuid"

/** Other processes that have not said that they end, but given no sign of life for `$4` milliseconds. */
const silentPeers = `${peers} AND last_seen_at < clock_timestamp() - $4::float8 * interval '1 millisecond'`

/** Consumers that another process serves with another ordering; one that has been silent does not count. */
const disputed = `
  SELECT s.consumer
  FROM served AS s
  WHERE EXISTS (
    SELECT 1
    FROM integration_replica AS r
    WHERE r.status = 'running' AND r.id <> $3::uuid AND r.consumers->s.consumer->>'ordering' <> s.ordering
      AND r.last_seen_at >= clock_timestamp() - $4::float8 * interval '1 millisecond'
  )`

/** Consumers whose stored ordering is to be that of this process: the ordered one decides while they differ. */
const reordered = `
  SELECT s.consumer
  FROM served AS s
  JOIN integration_consumer AS c ON c.consumer_name = s.consumer
  WHERE c.ordering <> s.ordering AND (s.ordering = 'aggregate' OR s.consumer NOT IN (SELECT consumer FROM disputed))`

/**
 * All that a process asks, in one statement, whatever the number of its consumers. What others have locked is
 * passed over, so replicas neither wait for each other nor deadlock. Parameters: see `parametersOf`.
 */
const statement = `
  WITH served AS (${served}),
    stale AS (${stale}),
    seen AS (${markSeen}),
    present AS (${markPresent}),
    disputed AS (${disputed}),
    firsts AS MATERIALIZED (${firsts}),
    parked AS (${parkedKeys("$2::bigint")})
  SELECT
    coalesce((${due}), '[]') AS "due",
    coalesce((${passedOver}), '[]') AS "passedOver",
    coalesce((SELECT jsonb_object_agg(key, value) FROM integration_setting), '{}') AS "settings",
    EXISTS (${unrouted}) AS "hasUnrouted",
    EXISTS (${announcing}) AS "announcesInserts",
    EXISTS (${openSubscriptions}) AS "hasOpenSubscriptions",
    EXISTS (${openBackfills}) AS "hasOpenBackfills",
    EXISTS (${openOperations}) AS "hasOpenOperations",
    coalesce((${unparkable("parked")}), '[]') AS "unparkable",
    coalesce((${nextParked("parked")}), ${firstOrderingKey})::text AS "nextParkedAfter",
    ARRAY(${expired}) AS "expired",
    ARRAY(${recovered}) AS "recovered",
    ARRAY(SELECT consumer FROM disputed) AS "disputed",
    ARRAY(${reordered}) AS "reordered",
    EXISTS (${peers}) AS "hasPeers",
    EXISTS (${silentPeers}) AS "hasSilentPeers"`

/** Parameters of `statement`: what is served, then `$2` to `$6` as `PollRequest` describes them. */
const parametersOf = ({ consumers, parkedAfter, replica }: PollRequest) => [
  JSON.stringify(
    consumers.map(({ consumer, delayed, names, onDeadLetter, patterns, versions }) => ({
      consumer,
      names,
      patterns: patterns.map(toLike),
      versions,
      on_dead_letter: onDeadLetter,
      delayed
    }))
  ),
  String(parkedAfter),
  replica.id,
  replica.silentMillis,
  replica.isListening ?? null,
  replica.batches ?? null
]

/** 64-bit numbers come as text. */
type Row = Omit<PollResult, "unparkable" | "nextParkedAfter"> & {
  readonly nextParkedAfter: string
  readonly unparkable: ReadonlyArray<{ readonly consumer: string; readonly key: string }>
}

const toResult = (row: Row): PollResult => ({
  ...row,
  nextParkedAfter: BigInt(row.nextParkedAfter),
  unparkable: row.unparkable.map(({ consumer, key }) => ({ consumer, key: BigInt(key) }))
})

export const poll = (sql: SqlClient.SqlClient) => (request: PollRequest) =>
  Effect.flatMap(sql.unsafe<Row>(statement, parametersOf(request)), ([row]) =>
    row === undefined ? Effect.die(new Error("a poll returns one row")) : Effect.succeed(toResult(row))
  )

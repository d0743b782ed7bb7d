/**
 * Statements over `inbox_event`: one function per statement.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { toLike } from "../../model/eventPattern.ts"
import type { AttemptRecord, ClaimRequest, Delivery, DeliveryStatus, Verdict } from "../../stores/delivery.ts"
import { InboxStore } from "../../stores/InboxStore.ts"
import { type Answer, firstOrderingKey, type Question } from "../../stores/poll.ts"
import { Control } from "../connection/controlConnection.ts"
import { storeErrors } from "../connection/errors.ts"
import { bounded } from "../connection/maintenanceTransaction.ts"
import { isCalm } from "../replicas.ts"
import { deliveryFields, isSettled } from "../routing.ts"
import { claim, claimable, claimOne, coveredBy, covers, maxBigint, notPaused } from "./claim.ts"
import { claimInOrder, claimOneInOrder, nextParked, parkedKeys, releasable, release } from "./claimInOrder.ts"
import { leases } from "./lease.ts"
import { settledBy, settling } from "./settle.ts"

const complete = (sql: SqlClient.SqlClient) => (deliveryIds: ReadonlyArray<string>) =>
  sql`
    UPDATE inbox_event
    SET status = 'processed', attempt_count = attempt_count + 1, processed_at = clock_timestamp(),
      updated_at = clock_timestamp()
    WHERE id = ANY (${deliveryIds}::uuid[])`

/**
 * The guard makes it safe as a statement of its own: a row that was settled meanwhile is left alone. The history gets
 * what failed.
 */
const settle = (sql: SqlClient.SqlClient) => {
  const statement = settling({
    attempts: "i.attempt_count + 1",
    guard: "i.status IN ('received', 'failed') AND i.available_at IS NOT NULL AND i.attempt_count = $8::int"
  })
  return (verdict: Verdict) => sql.unsafe<{ id: string }>(statement, [...settledBy(verdict), verdict.seenAttempts])
}

const attempts = (sql: SqlClient.SqlClient) => (deliveryId: string) =>
  sql<AttemptRecord>`
    SELECT attempt AS "attempt", started_at AS "startedAt", finished_at AS "finishedAt", outcome AS "outcome",
      error_tag AS "errorTag", error AS "error"
    FROM (
      SELECT * FROM integration_attempt WHERE inbox_event_id = ${deliveryId}::uuid ORDER BY id DESC LIMIT 1000
    ) AS a
    ORDER BY id`

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

const nextDue = (sql: SqlClient.SqlClient) => (request: ClaimRequest) =>
  sql.unsafe<{ inMillis: number | null }>(
    `SELECT (extract(epoch FROM ${nextDueAt("$1", `i.position <= $2 AND ${covers(request.interest, 3)}`)}
      - clock_timestamp()) * 1000)::float8 AS "inMillis"`,
    [request.consumer, request.maxPosition ?? maxBigint, ...coveredBy(request.interest)]
  )

/**
 * The lower tiers of events whose upper ones have been attempted. One that is late anyway, being delayed or parked, or
 * that somebody holds, is left alone.
 */
const bringForward = (sql: SqlClient.SqlClient) => {
  const statement = `
    UPDATE inbox_event
    SET available_at = clock_timestamp(), updated_at = clock_timestamp()
    WHERE id = ANY (ARRAY(
      SELECT i.id
      FROM inbox_event AS i
      WHERE i.outbox_event_id = ANY ($1::uuid[]) AND i.tier > 0 AND i.status = 'received' AND i.attempt_count = 0
        AND i.available_at < 'infinity' AND i.available_at > clock_timestamp()
        AND NOT EXISTS (
          SELECT 1
          FROM inbox_event AS above
          WHERE above.outbox_event_id = i.outbox_event_id AND above.tier < i.tier AND above.status = 'received'
            AND above.attempt_count = 0
        )
      FOR NO KEY UPDATE SKIP LOCKED
    ))
    RETURNING consumer_name::text AS "consumer"`
  return (eventIds: ReadonlyArray<string>) => sql.unsafe<{ consumer: string }>(statement, [eventIds])
}

const findByConsumer = (sql: SqlClient.SqlClient) => (consumer: string, position: bigint, limit: number) =>
  sql.unsafe<Delivery>(
    `SELECT ${deliveryFields}
    FROM inbox_event AS i
    WHERE i.consumer_name = $1 AND i.position > $2::bigint
    ORDER BY i.position
    LIMIT $3::int`,
    [consumer, position, limit]
  )

const findById = (sql: SqlClient.SqlClient) => (deliveryId: string) =>
  sql.unsafe<Delivery>(`SELECT ${deliveryFields} FROM inbox_event AS i WHERE i.id = $1::uuid`, [deliveryId])

const findByEvent = (sql: SqlClient.SqlClient) => (eventId: string) =>
  sql.unsafe<Delivery>(
    `SELECT ${deliveryFields} FROM inbox_event AS i WHERE i.outbox_event_id = $1::uuid ORDER BY i.consumer_name`,
    [eventId]
  )

const countByStatus = (sql: SqlClient.SqlClient) =>
  sql<{ consumer: string; status: DeliveryStatus; count: number }>`
    SELECT consumer_name AS "consumer", status AS "status", count(*)::int AS "count"
    FROM inbox_event
    GROUP BY consumer_name, status
    ORDER BY consumer_name, status`

const lastPosition = (sql: SqlClient.SqlClient) => (consumer: string) =>
  sql<{ position: bigint }>`
    SELECT coalesce(max(position), 0) AS "position" FROM inbox_event WHERE consumer_name = ${consumer}`

/** JSON has no 64-bit numbers. */
type Row = Omit<Answer, "releasable"> & {
  readonly releasable: ReadonlyArray<{ readonly consumer: string; readonly key: string }>
}

/**
 * One statement, whatever the number of consumers: for each its first claimable row (due or not), all settings, and
 * whether a sweep has work. Consumers another process is just marking as seen are passed over, so replicas neither
 * wait for each other nor deadlock.
 */
const poll = (sql: SqlClient.SqlClient) => {
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
      coalesce((${releasable("parked")}), '[]') AS "releasable",
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
      ARRAY(SELECT c.consumer_name::text FROM integration_consumer AS c WHERE ${isCalm("c")}) AS "calm",
      EXISTS (SELECT 1 FROM integration_replica WHERE status = 'running' AND id <> $5::uuid) AS "hasPeers",
      EXISTS (
        SELECT 1
        FROM integration_replica
        WHERE status = 'running' AND id <> $5::uuid
          AND last_seen_at < clock_timestamp() - $6::float8 * interval '1 millisecond'
      ) AS "hasSilentPeers"`
  return (question: Question) => {
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
        : { ...row, releasable: row.releasable.map(({ consumer, key }) => ({ consumer, key: BigInt(key) })) }
    )
  }
}

export const layer: Layer.Layer<InboxStore, never, SqlClient.SqlClient | Control> = Layer.effect(
  InboxStore,
  Effect.gen(function* () {
    const sql = (yield* SqlClient.SqlClient).withoutTransforms()
    const control = yield* Control
    const releaseKeys = release(sql, yield* bounded(sql))
    const ask = poll(sql)
    const forward = bringForward(sql)
    const settleOne = settle(sql)
    return InboxStore.of({
      claim: (request) =>
        storeErrors("inbox.claim")(
          request.onDeadLetter === undefined ? claim(sql)(request) : claimInOrder(sql)(request)
        ),
      claimOne: (request) =>
        storeErrors("inbox.claimOne")(
          request.onDeadLetter === undefined
            ? Effect.map(claimOne(sql)(request), ([row]) => row)
            : claimOneInOrder(sql)(request)
        ),
      release: (request) =>
        request.keys.length === 0 ? Effect.succeed(0) : storeErrors("inbox.release")(releaseKeys(request)),
      bringForward: (eventIds) =>
        eventIds.length === 0
          ? Effect.succeed([])
          : storeErrors("inbox.bringForward")(
              Effect.map(forward(eventIds), (rows) => [...new Set(rows.map((row) => row.consumer))])
            ),
      findByConsumer: (consumer, position, limit) =>
        storeErrors("inbox.findByConsumer")(findByConsumer(sql)(consumer, position, limit)),
      complete: (deliveryIds) =>
        deliveryIds.length === 0
          ? Effect.void
          : storeErrors("inbox.complete")(Effect.asVoid(complete(sql)(deliveryIds))),
      settle: (verdict) => storeErrors("inbox.settle")(Effect.map(settleOne(verdict), (rows) => rows.length > 0)),
      nextDue: (request) =>
        storeErrors("inbox.nextDue")(Effect.map(nextDue(sql)(request), ([row]) => row?.inMillis ?? undefined)),
      lastPosition: (consumer) =>
        storeErrors("inbox.lastPosition")(Effect.map(lastPosition(sql)(consumer), ([row]) => row?.position ?? 0n)),
      poll: (question) =>
        storeErrors("inbox.poll")(
          Effect.flatMap(ask(question), (answer) =>
            answer === undefined ? Effect.die(new Error("a poll returns one row")) : Effect.succeed(answer)
          )
        ),
      ...leases(sql, control),
      attempts: (deliveryId) => storeErrors("inbox.attempts")(attempts(sql)(deliveryId)),
      findById: (deliveryId) => storeErrors("inbox.findById")(Effect.map(findById(sql)(deliveryId), ([row]) => row)),
      findByEvent: (eventId) => storeErrors("inbox.findByEvent")(findByEvent(sql)(eventId)),
      countByStatus: storeErrors("inbox.countByStatus")(countByStatus(sql)),
      // Any process may change them.
      changed: Effect.sleep("20 millis")
    })
  })
)

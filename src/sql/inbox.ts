/**
 * Statements over `inbox_event`: one function per statement.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import {
  type Answer,
  type Claimed,
  type Delivery,
  type DeliveryStatus,
  InboxStore,
  type Interest,
  type Question,
  type Verdict
} from "../InboxStore.ts"
import { toLike } from "../internal/pattern.ts"
import { cutTo } from "../internal/text.ts"
import { storeErrors } from "./errors.ts"
import { isSettled } from "./routing.ts"

/** Rows a claim may take, in the words of the partial index `inbox_event_claim_idx`. */
const claimable = "i.status IN ('received', 'failed') AND i.available_at < 'infinity'"

/** A claimed row with its event; the payload of an edited dead letter is the delivery's own. */
const claimedColumns = `
  c.id AS "deliveryId", c.outbox_event_id AS "eventId", c.attempt_count AS "attemptCount",
  e.event_name AS "eventName", e.schema_version AS "schemaVersion", e.source_module AS "sourceModule",
  e.aggregate_type AS "aggregateType", e.aggregate_id AS "aggregateId",
  coalesce(c.payload_override, e.payload) AS "payload", e.metadata AS "metadata",
  e.correlation_id AS "correlationId", e.causation_id AS "causationId", e.created_at AS "createdAt"`

/** `true` costs nothing where everything matches. */
const covers = (interest: Interest, names: string, patterns: string) =>
  interest.patterns.includes("*")
    ? "true"
    : interest.patterns.length === 0
      ? `i.event_name = ANY (${names}::text[])`
      : `(i.event_name = ANY (${names}::text[]) OR i.event_name LIKE ANY (${patterns}::text[]))`

const parameters = (interest: Interest) =>
  interest.patterns.includes("*")
    ? []
    : interest.patterns.length === 0
      ? [interest.names]
      : [interest.names, interest.patterns.map(toLike)]

/**
 * `LIMIT` keeps this a lookup per claimed row: a join would be planned as a hash over the whole outbox as soon as
 * batches are large, and cost more with every event kept (bench/deliver.ts: half of a claim at 20,000 events).
 */
const withEvent = "CROSS JOIN LATERAL (SELECT * FROM outbox_event WHERE id = c.outbox_event_id LIMIT 1) AS e"

const maxBigint = 9223372036854775807n

/**
 * Rows are locked before events are joined, so the join neither decides nor blocks. `now()` is this transaction's
 * start, a constant the index can use; whoever made a row due did so before.
 */
const claim =
  (sql: SqlClient.SqlClient) =>
  (request: {
    readonly consumer: string
    readonly interest: Interest
    readonly limit: number
    readonly maxPosition?: bigint | undefined
  }) =>
    sql.unsafe<Claimed>(
      `WITH claimed AS MATERIALIZED (
        SELECT i.id, i.outbox_event_id, i.attempt_count, i.payload_override, i.available_at, i.position
        FROM inbox_event AS i
        WHERE i.consumer_name = $1 AND ${claimable} AND i.available_at <= now() AND i.position <= $2
          AND ${covers(request.interest, "$4", "$5")}
        ORDER BY i.available_at, i.position
        LIMIT $3::int
        FOR UPDATE OF i SKIP LOCKED
      )
      SELECT ${claimedColumns}
      FROM claimed AS c
      ${withEvent}
      ORDER BY c.available_at, c.position`,
      [request.consumer, request.maxPosition ?? maxBigint, request.limit, ...parameters(request.interest)]
    )

const claimOne = (sql: SqlClient.SqlClient) => (deliveryId: string) =>
  sql.unsafe<Claimed>(
    `WITH claimed AS MATERIALIZED (
      SELECT i.id, i.outbox_event_id, i.attempt_count, i.payload_override
      FROM inbox_event AS i
      WHERE i.id = $1::uuid AND ${claimable} AND i.available_at <= now()
      FOR UPDATE OF i SKIP LOCKED
    )
    SELECT ${claimedColumns}
    FROM claimed AS c
    ${withEvent}`,
    [deliveryId]
  )

const complete = (sql: SqlClient.SqlClient) => (deliveryIds: ReadonlyArray<string>) =>
  sql`
    UPDATE inbox_event
    SET status = 'processed', attempt_count = attempt_count + 1, processed_at = clock_timestamp(),
      updated_at = clock_timestamp()
    WHERE id = ANY (${deliveryIds}::uuid[])`

/** The guard makes it safe as a statement of its own: a row that was settled meanwhile is left alone. */
const settle = (sql: SqlClient.SqlClient) => (verdict: Verdict) =>
  sql<{ id: string }>`
    UPDATE inbox_event AS i
    SET status = ${verdict.status}, attempt_count = i.attempt_count + 1, updated_at = clock.now,
      processed_at = CASE WHEN ${verdict.retryInMillis === undefined}::boolean THEN clock.now END,
      available_at = CASE WHEN ${verdict.status}::text <> 'failed' THEN i.available_at
        ELSE clock.now + ${verdict.retryInMillis ?? null}::float8 * interval '1 millisecond' END,
      last_error = ${verdict.error === undefined ? null : cutTo(verdict.error, 1023)},
      error_tag = ${verdict.errorTag === undefined ? null : cutTo(verdict.errorTag, 255)}
    FROM (SELECT clock_timestamp() AS now) AS clock
    WHERE i.id = ${verdict.deliveryId}::uuid AND i.status IN ('received', 'failed') AND i.available_at IS NOT NULL
      AND i.attempt_count = ${verdict.seenAttempts}::int
    RETURNING i.id::text AS "id"`

const nextDue =
  (sql: SqlClient.SqlClient) =>
  (request: { readonly consumer: string; readonly interest: Interest; readonly maxPosition?: bigint | undefined }) =>
    sql.unsafe<{ inMillis: number }>(
      `SELECT (extract(epoch FROM i.available_at - clock_timestamp()) * 1000)::float8 AS "inMillis"
      FROM inbox_event AS i
      WHERE i.consumer_name = $1 AND ${claimable} AND i.position <= $2 AND ${covers(request.interest, "$3", "$4")}
      ORDER BY i.available_at, i.position
      LIMIT 1`,
      [request.consumer, request.maxPosition ?? maxBigint, ...parameters(request.interest)]
    )

const findByEvent = (sql: SqlClient.SqlClient) => (eventId: string) =>
  sql<Delivery>`
    SELECT i.id::text AS "deliveryId", i.outbox_event_id::text AS "eventId", i.event_name AS "eventName",
      i.consumer_name AS "consumer", i.status AS "status", NOT ${sql.literal(isSettled("i"))} AS "isOpen",
      i.attempt_count AS "attemptCount", i.last_error AS "lastError", i.error_tag AS "errorTag"
    FROM inbox_event AS i
    WHERE i.outbox_event_id = ${eventId}::uuid
    ORDER BY i.consumer_name`

const countByStatus = (sql: SqlClient.SqlClient) =>
  sql<{ consumer: string; status: DeliveryStatus; count: number }>`
    SELECT consumer_name AS "consumer", status AS "status", count(*)::int AS "count"
    FROM inbox_event
    GROUP BY consumer_name, status
    ORDER BY consumer_name, status`

const lastPosition = (sql: SqlClient.SqlClient) => (consumer: string) =>
  sql<{ position: bigint }>`
    SELECT coalesce(max(position), 0) AS "position" FROM inbox_event WHERE consumer_name = ${consumer}`

/**
 * One statement, whatever the number of consumers: for each its first claimable row (due or not), all settings, and
 * whether a sweep has work. Consumers another process is just marking as seen are passed over, so replicas neither
 * wait for each other nor deadlock.
 */
const poll = (sql: SqlClient.SqlClient) => {
  const statement = `
    WITH served AS (
      SELECT consumer, names, patterns FROM jsonb_to_recordset($1::jsonb) AS q (consumer text, names text[], patterns text[])
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
    ), pending AS (
      SELECT id, position
      FROM outbox_event
      WHERE status = 'pending' AND routed_at IS NOT NULL AND position > $2::bigint
      ORDER BY position
      LIMIT $3::int
    )
    SELECT
      coalesce((
        SELECT jsonb_agg(jsonb_build_object('consumer', s.consumer, 'inMillis', d.in_millis))
        FROM served AS s
        CROSS JOIN LATERAL (
          SELECT (extract(epoch FROM i.available_at - clock_timestamp()) * 1000)::float8 AS in_millis
          FROM inbox_event AS i
          WHERE i.consumer_name = s.consumer AND ${claimable}
            AND (i.event_name = ANY (s.names) OR i.event_name LIKE ANY (s.patterns))
          ORDER BY i.available_at, i.position
          LIMIT 1
        ) AS d
      ), '[]') AS "due",
      coalesce((SELECT jsonb_object_agg(key, value) FROM integration_setting), '{}') AS "settings",
      EXISTS (SELECT 1 FROM outbox_event WHERE routed_at IS NULL) AS "hasUnrouted",
      EXISTS (SELECT 1 FROM integration_subscription WHERE swept_at IS NULL) AS "hasOpenSubscriptions",
      EXISTS (
        SELECT 1
        FROM pending AS p
        WHERE NOT EXISTS (
          SELECT 1 FROM inbox_event AS i WHERE i.outbox_event_id = p.id AND NOT ${isSettled("i")}
        )
      ) AS "hasUnrolled",
      (SELECT CASE WHEN count(*) < $3::int THEN 0 ELSE max(position) END FROM pending) AS "nextRollUpPosition"`
  return (question: Question) => {
    const served = question.consumers.map(({ consumer, names, patterns }) => ({
      consumer,
      names,
      patterns: patterns.map(toLike)
    }))
    return sql.unsafe<Answer>(statement, [JSON.stringify(served), question.rollUpPosition, question.rollUpLimit])
  }
}

export const layer: Layer.Layer<InboxStore, never, SqlClient.SqlClient> = Layer.effect(
  InboxStore,
  Effect.gen(function* () {
    const sql = (yield* SqlClient.SqlClient).withoutTransforms()
    const ask = poll(sql)
    return InboxStore.of({
      claim: (request) => storeErrors("inbox.claim")(claim(sql)(request)),
      claimOne: (deliveryId) => storeErrors("inbox.claimOne")(Effect.map(claimOne(sql)(deliveryId), ([row]) => row)),
      complete: (deliveryIds) =>
        deliveryIds.length === 0
          ? Effect.void
          : storeErrors("inbox.complete")(Effect.asVoid(complete(sql)(deliveryIds))),
      settle: (verdict) => storeErrors("inbox.settle")(Effect.map(settle(sql)(verdict), (rows) => rows.length > 0)),
      nextDue: (request) => storeErrors("inbox.nextDue")(Effect.map(nextDue(sql)(request), ([row]) => row?.inMillis)),
      lastPosition: (consumer) =>
        storeErrors("inbox.lastPosition")(Effect.map(lastPosition(sql)(consumer), ([row]) => row?.position ?? 0n)),
      poll: (question) =>
        storeErrors("inbox.poll")(
          Effect.flatMap(ask(question), ([row]) =>
            row === undefined ? Effect.die(new Error("a poll returns one row")) : Effect.succeed(row)
          )
        ),
      findByEvent: (eventId) => storeErrors("inbox.findByEvent")(findByEvent(sql)(eventId)),
      countByStatus: storeErrors("inbox.countByStatus")(countByStatus(sql))
    })
  })
)

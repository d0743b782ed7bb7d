/**
 * Keys of ordered consumers: their locks, what blocks them, and how what waits behind them goes on.
 *
 * Whoever takes, parks or unparks deliveries of a key holds its advisory lock until the end of the transaction, so the
 * statements after the lock see what the one before left. Locks are only tried; `unpark` alone waits for them, if it is
 * told to.
 *
 * @internal
 */
import { Effect, Option } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { Delayed } from "../../model/Consumer.ts"
import type { UnparkRequest } from "../../stores/Delivery.ts"
import type { InTransaction } from "../connection/maintenanceTransaction.ts"
import { tablesId } from "../connection/tableClient.ts"
import { gaveUp, isDelayed, open } from "../deliveryStates.ts"
import { textsOf } from "../exact.ts"

/** Names the lock of a key of consumer `$1`; advisory locks are shared by all schemas of a database. The key is the seed. */
const lockName = (key: string) => `hashtextextended(${tablesId} || '.' || $1::text, ${key})`

/** Whether the lock of a key could be had. */
export const lockOf = (key: string) => `pg_try_advisory_xact_lock(${lockName(key)})`

/** Waits for the locks of keys, in their order. */
const lockAll = (sql: SqlClient.SqlClient) => (consumer: string, keys: ReadonlyArray<bigint>) =>
  sql.unsafe(
    `SELECT pg_advisory_xact_lock(${lockName("key")})::text FROM (SELECT key FROM unnest($2::bigint[]) AS k (key) ORDER BY key) AS k`,
    [consumer, textsOf(keys)]
  )

/** Those of these keys whose lock could be had. */
const lockFree = (sql: SqlClient.SqlClient) => (consumer: string, keys: ReadonlyArray<bigint>) =>
  sql.unsafe<{ keys: ReadonlyArray<string> }>(
    `SELECT ARRAY(SELECT key::text FROM unnest($2::bigint[]) AS k (key) WHERE ${lockOf("key")}) AS "keys"`,
    [consumer, textsOf(keys)]
  )

/** Makes the first open deliveries of keys due that are parked and that nothing blocks. */
const unparkFirst =
  (sql: SqlClient.SqlClient) =>
  ({ consumer, delayed, onDeadLetter }: UnparkRequest, keys: ReadonlyArray<string>) =>
    sql.unsafe(
      `UPDATE inbox_event
      SET available_at = coalesce(
          (SELECT least(recovering_until, clock_timestamp()) FROM integration_consumer WHERE consumer_name = $1),
          clock_timestamp()
        ), updated_at = clock_timestamp()
      WHERE status IN ('received', 'failed') AND available_at = 'infinity' AND consumer_name = $1
        AND outbox_event_id = ANY (ARRAY(
        SELECT h.outbox_event_id
        FROM unnest($2::bigint[]) AS k (key)
        CROSS JOIN LATERAL (
          ${firstInLine("$1", "k.key", inLine(delayed))}
        ) AS h
        WHERE h.available_at = 'infinity' AND ${isFree("$1", "k.key")}
          AND ($3::text = 'continue' OR ${isUnblocked("$1", "k.key", "h.position")})
      ))
      RETURNING 1`,
      [consumer, keys, onDeadLetter]
    )

/**
 * Makes the first open delivery of each of these keys due, if it is parked and nothing blocks it. Joins the transaction
 * there is, without a savepoint; else opens one. Returns how many were made due.
 */
export const unpark =
  (sql: SqlClient.SqlClient, inTransaction: InTransaction) =>
  (request: UnparkRequest): Effect.Effect<number, SqlError.SqlError> =>
    Effect.gen(function* () {
      const { consumer, keys, waits } = request
      if (waits === true) yield* lockAll(sql)(consumer, keys)
      const [held] = yield* lockFree(sql)(consumer, keys)
      if (held === undefined || held.keys.length === 0) return 0
      return (yield* unparkFirst(sql)(request, held.keys)).length
    }).pipe((statements) =>
      Effect.flatMap(Effect.serviceOption(sql.transactionService), (open) =>
        Option.isSome(open) ? statements : inTransaction(statements)
      )
    )

/** Deliveries that stand in the line of their key: those that are open, but for those whose time may come later. */
export const inLine = (delayed: Delayed | undefined) => (delayed === "pass" ? `${open} AND NOT ${isDelayed}` : open)

/**
 * The delivery that comes first in the line of a key.
 *
 * @param isInLine - SQL condition on a delivery `i`
 */
const firstInLine = (consumer: string, key: string, isInLine: string) => `
  SELECT i.outbox_event_id, i.position, i.available_at
  FROM inbox_event AS i
  WHERE i.consumer_name = ${consumer} AND i.ordering_key = ${key} AND ${isInLine}
  ORDER BY i.position
  LIMIT 1`

/** Whether no delivery of a key that gave up stands before a position. */
export const isUnblocked = (consumer: string, key: string, position: string) => `NOT EXISTS (
  SELECT 1 FROM inbox_event AS i
  WHERE i.consumer_name = ${consumer} AND i.ordering_key = ${key} AND ${gaveUp} AND i.position < ${position}
)`

/**
 * Whether no delivery of a key is under a lease: it may be a later one, if this one was committed late, or requeued. Asked
 * of the index of leases: the deliveries of one key may be thousands.
 */
export const isFree = (consumer: string, key: string) => `${key} <> ALL (ARRAY(
  SELECT i.ordering_key FROM inbox_event AS i
  WHERE i.consumer_name = ${consumer} AND i.status = 'processing' AND i.ordering_key IS NOT NULL
))`

/** Parked deliveries of a consumer that one poll looks at. */
const parkedWindow = 1000

/**
 * For the poll: which keys of ordered consumers begin with a parked delivery that nothing blocks, among the next parked
 * ones, and where to go on. Needs the rows `served` with `consumer`, `on_dead_letter` and `delayed`.
 *
 * @param after - SQL expression of the key to go on from
 */
export const parkedKeys = (after: string) => `
  SELECT s.consumer, s.on_dead_letter, s.delayed, p.keys, p.size, p.last
  FROM served AS s
  CROSS JOIN LATERAL (
    SELECT array_agg(DISTINCT w.ordering_key) AS keys, count(*) AS size, max(w.ordering_key) AS last
    FROM (
      SELECT i.ordering_key
      FROM inbox_event AS i
      WHERE i.consumer_name = s.consumer AND i.status IN ('received', 'failed') AND i.available_at = 'infinity'
        AND i.ordering_key > ${after}
      ORDER BY i.ordering_key
      LIMIT ${parkedWindow}
    ) AS w
  ) AS p
  WHERE s.on_dead_letter IS NOT NULL`

/** Of the rows of `parkedKeys`: what can be unparked, as JSON. */
export const unparkable = (parked: string) => `
  SELECT jsonb_agg(jsonb_build_object('consumer', p.consumer, 'key', k.key::text))
  FROM ${parked} AS p
  CROSS JOIN unnest(p.keys) AS k (key)
  CROSS JOIN LATERAL (
    ${firstInLine("p.consumer", "k.key", `${open} AND (p.delayed IS DISTINCT FROM 'pass' OR NOT ${isDelayed})`)}
  ) AS h
  WHERE h.available_at = 'infinity' AND ${isFree("p.consumer", "k.key")}
    AND (p.on_dead_letter = 'continue' OR ${isUnblocked("p.consumer", "k.key", "h.position")})`

/** Of the rows of `parkedKeys`: where the next look goes on; null after the last. */
export const nextParked = (parked: string) => `
  SELECT min(p.last) FROM ${parked} AS p WHERE p.size = ${parkedWindow}`

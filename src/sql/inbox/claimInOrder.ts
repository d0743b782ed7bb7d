/**
 * Claims of consumers that are ordered by aggregate: the oldest open delivery of a key whose lock can be had, and those
 * that follow it.
 *
 * Rows to be written are named by arrays of their events: as joins, they are planned by statistics that are out of date just when
 * thousands of rows have been parked.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { Claimed, ClaimRequest, DeliveryKey } from "../../stores/Delivery.ts"
import { contentColumns } from "../contents.ts"
import { claimable, notHeld, open } from "../deliveryStates.ts"
import { recoveringLimit, recoversAlone, recoveryColumn } from "../recovery.ts"
import { type ClaimedRow, shareOf, withContents } from "./claimedContents.ts"
import {
  claimedColumns,
  claimedContent,
  covers,
  dueSince,
  eventOf,
  idleLimitOf,
  limitsIdle,
  limitsLockWait,
  lockWaitOf,
  maxPositionOf
} from "./claimFragments.ts"
import { inLine, isFree, isUnblocked, lockOf } from "./orderingKeys.ts"

/** Advisory locks one claim may hold: PostgreSQL has room for about 6,400 in all with its default settings. */
const maxKeys = 100

/** Due deliveries that are looked at for keys: at least so many. */
const minWindow = 100

/** Due deliveries that are looked at for keys: at most so many. */
const maxWindow = 1000

/** Due deliveries of one key that are parked by one statement. */
const parkLimit = 1000

/** How often a claim looks further when all keys it found are held by others or blocked. */
const maxLooks = 10

/** Open deliveries of a key that are counted, to tell how many keys fill a batch. */
const countLimit = 20

/**
 * The keys of the next due deliveries, and the locks of as many as are likely to fill the batch: keys with few open
 * deliveries need more. `LIMIT` ends the scan that tries the locks as soon as it has enough.
 */
const tryKeys = (sql: SqlClient.SqlClient) => (request: ClaimRequest, limit: number, passed: ReadonlyArray<string>) => {
  const since = dueSince(request, 7)
  const covered = covers(request.interest, 7 + since.parameters.length)
  return sql.unsafe<{ seen: ReadonlyArray<string>; locked: ReadonlyArray<string>; recoversAlone: boolean }>(
    `WITH due AS MATERIALIZED (
      SELECT i.ordering_key, i.available_at, i.position
      FROM inbox_event AS i
      WHERE i.consumer_name = $1 AND ${claimable} AND i.available_at <= now() AND i.position <= $2::bigint
        AND i.ordering_key IS NOT NULL AND i.ordering_key <> ALL ($4::bigint[])
        AND ${since.condition} AND ${limitsIdle("$6")} AND ${notHeld("$1")}
        AND ${covered.condition}
      ORDER BY i.available_at, i.position
      LIMIT $5::int
    ), keys AS MATERIALIZED (
      SELECT ordering_key FROM due GROUP BY ordering_key ORDER BY min(available_at), min(position) LIMIT ${maxKeys}
    ), sizes AS MATERIALIZED (
      SELECT count(*) AS keys, sum(o.size) AS deliveries
      FROM keys AS k
      CROSS JOIN LATERAL (
        SELECT count(*) AS size
        FROM (
          SELECT 1
          FROM inbox_event AS i
          WHERE i.consumer_name = $1 AND i.ordering_key = k.ordering_key AND ${open}
          LIMIT ${countLimit}
        ) AS f
      ) AS o
    )
    SELECT ARRAY(SELECT ordering_key::text FROM keys) AS "seen",
      ARRAY(
        SELECT ordering_key::text
        FROM keys
        WHERE ${lockOf("ordering_key")}
        LIMIT (SELECT ceil(${recoveringLimit("$3::int")} * keys / greatest(deliveries, 1))::int FROM sizes)
      ) AS "locked", EXISTS (${recoversAlone}) AS "recoversAlone"`,
    [
      request.consumer,
      maxPositionOf(request),
      limit,
      passed,
      Math.min(maxWindow, Math.max(minWindow, limit)),
      idleLimitOf(request),
      ...since.parameters,
      ...covered.parameters
    ]
  )
}

/** Numbers of 64 bits as text: they go back as they came. */
interface Taken extends Omit<ClaimedRow, "deliveryId" | "orderingKey"> {
  /** Null in the only row when nothing was taken. */
  readonly deliveryId: string | null
  readonly orderingKey: string
  readonly blocked: ReadonlyArray<string>
  readonly blockedFrom: ReadonlyArray<string>
}

/**
 * The first open deliveries of the keys `$2`, one more of each than are wanted, and whether each is free and ready.
 *
 * @param covered - SQL condition: whether this process handles it
 */
const chainOf = ({ delayed, onDeadLetter }: ClaimRequest, covered: string) => `
  SELECT o.*, o.is_ready AND ${isFree("$1", "k.key")}
    AND ${onDeadLetter === "continue" ? "true" : isUnblocked("$1", "k.key", "o.position")} AS is_next
  FROM unnest($2::bigint[]) AS k (key)
  CROSS JOIN LATERAL (
    SELECT i.id, i.outbox_event_id, i.attempt_count, i.payload_override, i.available_at, i.position, i.ordering_key,
      i.tier, i.error_tag, (i.status IN ('received', 'failed') AND (i.available_at <= now() OR i.available_at = 'infinity')
        AND ${covered}) AS is_ready
    FROM inbox_event AS i
    WHERE i.consumer_name = $1 AND i.ordering_key = k.key AND ${inLine(delayed)} AND i.position <= $3::bigint
    ORDER BY i.position
    LIMIT $4::int + 1
  ) AS o`

/** How far each key goes: a delivery is reached when it and all before it are next. */
const ranked = `
  SELECT c.*, bool_and(c.is_next) OVER key_so_far AS is_reached, row_number() OVER key_so_far AS place,
    bool_or(c.available_at = 'infinity') OVER (PARTITION BY c.ordering_key) AS is_parking
  FROM chain AS c
  WINDOW key_so_far AS (PARTITION BY c.ordering_key ORDER BY c.position)`

/** As many of the reached ones as are wanted, the oldest of all keys first. */
const wanted = "SELECT * FROM ranked WHERE is_reached ORDER BY position LIMIT $4::int"

/** Locks those of their rows that are as they were and nobody else holds. */
const held = `
  SELECT i.id
  FROM inbox_event AS i
  WHERE i.outbox_event_id = ANY (ARRAY(SELECT outbox_event_id FROM wanted)) AND i.consumer_name = $1 AND i.status IN ('received', 'failed')
    AND (i.available_at <= now() OR i.available_at = 'infinity')
  FOR NO KEY UPDATE SKIP LOCKED`

/** Of each key, the wanted ones up to the first that could not be locked. */
const claimed = `
  SELECT *
  FROM (
    SELECT w.*, bool_and(w.id IN (SELECT id FROM held)) OVER (PARTITION BY w.ordering_key ORDER BY w.position)
      AS is_taken
    FROM wanted AS w
  ) AS w
  WHERE is_taken`

/** Keys that do not go on, and the position from which on they do not. */
const blocked = `
  SELECT array_agg(ordering_key) AS keys, array_agg(position) AS positions
  FROM (SELECT ordering_key, min(position) AS position FROM ranked WHERE NOT is_reached AND place <= $4 GROUP BY ordering_key) AS b`

/**
 * From the open deliveries of keys that are held: those that are ready, up to the first of each key that is not. Also
 * which keys are blocked, and from which position on.
 */
const takeHeads = (sql: SqlClient.SqlClient) => (request: ClaimRequest, limit: number, keys: ReadonlyArray<string>) => {
  const covered = covers(request.interest, 8)
  return sql.unsafe<Taken>(
    `WITH chain AS MATERIALIZED (${chainOf(request, covered.condition)}), ranked AS MATERIALIZED (${ranked}),
      wanted AS MATERIALIZED (${wanted}), held AS MATERIALIZED (${held}), claimed AS MATERIALIZED (${claimed}),
      blocked AS (${blocked})
    SELECT ${claimedColumns}, ${contentColumns("$7::int")}, ${recoveryColumn}, c.ordering_key::text AS "orderingKey", c.is_parking AS "isParking",
      coalesce(b.keys, '{}')::text[] AS "blocked", coalesce(b.positions, '{}')::text[] AS "blockedFrom"
    FROM blocked AS b
    LEFT JOIN claimed AS c ON true
    LEFT JOIN ${eventOf} ON true
    LEFT JOIN ${claimedContent("$7::int")} ON true
    WHERE ${limitsLockWait(5)}
    ORDER BY c.position`,
    [
      request.consumer,
      keys,
      maxPositionOf(request),
      limit,
      ...lockWaitOf(request),
      shareOf(limit),
      ...covered.parameters
    ]
  )
}

/** Takes due deliveries of blocked keys out of the claim index. Those nobody covers here are left to who does. */
const park =
  (sql: SqlClient.SqlClient) =>
  (request: ClaimRequest, keys: ReadonlyArray<string>, positions: ReadonlyArray<string>) => {
    const covered = covers(request.interest, 4)
    return sql.unsafe(
      `UPDATE inbox_event
    SET available_at = 'infinity', updated_at = clock_timestamp()
    WHERE consumer_name = $1 AND outbox_event_id = ANY (ARRAY(
      SELECT p.outbox_event_id
      FROM unnest($2::bigint[], $3::bigint[]) AS b (key, position)
      CROSS JOIN LATERAL (
        SELECT i.outbox_event_id
        FROM inbox_event AS i
        WHERE i.consumer_name = $1 AND i.ordering_key = b.key AND i.position >= b.position AND ${claimable}
          AND i.available_at <= now() AND ${covered.condition}
        ORDER BY i.position
        LIMIT ${parkLimit}
        FOR NO KEY UPDATE SKIP LOCKED
      ) AS p
    ))`,
      [request.consumer, keys, positions, ...covered.parameters]
    )
  }

/** What of these keys can be taken now, and whether some are blocked: those are parked. */
const take = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  request: ClaimRequest,
  limit: number,
  keys: ReadonlyArray<string>
) {
  const found = yield* takeHeads(sql)(request, limit, keys)
  const [first] = found
  const isBlocked = first !== undefined && first.blocked.length > 0
  if (isBlocked) yield* park(sql)(request, first.blocked, first.blockedFrom)
  const taken = found.flatMap((row) => {
    const { deliveryId, orderingKey } = row
    return deliveryId === null ? [] : [Object.assign(row, { deliveryId, orderingKey: BigInt(orderingKey) })]
  })
  return { rows: yield* withContents(sql, request.consumer, taken, limit), isBlocked }
})

/** Claims in order: by due time of the keys' first deliveries, looking further while keys are held or blocked. */
export const claimInOrder =
  (sql: SqlClient.SqlClient) =>
  (request: ClaimRequest & { readonly limit: number }): Effect.Effect<ReadonlyArray<Claimed>, SqlError.SqlError> =>
    Effect.gen(function* () {
      const passed = new Set<string>()
      let tried = request.limit
      for (let look = 0; look < maxLooks; look++) {
        const [found] = yield* tryKeys(sql)(request, tried, [...passed])
        if (found === undefined || found.seen.length === 0) return []
        const limit = found.recoversAlone ? 1 : request.limit
        const taken =
          found.locked.length === 0 ? { rows: [], isBlocked: false } : yield* take(sql, request, limit, found.locked)
        if (taken.rows.length > 0) return taken.rows
        // Where many are blocked, more are tried at once. Not where others were faster: the locks of keys that are not
        // needed would keep them from other workers until the end of the transaction.
        if (taken.isBlocked) tried *= 2
        // Blocked ones have been parked; held ones are their holders' business.
        for (const key of found.locked.length > 0 ? found.locked : found.seen) passed.add(key)
      }
      return []
    })

/** Claims one delivery if it is the next of its key. */
export const claimOneInOrder = (sql: SqlClient.SqlClient) => (request: ClaimRequest & DeliveryKey) =>
  Effect.gen(function* () {
    const [found] = yield* sql.unsafe<{ key: string }>(
      `SELECT i.ordering_key::text AS "key"
      FROM inbox_event AS i
      WHERE i.outbox_event_id = $2::uuid AND i.consumer_name = $1 AND ${claimable} AND i.available_at <= now() AND ${notHeld("$1")}
        AND ${limitsIdle("$3")} AND i.ordering_key IS NOT NULL AND ${lockOf("i.ordering_key")}`,
      [request.consumer, request.eventId, idleLimitOf(request)]
    )
    if (found === undefined) return undefined
    const [row] = (yield* take(sql, request, 1, [found.key])).rows
    return row?.eventId === request.eventId ? row : undefined
  })

/**
 * Giving new subscriptions what was published around their registration, by transactions that could not see them.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import type { SweepRequest } from "../../stores/SubscriptionStore.ts"
import { bisectRefused, onRefusal } from "../connection/bisect.ts"
import { orderingKey, writtenTo } from "../writeDeliveries.ts"
import { rekey } from "./register.ts"

/**
 * Who may have published without having seen a registration: sessions of this database and prepared transactions, by the age of
 * their transaction and of their snapshot. What kind of a session it is, a role may not know of those of others: it counts all
 * that belong to a user. Ids of sessions have 32 bits, so ages are compared, not ids.
 */
const busy = `
  SELECT age(backend_xid) AS transaction_age, age(backend_xmin) AS snapshot_age
  FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid() AND usesysid IS NOT NULL
    AND coalesce(backend_type, 'client backend') = 'client backend'
  UNION ALL
  SELECT age(transaction), NULL FROM pg_prepared_xacts WHERE database = current_database()`

/**
 * Holds the subscriptions `s` among `rows` that are as they were seen. One in somebody's hands is left to the next sweep.
 *
 * @param isAsSeen - SQL condition on `s` and its row `e`
 */
const heldAmong = (rows: string, isAsSeen: string) => `
      SELECT s.consumer_name, s.event_pattern
      FROM integration_subscription AS s
      JOIN ${rows} AS e ON e.consumer_name = s.consumer_name AND e.event_pattern = s.event_pattern
      WHERE s.swept_at IS NULL AND ${isAsSeen}
      FOR NO KEY UPDATE OF s SKIP LOCKED`

/**
 * Notes, once every snapshot sees the registration, which transactions may still have published without having seen it: those
 * before this one. A statement gets its transaction's id after its snapshot, and commits long after it has let go of that: so
 * both are waited for, snapshots first. One whose registration changes meanwhile is left to the next sweep.
 */
const noteEnd = (sql: SqlClient.SqlClient) =>
  sql.unsafe(`
    WITH busy AS MATERIALIZED (${busy}), seen AS MATERIALIZED (
      SELECT s.consumer_name, s.event_pattern, s.transaction_id
      FROM integration_subscription AS s
      WHERE s.swept_at IS NULL AND s.sweep_until IS NULL
        AND NOT EXISTS (SELECT 1 FROM busy AS b WHERE b.snapshot_age >= age(s.transaction_id::xid))
    ), held AS MATERIALIZED (${heldAmong("seen", "s.transaction_id = e.transaction_id AND s.sweep_until IS NULL")})
    UPDATE integration_subscription AS s
    SET sweep_until = pg_current_xact_id()
    FROM held AS h
    WHERE s.consumer_name = h.consumer_name AND s.event_pattern = h.event_pattern`)

/** A subscription whose sweep can end, and the end that was noted for it. */
interface Quiet {
  readonly consumer: string
  readonly event: string
  readonly until: string
}

/** Subscriptions nobody can publish past any more: no transaction before `sweep_until` is left. */
const quiet = (sql: SqlClient.SqlClient) =>
  sql.unsafe<Quiet>(`
    WITH busy AS MATERIALIZED (${busy})
    SELECT s.consumer_name AS "consumer", s.event_pattern AS "event", s.sweep_until::text AS "until"
    FROM integration_subscription AS s
    WHERE s.swept_at IS NULL AND s.sweep_until IS NOT NULL
      AND NOT EXISTS (SELECT 1 FROM busy AS b WHERE b.transaction_age > age(s.sweep_until::xid))`)

/** How many missed events one statement of the sweep delivers. */
const sweepLimit = 1000

/** A transaction's id, in the words of `integration_event_transaction_idx`. */
const ordinal = (id: string) => `(${id})::text::bigint`

/** The first transaction that a sweep of `s` does not look at. One that this cluster has not come to was restored from another. */
const sweepEnd = "coalesce(s.sweep_until, pg_snapshot_xmax(pg_current_snapshot()))"

/**
 * Subscriptions `s` with the events `o` that they may have missed: of transactions that `seen_snapshot` does not see, so those after it
 * and each that was under way, as ranges that the index knows. `OFFSET 0` has them read by that index: as a join, they are planned to
 * be looked up in the inbox first, all that there are.
 */
const subscriptionsAndEvents = `integration_subscription AS s
      CROSS JOIN LATERAL (
        SELECT ${ordinal("pg_snapshot_xmax(s.seen_snapshot)")} AS first, ${ordinal(sweepEnd)} - 1 AS last
        UNION ALL
        SELECT ${ordinal("x.id")}, ${ordinal("x.id")} FROM pg_snapshot_xip(s.seen_snapshot) AS x (id) WHERE x.id < ${sweepEnd}
      ) AS r
      CROSS JOIN LATERAL (
        SELECT e.id, e.position
        FROM integration_event AS e
        WHERE ${ordinal("e.transaction_id")} BETWEEN r.first AND r.last AND e.event_name LIKE s.event_like
          AND e.routed_at IS NOT NULL
        OFFSET 0
      ) AS o`

/** Conditions under which an event `o` was missed by a subscription `s`. */
const isMissed = `s.swept_at IS NULL AND NOT EXISTS (
          SELECT 1 FROM inbox_event AS i WHERE i.outbox_event_id = o.id AND i.consumer_name = s.consumer_name
        )`

/** Ids of events that were missed, for when one of them is refused. */
const missedIds = (sql: SqlClient.SqlClient) => (position: string) =>
  sql.unsafe<{ id: string; position: string }>(
    `SELECT m.position::text AS "position", m.id::text AS "id"
    FROM (
      SELECT DISTINCT o.position, o.id
      FROM ${subscriptionsAndEvents}
      WHERE ${isMissed} AND o.position > $1::bigint
      ORDER BY o.position
      LIMIT $2::int
    ) AS m
    ORDER BY m.position`,
    [position, sweepLimit]
  )

interface Given {
  /** Deliveries that were missing; somebody else may have given some of them meanwhile. */
  readonly missed: number
  readonly consumers: ReadonlyArray<string>
}

/** Gives all that is missed and not refused; returns whether something was refused. */
const deliverInPages = Effect.fnUntraced(function* (sql: SqlClient.SqlClient, consumers: Set<string>) {
  let isRefused = false
  for (let position = "0"; ; ) {
    const page = yield* missedIds(sql)(position)
    const { refused, results } = yield* bisectRefused(
      "subscriptions.sweep",
      page.map(({ id }) => id),
      (ids) => deliverMissed(sql)(ids)
    )
    for (const [row] of results) for (const consumer of row?.consumers ?? []) consumers.add(consumer)
    isRefused ||= refused.length > 0
    if (page.length < sweepLimit) return isRefused
    position = page.at(-1)?.position ?? position
  }
})

/** Events whose publisher the registration did not see, and that it did not see either: all of `ids`, or the first there are. */
const deliverMissed = (sql: SqlClient.SqlClient) => (ids: ReadonlyArray<string> | undefined) =>
  sql.unsafe<Given>(
    `WITH missed AS MATERIALIZED (
      SELECT DISTINCT o.position, o.id, s.consumer_name
      FROM ${subscriptionsAndEvents}
      WHERE ${isMissed} AND ($2::uuid[] IS NULL OR o.id = ANY ($2::uuid[]))
      ORDER BY o.position
      LIMIT CASE WHEN $2::uuid[] IS NULL THEN $1::int END
    ), held AS MATERIALIZED (
      SELECT o.id, o.position, o.event_name, o.schema_version, o.available_at, ${orderingKey("o")} AS aggregate_key
      FROM integration_event AS o
      WHERE o.id = ANY (ARRAY(SELECT id FROM missed))
      ORDER BY o.id
      FOR KEY SHARE
    ), wanted AS MATERIALIZED (
      SELECT h.*, m.consumer_name, CASE WHEN c.ordering = 'aggregate' THEN h.aggregate_key END AS ordering_key
      FROM held AS h
      JOIN missed AS m ON m.id = h.id
      JOIN integration_consumer AS c ON c.consumer_name = m.consumer_name
    ), given AS (${writtenTo("wanted")}
    )
    SELECT (SELECT count(*) FROM missed)::int AS "missed",
      ARRAY(SELECT DISTINCT consumer_name::text FROM given) AS "consumers"`,
    [sweepLimit, ids ?? null]
  )

/** Ends the sweeps that were seen: one that began anew has another end, or none yet. */
const markSwept = (sql: SqlClient.SqlClient) => (ended: ReadonlyArray<Quiet>) =>
  sql.unsafe(
    `WITH ended AS MATERIALIZED (
      SELECT * FROM unnest($1::text[], $2::text[], $3::text[]) AS e (consumer_name, event_pattern, until)
    ), held AS MATERIALIZED (${heldAmong("ended", "s.sweep_until = e.until::xid8")})
    UPDATE integration_subscription AS s
    SET swept_at = clock_timestamp(), is_reordered = false
    FROM held AS h
    WHERE s.consumer_name = h.consumer_name AND s.event_pattern = h.event_pattern`,
    [ended.map((_) => _.consumer), ended.map((_) => _.event), ended.map((_) => _.until)]
  )

/** What a sweep sees that begins now; nothing to go on from while events wait to be routed, maybe by who does not see a subscription. */
const seeing = (sql: SqlClient.SqlClient) =>
  Effect.map(
    sql<{ snapshot: string | null }>`
      SELECT CASE WHEN NOT EXISTS (SELECT 1 FROM integration_event WHERE routed_at IS NULL)
        THEN pg_current_snapshot()::text END AS "snapshot"`,
    ([row]) => row?.snapshot ?? undefined
  )

/** How many transactions a sweep looks at again, rather than writing down that it has seen them. */
const seenAgain = 10

/** Notes how far a sweep came that gave all that was missed, for subscriptions that it saw: the next one goes on from there. */
const noteSeen = (sql: SqlClient.SqlClient) => (snapshot: string) =>
  sql.unsafe(
    `WITH seen AS MATERIALIZED (
      SELECT s.consumer_name, s.event_pattern, s.transaction_id
      FROM integration_subscription AS s
      WHERE s.swept_at IS NULL AND pg_visible_in_snapshot(s.transaction_id, $1::text::pg_snapshot)
        AND ${ordinal("pg_snapshot_xmax($1::text::pg_snapshot)")} - ${ordinal("pg_snapshot_xmax(s.seen_snapshot)")} > ${seenAgain}
    ), held AS MATERIALIZED (${heldAmong("seen", "s.transaction_id = e.transaction_id")})
    UPDATE integration_subscription AS s
    SET seen_snapshot = $1::text::pg_snapshot
    FROM held AS h
    WHERE s.consumer_name = h.consumer_name AND s.event_pattern = h.event_pattern`,
    [snapshot]
  )

/** Whether a subscription is still to be swept. */
const isOpen = (sql: SqlClient.SqlClient) =>
  Effect.map(sql`SELECT 1 FROM integration_subscription WHERE swept_at IS NULL LIMIT 1`, (rows) => rows.length > 0)

/**
 * Which subscriptions are quiet is asked before the last delivery, never after: what is published in between is seen
 * by a publisher that knows the subscription.
 */
export const sweep = (sql: SqlClient.SqlClient) =>
  Effect.fnUntraced(function* ({ isThorough }: SweepRequest) {
    if (!(yield* isOpen(sql))) return { consumers: [], isOpen: false }
    yield* noteEnd(sql)
    const ended = yield* quiet(sql)
    const seen = yield* seeing(sql)
    const consumers = new Set<string>()
    let isRefused = false
    for (let missed = sweepLimit; missed === sweepLimit; ) {
      const rows = yield* onRefusal(deliverMissed(sql)(undefined), Effect.as(Effect.void, undefined))
      if (rows === undefined) isRefused = yield* deliverInPages(sql, consumers)
      for (const consumer of rows?.[0]?.consumers ?? []) consumers.add(consumer)
      missed = rows?.[0]?.missed ?? 0
    }
    const left = isThorough || ended.length > 0 ? yield* rekey(sql) : 0
    // What is refused is missed still, and what was in somebody's hands has the wrong key.
    if (ended.length > 0 && !isRefused && left === 0) yield* markSwept(sql)(ended)
    if (seen !== undefined && !isRefused) yield* noteSeen(sql)(seen)
    return { consumers: [...consumers], isOpen: yield* isOpen(sql) }
  })

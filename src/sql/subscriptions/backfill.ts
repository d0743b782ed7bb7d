/**
 * Giving events to consumers that came after them.
 *
 * Events are looked at in the order of their ids, which have an index, page by page. A transaction gives a page, and notes how
 * far that was on the subscriptions it holds: whoever goes on after a crash begins there. Whatever else gives the same event to
 * the consumer makes the same row.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { bisectRefused } from "../connection/bisect.ts"
import type { InTransaction } from "../connection/maintenanceTransaction.ts"
import { lockConsumers } from "../recovery.ts"
import { orderingKey, writtenTo } from "../writeDeliveries.ts"

/** Events that one statement looks at. */
const lookLimit = 5000

/** Events that one transaction gives. */
const giveLimit = 1000

/** Pages without an event for the consumer that are passed at once. */
const pagesAtOnce = 20

/** Whether a subscription `s` is still to be given what was there before it. */
export const isBackfillOpen = "s.backfill_from IS NOT NULL AND s.backfilled_at IS NULL"

const nextConsumer = (sql: SqlClient.SqlClient) => (passed: ReadonlyArray<string>) =>
  sql.unsafe<{ consumer: string }>(
    `SELECT s.consumer_name AS "consumer"
    FROM integration_subscription AS s
    WHERE ${isBackfillOpen} AND s.consumer_name <> ALL ($1::text[])
    ORDER BY s.consumer_name
    LIMIT 1`,
    [passed]
  )

/** A subscription that is held, and the id up to which it was given events. */
interface Held {
  readonly event: string
  readonly after: string
}

/**
 * Subscriptions of a consumer that are still to be given events and that nobody else is at, held as long as the transaction.
 * One that comes later is not among them.
 */
const lockSubscriptions = (sql: SqlClient.SqlClient) => (consumer: string) =>
  sql.unsafe<Held>(
    `SELECT s.event_pattern AS "event", s.backfill_after::text AS "after"
    FROM integration_subscription AS s
    WHERE s.consumer_name = $1 AND ${isBackfillOpen}
    ORDER BY s.event_pattern
    FOR NO KEY UPDATE SKIP LOCKED`,
    [consumer]
  )

interface Page {
  /** Events to be given. */
  readonly ids: ReadonlyArray<string>
  /** The last one that was looked at; null when there are no more. */
  readonly last: string | null
}

/** The next events that these subscriptions are to be given. */
const look = (sql: SqlClient.SqlClient) => (consumer: string, events: ReadonlyArray<string>, after: string) =>
  sql.unsafe<Page>(
    `WITH page AS MATERIALIZED (
      SELECT o.id, o.event_name, o.created_at, o.routed_at
      FROM integration_event AS o
      WHERE o.id > $3::uuid
      ORDER BY o.id
      LIMIT ${lookLimit}
    ), wanted AS MATERIALIZED (
      SELECT p.id
      FROM page AS p
      WHERE p.routed_at IS NOT NULL AND EXISTS (
        SELECT 1
        FROM integration_subscription AS s
        WHERE s.consumer_name = $1 AND s.event_pattern = ANY ($2::text[]) AND p.event_name LIKE s.event_like
          AND p.created_at >= s.backfill_from AND p.id > s.backfill_after
      )
      ORDER BY p.id
      LIMIT ${giveLimit}
    )
    SELECT ARRAY(SELECT w.id::text FROM wanted AS w ORDER BY w.id) AS "ids", (
      SELECT p.id::text
      FROM page AS p
      WHERE (SELECT count(*) FROM wanted) < ${giveLimit} OR p.id IN (SELECT id FROM wanted)
      ORDER BY p.id DESC
      LIMIT 1
    ) AS "last"`,
    [consumer, events, after]
  )

/** Gives events to a consumer: they are held first, so that nobody removes them meanwhile. */
const writeDeliveries = (sql: SqlClient.SqlClient) => (consumer: string, ids: ReadonlyArray<string>) =>
  sql.unsafe(
    `WITH events AS MATERIALIZED (
      SELECT o.id, o.position, o.event_name, o.schema_version, o.available_at, c.consumer_name,
        CASE WHEN c.ordering = 'aggregate' THEN ${orderingKey("o")} END AS ordering_key
      FROM integration_event AS o
      CROSS JOIN integration_consumer AS c
      WHERE c.consumer_name = $1 AND o.id = ANY ($2::uuid[])
      ORDER BY o.id
      FOR KEY SHARE OF o
    ), given AS (${writtenTo("events")}
    )
    SELECT count(*)::int AS "given" FROM given`,
    [consumer, ids]
  )

const saveProgress = (sql: SqlClient.SqlClient) => (consumer: string, events: ReadonlyArray<string>, last: string) =>
  sql`
    UPDATE integration_subscription
    SET backfill_after = greatest(backfill_after, ${last}::uuid)
    WHERE consumer_name = ${consumer} AND event_pattern = ANY (${events}::text[])`

const markBackfilled = (sql: SqlClient.SqlClient) => (consumer: string, events: ReadonlyArray<string>) =>
  sql`
    UPDATE integration_subscription
    SET backfilled_at = clock_timestamp()
    WHERE consumer_name = ${consumer} AND event_pattern = ANY (${events}::text[])`

/**
 * Lets an ordered consumer begin that was held for its backfill, when no backfill of it is open any more. Who does so holds the
 * consumer: a registration adds nothing meanwhile.
 */
export const unhold = (sql: SqlClient.SqlClient) => (consumer: string) =>
  sql`
    UPDATE integration_consumer AS c
    SET held_for_backfill = false
    WHERE c.consumer_name = ${consumer} AND c.held_for_backfill AND NOT EXISTS (
      SELECT 1
      FROM integration_subscription AS s
      WHERE s.consumer_name = c.consumer_name AND ${sql.literal(isBackfillOpen)}
    )`

/** What became of a page; undefined when somebody else is at it. */
type Progress = "given" | "passed" | "through" | undefined

/** Gives a page of a consumer's events, or calls `end` with what is held when there is none. */
const givePage = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  inTransaction: InTransaction,
  consumer: string,
  end: (events: ReadonlyArray<string>) => Effect.Effect<unknown, SqlError.SqlError>
): Effect.fn.Return<Progress, SqlError.SqlError> {
  const held = yield* lockSubscriptions(sql)(consumer)
  if (held.length === 0) return undefined
  const events = held.map(({ event }) => event)
  const after = held.map((_) => _.after).reduce((a, b) => (a < b ? a : b))
  const [page] = yield* look(sql)(consumer, events, after)
  if (page === undefined || page.last === null) return yield* Effect.as(end(events), "through" as const)
  const write = (ids: ReadonlyArray<string>) => inTransaction(writeDeliveries(sql)(consumer, ids))
  yield* bisectRefused("subscriptions.backfill", page.ids, write)
  yield* saveProgress(sql)(consumer, events, page.last)
  return page.ids.length > 0 ? "given" : "passed"
})

/** Gives some of a consumer's events, and ends its backfill when there are no more. Returns false when somebody else is at it. */
const giveSome = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  inTransaction: InTransaction,
  consumer: string
) {
  let progress: Progress
  for (let pages = 0; pages < pagesAtOnce; pages++) {
    progress = yield* inTransaction(givePage(sql, inTransaction, consumer, () => Effect.void))
    if (progress !== "passed") break
  }
  if (progress !== "through") return progress !== undefined
  const end = (events: ReadonlyArray<string>) =>
    Effect.andThen(markBackfilled(sql)(consumer, events), unhold(sql)(consumer))
  const ended = Effect.andThen(lockConsumers(sql)([consumer]), givePage(sql, inTransaction, consumer, end))
  return (yield* inTransaction(ended)) !== undefined
})

/** Each consumer in turn, until something was given to one. */
export const backfill = (sql: SqlClient.SqlClient, inTransaction: InTransaction) =>
  Effect.gen(function* () {
    const passed: Array<string> = []
    for (;;) {
      const [next] = yield* nextConsumer(sql)(passed)
      if (next === undefined) return { consumers: [], isOpen: passed.length > 0 }
      if (yield* giveSome(sql, inTransaction, next.consumer)) return { consumers: [next.consumer], isOpen: true }
      passed.push(next.consumer)
    }
  })

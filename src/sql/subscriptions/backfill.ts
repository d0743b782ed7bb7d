/**
 * Giving events to consumers that came after them.
 *
 * Ids are read in the order of positions, many at once, and given in small transactions that also note how far they came:
 * whoever goes on after a crash begins there. Whatever else gives the same event to the consumer makes the same row.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { bisectRefused } from "../connection/bisect.ts"
import type { InTransaction } from "../connection/maintenanceTransaction.ts"
import { orderingKey, writtenTo } from "../writeDeliveries.ts"

/** Ids that are read by one statement, which has to sort all that match. */
const readLimit = 50_000

/** Events that one transaction gives. */
const batchLimit = 1000

/** Whether a subscription `s` is still to be given what was there before it. */
export const isBackfillOpen = "s.backfill_from IS NOT NULL AND s.backfilled_at IS NULL"

const nextConsumer = (sql: SqlClient.SqlClient) => (passed: ReadonlyArray<string>) =>
  sql.unsafe<{ consumer: string; after: bigint }>(
    `SELECT s.consumer_name AS "consumer", min(s.backfill_after) AS "after"
    FROM integration_subscription AS s
    WHERE ${isBackfillOpen} AND s.consumer_name <> ALL ($1::text[])
    GROUP BY s.consumer_name
    ORDER BY s.consumer_name
    LIMIT 1`,
    [passed]
  )

const idsAfter = (sql: SqlClient.SqlClient) => (consumer: string, after: bigint) =>
  sql.unsafe<{ id: string; position: bigint }>(
    `SELECT o.id::text AS "id", o.position AS "position"
    FROM outbox_event AS o
    WHERE o.position > $2::bigint AND o.routed_at IS NOT NULL AND EXISTS (
      SELECT 1
      FROM integration_subscription AS s
      WHERE s.consumer_name = $1 AND ${isBackfillOpen} AND o.event_name LIKE s.event_like AND o.created_at >= s.backfill_from
        AND o.position > s.backfill_after
    )
    ORDER BY o.position
    LIMIT ${readLimit}`,
    [consumer, after]
  )

/** Whether nobody else is giving events to this consumer: the hold lasts as long as the transaction. */
const lockSubscriptions = (sql: SqlClient.SqlClient) => (consumer: string) =>
  sql.unsafe(
    `SELECT 1 FROM integration_subscription AS s WHERE s.consumer_name = $1 AND ${isBackfillOpen} FOR UPDATE SKIP LOCKED`,
    [consumer]
  )

/** Gives events to a consumer: they are locked first, see `reopenEvents`. */
const writeDeliveries = (sql: SqlClient.SqlClient) => (consumer: string, ids: ReadonlyArray<string>) =>
  sql.unsafe(
    `WITH events AS MATERIALIZED (
      SELECT o.id, o.position, o.event_name, o.schema_version, o.available_at, c.consumer_name,
        CASE WHEN c.ordering = 'aggregate' THEN ${orderingKey("o")} END AS ordering_key
      FROM outbox_event AS o
      CROSS JOIN integration_consumer AS c
      WHERE c.consumer_name = $1 AND o.id = ANY ($2::uuid[])
      ORDER BY o.id
      FOR UPDATE OF o
    ), ${writtenTo("events")}
    SELECT count(*)::int AS "given" FROM given`,
    [consumer, ids]
  )

const saveProgress = (sql: SqlClient.SqlClient) => (consumer: string, position: bigint) =>
  sql.unsafe(
    `UPDATE integration_subscription AS s
    SET backfill_after = greatest(s.backfill_after, $2::bigint)
    WHERE s.consumer_name = $1 AND ${isBackfillOpen}`,
    [consumer, position]
  )

const markBackfilled = (sql: SqlClient.SqlClient) => (consumer: string) =>
  sql.unsafe(
    `WITH ended AS (
      UPDATE integration_subscription AS s
      SET backfilled_at = clock_timestamp()
      WHERE s.consumer_name = $1 AND ${isBackfillOpen}
    )
    UPDATE integration_consumer SET held_for_backfill = false WHERE consumer_name = $1`,
    [consumer]
  )

/** Gives some of a consumer's events. Returns whether there may be more; undefined when somebody else is at it. */
const backfillPage = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  inTransaction: InTransaction,
  consumer: string,
  after: bigint
) {
  const found = yield* idsAfter(sql)(consumer, after)
  const whileNobodyElse = <A>(work: Effect.Effect<A, SqlError.SqlError>) =>
    inTransaction(
      Effect.flatMap(lockSubscriptions(sql)(consumer), (rows) =>
        rows.length === 0 ? Effect.succeed(false) : Effect.as(work, true)
      )
    )
  for (let start = 0; start < found.length; start += batchLimit) {
    const batch = found.slice(start, start + batchLimit)
    const writePart = (part: ReadonlyArray<(typeof found)[number]>) => {
      const ids = part.map(({ id }) => id)
      const written = writeDeliveries(sql)(consumer, ids)
      return whileNobodyElse(Effect.andThen(written, saveProgress(sql)(consumer, part.at(-1)?.position ?? after)))
    }
    const { results } = yield* bisectRefused("subscriptions.backfill", batch, writePart, ({ id }) => id)
    if (results.includes(false)) return undefined
  }
  if (found.length === readLimit) return true
  return (yield* whileNobodyElse(markBackfilled(sql)(consumer))) ? false : undefined
})

/** Each consumer in turn, until something was given to one. */
export const backfill = (sql: SqlClient.SqlClient, inTransaction: InTransaction) =>
  Effect.gen(function* () {
    const passed: Array<string> = []
    for (;;) {
      const [next] = yield* nextConsumer(sql)(passed)
      if (next === undefined) return { consumers: [], isOpen: passed.length > 0 }
      const hasMore = yield* backfillPage(sql, inTransaction, next.consumer, next.after)
      if (hasMore !== undefined) return { consumers: [next.consumer], isOpen: true }
      passed.push(next.consumer)
    }
  })

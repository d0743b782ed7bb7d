/**
 * Removing events that were settled long ago, with their deliveries and the history of these.
 *
 * Events are looked at in the order of their ids, page by page: no index is kept for this.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { Removed, RetentionWindow, SettledCount } from "../../stores/OutboxStore.ts"
import { bisectRefused } from "../connection/bisect.ts"
import type { InTransaction } from "../connection/maintenanceTransaction.ts"
import { gaveUp } from "../deliveryStates.ts"

/** Below every id. */
const firstId = "00000000-0000-0000-0000-000000000000"

/** Whether an event of the view may be removed, after `$2` hours, or after `$3` if something gave up. */
const isOld = `(
  (o.status = 'processed' AND o.processed_at < clock_timestamp() - $2::float8 * interval '1 hour')
  OR (o.status IN ('dead_letter', 'failed') AND o.processed_at < clock_timestamp() - $3::float8 * interval '1 hour')
)`

const nextAfter = (ids: ReadonlyArray<string>, limit: number) => (ids.length < limit ? undefined : ids.at(-1))

const page = (sql: SqlClient.SqlClient) => (after: string, limit: number) =>
  sql<{ id: string }>`
    SELECT id::text AS "id" FROM integration_event WHERE id > ${after}::uuid ORDER BY id LIMIT ${limit}::int`

/**
 * Holds old events that nobody has in hand, with those of their deliveries that somebody could open again. What was opened
 * since this statement began is seen by the next one.
 */
const locked = (sql: SqlClient.SqlClient) => (ids: ReadonlyArray<string>, ages: ReadonlyArray<number | null>) =>
  sql.unsafe<{ id: string }>(
    `WITH events AS MATERIALIZED (
      SELECT e.id
      FROM integration_event AS e
      WHERE e.id = ANY (ARRAY(SELECT o.id FROM outbox_event AS o WHERE o.id = ANY ($1::uuid[]) AND ${isOld}))
      ORDER BY e.id
      FOR UPDATE SKIP LOCKED
    ), deliveries AS MATERIALIZED (
      SELECT i.id
      FROM inbox_event AS i
      WHERE i.outbox_event_id IN (SELECT id FROM events) AND ${gaveUp}
      FOR UPDATE SKIP LOCKED
    )
    SELECT e.id::text AS "id"
    FROM events AS e
    WHERE NOT EXISTS (
      SELECT 1
      FROM inbox_event AS i
      WHERE i.outbox_event_id = e.id AND ${gaveUp} AND i.id NOT IN (SELECT id FROM deliveries)
    )`,
    [ids, ...ages]
  )

/** Their deliveries go with them. */
const remove = (sql: SqlClient.SqlClient) => (ids: ReadonlyArray<string>, ages: ReadonlyArray<number | null>) =>
  sql.unsafe<{ id: string }>(
    `DELETE FROM integration_event AS e
    WHERE e.id = ANY (ARRAY(SELECT o.id FROM outbox_event AS o WHERE o.id = ANY ($1::uuid[]) AND ${isOld}))
    RETURNING e.id::text AS "id"`,
    [ids, ...ages]
  )

export const countSettled =
  (sql: SqlClient.SqlClient) =>
  ({ after, deadLetterHours, hours, limit }: RetentionWindow): Effect.Effect<SettledCount, SqlError.SqlError> =>
    Effect.gen(function* () {
      const ids = (yield* page(sql)(after ?? firstId, limit)).map(({ id }) => id)
      const [row] = yield* sql.unsafe<{ settled: number }>(
        `SELECT count(*)::int AS "settled" FROM outbox_event AS o WHERE o.id = ANY ($1::uuid[]) AND ${isOld}`,
        [ids, hours ?? null, deadLetterHours ?? null]
      )
      return { settled: row?.settled ?? 0, looked: ids.length, next: nextAfter(ids, limit) }
    })

export const removeSettled =
  (sql: SqlClient.SqlClient, inTransaction: InTransaction) =>
  ({ after, deadLetterHours, hours, limit }: RetentionWindow): Effect.Effect<Removed, SqlError.SqlError> =>
    Effect.gen(function* () {
      const ids = (yield* page(sql)(after ?? firstId, limit)).map(({ id }) => id)
      const ages = [hours ?? null, deadLetterHours ?? null]
      const batch = (some: ReadonlyArray<string>) =>
        inTransaction(
          Effect.gen(function* () {
            const held = (yield* locked(sql)(some, ages)).map(({ id }) => id)
            return held.length === 0 ? 0 : (yield* remove(sql)(held, ages)).length
          })
        )
      const { results } = yield* bisectRefused("outbox.removeSettled", ids, batch)
      return {
        removed: results.reduce((sum, count) => sum + count, 0),
        next: nextAfter(ids, limit)
      }
    })

/**
 * Statements over `integration_operation`.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import type { SqlClient } from "effect/sql"
import { cutTo } from "../../model/storable.ts"
import {
  type NewOperation,
  type OperationState,
  type OperationStep,
  OperationStore
} from "../../stores/OperationStore.ts"
import { toStoredFilter } from "../../stores/storedFilter.ts"
import { storeErrorsOf } from "../connection/errors.ts"
import { TableClient } from "../connection/tableClient.ts"
import { columns, fromCursor, type OperationRow, type TakenRow, takenColumns, toOperation, toTaken } from "./columns.ts"
import * as Scope from "./scope.ts"
import { watch } from "./watch.ts"

const add = (sql: SqlClient.SqlClient) => (given: NewOperation) =>
  sql.unsafe<OperationRow>(
    `INSERT INTO integration_operation AS o
      (id, kind, filter, cut_off, canary, pace, reason, requested_by, role, state, total, is_total_exact)
    VALUES ($1::uuid, $2::text, $3::jsonb, coalesce($4::timestamptz, clock_timestamp()), $5::int, $6::float8, $7::text, $8::text,
      $9::text, CASE WHEN $5::int > 0 THEN 'canary' ELSE 'running' END, $10::bigint, $11::boolean)
    RETURNING ${columns}`,
    [
      given.id,
      given.kind,
      toStoredFilter(given.filter),
      given.cutOff ?? null,
      given.canary,
      given.pace,
      given.reason,
      given.by,
      given.role,
      given.total,
      given.isTotalExact
    ]
  )

const find = (sql: SqlClient.SqlClient) => (id: string) =>
  sql.unsafe<OperationRow>(`SELECT ${columns} FROM integration_operation AS o WHERE o.id = $1::uuid`, [id])

const list =
  (sql: SqlClient.SqlClient) => (state: OperationState | undefined, after: string | undefined, limit: number) =>
    sql.unsafe<OperationRow>(
      `SELECT ${columns} FROM integration_operation AS o
      WHERE ($1::text IS NULL OR o.state = $1) AND ($2::uuid IS NULL OR o.id < $2)
      ORDER BY o.id DESC
      LIMIT $3::int`,
      [state ?? null, after ?? null, limit]
    )

const stop = (sql: SqlClient.SqlClient) => (id: string, by: string) =>
  sql.unsafe(
    `UPDATE integration_operation AS o
    SET state = 'stopped', is_taken = true, stopped_by = $2::text, next_step_at = clock_timestamp(),
      updated_at = clock_timestamp()
    WHERE o.id = $1::uuid AND o.state IN ('canary', 'running')
    RETURNING 1`,
    [id, by]
  )

const dueIn = (sql: SqlClient.SqlClient) =>
  sql.unsafe<{ inMillis: number | null }>(
    `SELECT (extract(epoch FROM (
      SELECT o.next_step_at FROM integration_operation AS o WHERE o.finished_at IS NULL ORDER BY o.next_step_at LIMIT 1
    ) - clock_timestamp()) * 1000)::float8 AS "inMillis"`
  )

const take = (sql: SqlClient.SqlClient) =>
  sql.unsafe<TakenRow>(
    `SELECT ${takenColumns} FROM integration_operation AS o
    WHERE o.finished_at IS NULL AND o.next_step_at <= clock_timestamp()
    ORDER BY o.next_step_at
    LIMIT 1
    FOR NO KEY UPDATE SKIP LOCKED`
  )

const save = (sql: SqlClient.SqlClient) => (id: string, step: OperationStep) => {
  const cursors = [step.cursor, step.countCursor].flatMap((cursor) =>
    cursor === null ? [null, null] : fromCursor(cursor)
  )
  return sql.unsafe(
    `WITH watched AS (
      INSERT INTO integration_operation_delivery (operation_id, outbox_event_id, consumer_name)
      SELECT $1::uuid, r.event_id, r.consumer FROM unnest($2::uuid[], $3::text[]) AS r (event_id, consumer)
      ON CONFLICT DO NOTHING
    )
    UPDATE integration_operation AS o
    SET state = $4::text, is_taken = $5::boolean, total = $6::bigint, is_total_exact = $7::boolean, counted = $8::bigint,
      done = done + $9::bigint, settled = settled + $10::bigint, failed_again = failed_again + $11::bigint,
      cursor_at = $12::timestamptz, cursor_id = $13::uuid, count_at = $14::timestamptz, count_id = $15::uuid,
      started_at = coalesce(started_at, clock_timestamp()), last_error = NULL,
      updated_at = CASE WHEN $9::bigint + $10::bigint + $11::bigint > 0 OR state <> $4::text THEN clock_timestamp() ELSE updated_at END,
      next_step_at = clock_timestamp() + $16::float8 * interval '1 millisecond',
      finished_at = CASE WHEN $17::boolean THEN clock_timestamp() END
    WHERE o.id = $1::uuid`,
    [
      id,
      step.requeued.map(({ eventId }) => eventId),
      step.requeued.map(({ consumer }) => consumer),
      step.state,
      step.isTaken,
      step.total,
      step.isTotalExact,
      step.counted,
      step.done,
      step.settled,
      step.failedAgain,
      ...cursors,
      step.delayMillis,
      step.isFinished
    ]
  )
}

const postpone = (sql: SqlClient.SqlClient) => (id: string, error: string, delayMillis: number) =>
  sql.unsafe(
    `UPDATE integration_operation AS o
    SET last_error = $2::text, next_step_at = clock_timestamp() + $3::float8 * interval '1 millisecond'
    WHERE o.id = $1::uuid AND o.finished_at IS NULL`,
    [id, cutTo(error, 1023), delayMillis]
  )

/** Operations go when nothing of theirs is left: a statement does not see what it has removed, so with the next one. */
const forget = (sql: SqlClient.SqlClient) => (days: number, limit: number) =>
  sql.unsafe(
    `WITH old AS MATERIALIZED (
      SELECT o.id FROM integration_operation AS o
      WHERE o.is_taken AND coalesce(o.finished_at, o.updated_at) < clock_timestamp() - $1::float8 * interval '1 day'
      ORDER BY o.id
      LIMIT $2::int
    ), part AS MATERIALIZED (
      SELECT d.operation_id, d.outbox_event_id, d.consumer_name
      FROM integration_operation_delivery AS d
      WHERE d.operation_id IN (SELECT id FROM old)
      LIMIT $2::int
    ), forgotten AS (
      DELETE FROM integration_operation_delivery AS d
      USING part AS s
      WHERE d.operation_id = s.operation_id AND d.outbox_event_id = s.outbox_event_id AND d.consumer_name = s.consumer_name
      RETURNING 1
    ), removed AS (
      DELETE FROM integration_operation AS o
      WHERE o.id IN (SELECT id FROM old)
        AND NOT EXISTS (SELECT 1 FROM integration_operation_delivery AS d WHERE d.operation_id = o.id)
      RETURNING 1
    )
    SELECT 1 FROM forgotten UNION ALL SELECT 1 FROM removed`,
    [days, limit]
  )

export const layer: Layer.Layer<OperationStore, never, TableClient> = Layer.effect(
  OperationStore,
  Effect.gen(function* () {
    const { sql } = yield* TableClient
    const storeErrors = storeErrorsOf(sql)
    return OperationStore.of({
      preview: (scope, limit) => storeErrors("operations.preview")(Scope.preview(sql)(scope, limit)),
      add: (operation) =>
        storeErrors("operations.add")(Effect.map(add(sql)(operation), ([row]) => toOperation(row as OperationRow))),
      find: (id) =>
        storeErrors("operations.find")(
          Effect.map(find(sql)(id), ([row]) => (row === undefined ? undefined : toOperation(row)))
        ),
      list: ({ state }, after, limit) =>
        storeErrors("operations.list")(Effect.map(list(sql)(state, after, limit), (rows) => rows.map(toOperation))),
      stop: (id, by) => storeErrors("operations.stop")(Effect.map(stop(sql)(id, by), (rows) => rows.length > 0)),
      dueIn: storeErrors("operations.dueIn")(Effect.map(dueIn(sql), ([row]) => row?.inMillis ?? undefined)),
      take: storeErrors("operations.take")(
        Effect.map(take(sql), ([row]) => (row === undefined ? undefined : toTaken(row)))
      ),
      next: (operation, limit) => storeErrors("operations.next")(Scope.next(sql)(operation, limit)),
      count: (operation, limit) => storeErrors("operations.count")(Scope.count(sql)(operation, limit)),
      watch: (...given) => storeErrors("operations.watch")(watch(sql)(...given)),
      save: (id, step) => storeErrors("operations.save")(Effect.asVoid(save(sql)(id, step))),
      postpone: (...given) => storeErrors("operations.postpone")(Effect.asVoid(postpone(sql)(...given))),
      forget: (days, limit) =>
        storeErrors("operations.forget")(Effect.map(forget(sql)(days, limit), (rows) => rows.length))
    })
  })
)

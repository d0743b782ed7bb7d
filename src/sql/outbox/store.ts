/**
 * Statements over `outbox_event`: one function per statement.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import type { SqlClient } from "effect/sql"
import { type EventStatus, OutboxStore } from "../../stores/OutboxStore.ts"
import { storeErrorsOf } from "../connection/errors.ts"
import { maintenanceTransaction } from "../connection/maintenanceTransaction.ts"
import { TableClient } from "../connection/tableClient.ts"
import { contentOf } from "../contents.ts"
import { append, columnsOf, type StoredRow, toOutboxRow } from "./append.ts"
import { removeSettled } from "./retention.ts"
import { rollUpGiven, rollUpWindow } from "./rollUp.ts"
import { route } from "./route.ts"

const findById = (sql: SqlClient.SqlClient) => (eventId: string) =>
  Effect.map(
    sql.unsafe<StoredRow>(
      `SELECT ${columnsOf("e")} FROM outbox_event AS e CROSS JOIN ${contentOf("e.payload", "e.metadata")}
      WHERE e.id = $1::uuid`,
      [eventId]
    ),
    ([row]) => (row === undefined ? undefined : toOutboxRow(row))
  )

const findByName = (sql: SqlClient.SqlClient) => (eventName: string, position: bigint, limit: number) =>
  Effect.map(
    sql.unsafe<StoredRow>(
      `SELECT ${columnsOf("e")}
      FROM outbox_event AS e
      CROSS JOIN ${contentOf("e.payload", "e.metadata")}
      WHERE e.event_name = $1 AND e.position > $2::bigint
      ORDER BY e.position
      LIMIT $3::int`,
      [eventName, String(position), limit]
    ),
    (rows) => rows.map(toOutboxRow)
  )

const countByStatus = (sql: SqlClient.SqlClient) =>
  sql<{ status: EventStatus; count: number }>`
    SELECT status AS "status", count(*)::int AS "count" FROM outbox_event GROUP BY status`

export const layer: Layer.Layer<OutboxStore, never, TableClient> = Layer.effect(
  OutboxStore,
  Effect.gen(function* () {
    // The host application may rename columns on its client; these statements name every column themselves.
    const { sql } = yield* TableClient
    const storeErrors = storeErrorsOf(sql)
    const appendAll = append(sql)
    const routeUnrouted = route(sql)
    const remove = removeSettled(sql, yield* maintenanceTransaction(sql))
    const rollUpIds = rollUpGiven(sql)
    const rollUpAfter = rollUpWindow(sql)
    return OutboxStore.of({
      append: (events, notification) => storeErrors("outbox.append")(appendAll(events, notification)),
      route: (limit) => storeErrors("outbox.route")(routeUnrouted(limit)),
      rollUp: (eventIds) => storeErrors("outbox.rollUp")(rollUpIds(eventIds)),
      rollUpFrom: (position, limit) => storeErrors("outbox.rollUpFrom")(rollUpAfter(position, limit)),
      removeSettled: (window) => storeErrors("outbox.removeSettled")(remove(window)),
      findByName: (eventName, position, limit) =>
        storeErrors("outbox.findByName")(findByName(sql)(eventName, position, limit)),
      findById: (eventId) => storeErrors("outbox.findById")(findById(sql)(eventId)),
      countByStatus: storeErrors("outbox.countByStatus")(
        Effect.map(countByStatus(sql), (rows) => Object.fromEntries(rows.map((row) => [row.status, row.count])))
      )
    })
  })
)

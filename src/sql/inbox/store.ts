/**
 * Statements over `inbox_event`: one function per statement.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import type { SqlClient } from "effect/sql"
import { printable } from "../../model/printable.ts"
import type { AttemptRecord, Delivery, DeliveryKey, Settlement, StatusCount } from "../../stores/Delivery.ts"
import { InboxStore } from "../../stores/InboxStore.ts"
import { missedMarks } from "../../stores/missedMarks.ts"
import { ControlConnection } from "../connection/controlConnection.ts"
import { storeErrorsOf } from "../connection/errors.ts"
import { maintenanceTransaction } from "../connection/maintenanceTransaction.ts"
import { TableClient } from "../connection/tableClient.ts"
import { claimable, deliveryFields, gaveUp, isUntried } from "../deliveryStates.ts"
import { withPosition } from "../exact.ts"
import { isCalled, orderingKey, writtenTo } from "../writeDeliveries.ts"
import { claim, claimOne } from "./claim.ts"
import { claimInOrder, claimOneInOrder } from "./claimInOrder.ts"
import { depths } from "./depths.ts"
import { leases } from "./lease.ts"
import { oldest } from "./oldest.ts"
import { unpark } from "./orderingKeys.ts"
import { nextDue, poll } from "./poll.ts"
import { settledBy, settling } from "./settle.ts"

const complete = (sql: SqlClient.SqlClient) =>
  Effect.fnUntraced(function* (deliveries: ReadonlyArray<DeliveryKey>) {
    const [row] = yield* sql<{ marked: number }>`
      WITH marked AS (
        UPDATE inbox_event
        SET status = 'processed', attempt_count = attempt_count + 1, processed_at = clock_timestamp(),
          updated_at = clock_timestamp(), error_fingerprint = NULL
        WHERE outbox_event_id = ANY (${deliveries.map(({ eventId }) => eventId)}::uuid[])
          AND consumer_name = ${deliveries[0]?.consumer} AND status IN ('received', 'failed')
        RETURNING 1
      )
      SELECT count(*)::int AS "marked" FROM marked`
    const marked = row?.marked ?? 0
    if (marked < deliveries.length) return yield* missedMarks("inbox.complete", deliveries.length, marked)
  })

/**
 * The guard makes it safe as a statement of its own: a row that was settled meanwhile is left alone. The history gets
 * what failed.
 */
const settle = (sql: SqlClient.SqlClient) => {
  const statement = settling({
    attempts: "i.attempt_count + 1",
    guard: "i.status IN ('received', 'failed') AND i.available_at IS NOT NULL AND i.attempt_count = $10::int"
  })
  return (settlement: Settlement) => sql.unsafe(statement, [...settledBy(settlement), settlement.seenAttempts])
}

const attempts =
  (sql: SqlClient.SqlClient) =>
  ({ consumer, eventId }: DeliveryKey) =>
    sql<AttemptRecord>`
    SELECT attempt AS "attempt", started_at AS "startedAt", finished_at AS "finishedAt", outcome AS "outcome",
      error_tag AS "errorTag", error AS "error"
    FROM (
      SELECT *
      FROM integration_attempt
      WHERE outbox_event_id = ${eventId}::uuid AND consumer_name = ${consumer}
      ORDER BY id DESC
      LIMIT 1000
    ) AS a
    ORDER BY id`

/**
 * The lower tiers of events whose upper ones have been attempted. One that is late anyway, being delayed or parked, or
 * that somebody holds, is left alone.
 */
const bringForward = (sql: SqlClient.SqlClient) => {
  const statement = `
    WITH held AS MATERIALIZED (
      SELECT i.outbox_event_id, i.consumer_name
      FROM inbox_event AS i
      WHERE i.outbox_event_id = ANY ($1::uuid[]) AND i.tier > 0 AND ${isUntried("i")}
        AND i.available_at < 'infinity' AND i.available_at > clock_timestamp()
        AND NOT EXISTS (
          SELECT 1
          FROM inbox_event AS above
          WHERE above.outbox_event_id = i.outbox_event_id AND above.tier < i.tier
            AND ${isUntried("above")}
        )
      FOR NO KEY UPDATE SKIP LOCKED
    )
    UPDATE inbox_event AS i
    SET available_at = clock_timestamp(), updated_at = clock_timestamp()
    FROM held AS h
    WHERE i.outbox_event_id = h.outbox_event_id AND i.consumer_name = h.consumer_name
    RETURNING i.consumer_name::text AS "consumer"`
  return (eventIds: ReadonlyArray<string>) => sql.unsafe<{ consumer: string }>(statement, [eventIds])
}

/** The event is held, so that nobody removes it meanwhile. */
const deliver = (sql: SqlClient.SqlClient) => (eventId: string, consumer: string) =>
  sql.unsafe<{ events: number }>(
    `WITH events AS MATERIALIZED (
      SELECT o.id, o.position, o.event_name, o.schema_version, o.available_at, $2::text AS consumer_name,
        CASE WHEN EXISTS (
          SELECT 1 FROM integration_consumer AS c WHERE c.consumer_name = $2::text AND c.ordering = 'aggregate'
        ) THEN ${orderingKey("o")} END AS ordering_key
      FROM integration_event AS o
      WHERE o.id = $1::uuid
      FOR KEY SHARE OF o
    ), given AS (${writtenTo("events")}
    )
    SELECT count(*)::int AS "events" FROM events`,
    [eventId, consumer]
  )

type DeliveryRow = Omit<Delivery, "position"> & { readonly position: string }

/** Below every id. */
const firstId = "00000000-0000-0000-0000-000000000000"

/** In the order of the primary key. */
const findByConsumer = (sql: SqlClient.SqlClient) => (consumer: string, after: string | undefined, limit: number) =>
  sql.unsafe<DeliveryRow>(
    `SELECT ${deliveryFields}
    FROM inbox_event AS i
    WHERE i.consumer_name = $1 AND i.outbox_event_id > $2::uuid
    ORDER BY i.outbox_event_id
    LIMIT $3::int`,
    [consumer, after ?? firstId, limit]
  )

const findById = (sql: SqlClient.SqlClient) => (deliveryId: string) =>
  sql.unsafe<DeliveryRow>(
    `SELECT ${deliveryFields} FROM inbox_event AS i WHERE i.id = $1::uuid AND ${gaveUp}
    UNION ALL
    SELECT ${deliveryFields} FROM inbox_event AS i WHERE ${isCalled("$1")}
    LIMIT 1`,
    [deliveryId]
  )

const findByEvent = (sql: SqlClient.SqlClient) => (eventId: string) =>
  sql.unsafe<DeliveryRow>(
    `SELECT ${deliveryFields} FROM inbox_event AS i WHERE i.outbox_event_id = $1::uuid ORDER BY i.consumer_name`,
    [eventId]
  )

/** Each kind of open delivery has an index. */
const hasOpen = (sql: SqlClient.SqlClient) => (consumers: ReadonlyArray<string>) => {
  const exists = (condition: string) =>
    `EXISTS (SELECT 1 FROM inbox_event AS i WHERE i.consumer_name = ANY ($1::text[]) AND ${condition})`
  return sql.unsafe<{ isOpen: boolean }>(
    `SELECT ${exists(claimable)} OR ${exists("i.status = 'processing'")}
      OR ${exists("i.status IN ('received', 'failed') AND i.available_at = 'infinity'")} AS "isOpen"`,
    [consumers]
  )
}

/** One look at each delivery, so what is asked of it is little: conditions of each row took a third longer. */
const countByStatus = (sql: SqlClient.SqlClient) =>
  sql.unsafe<StatusCount>(
    `SELECT c.consumer AS "consumer", c.status AS "status", c.count AS "count",
      CASE WHEN c.status IN ('received', 'processing') THEN c.count WHEN c.status = 'failed' THEN c.due ELSE 0 END AS "open",
      CASE WHEN c.status IN ('received', 'failed') THEN c.parked ELSE 0 END AS "parked"
    FROM (
      SELECT i.consumer_name AS consumer, i.status AS status, count(*)::int AS count, count(i.available_at)::int AS due,
        (count(*) FILTER (WHERE i.available_at = 'infinity'))::int AS parked
      FROM inbox_event AS i
      GROUP BY 1, 2
    ) AS c
    ORDER BY 1, 2`
  )

const lastPosition = (sql: SqlClient.SqlClient) => (consumer: string) =>
  sql<{ position: string }>`
    SELECT coalesce(max(position), 0)::text AS "position" FROM inbox_event WHERE consumer_name = ${consumer}`

export const layer: Layer.Layer<InboxStore, never, TableClient | ControlConnection> = Layer.effect(
  InboxStore,
  Effect.gen(function* () {
    const { on, sql } = yield* TableClient
    const storeErrors = storeErrorsOf(sql)
    const control = yield* ControlConnection
    const unparkKeys = unpark(sql, yield* maintenanceTransaction(sql))
    const forward = bringForward(sql)
    const settleOne = settle(sql)
    const completeAll = complete(sql)
    return InboxStore.of({
      claim: (request) =>
        storeErrors("inbox.claim")(
          request.onDeadLetter === undefined ? claim(sql)(request) : claimInOrder(sql)(request)
        ),
      claimOne: (request) =>
        storeErrors("inbox.claimOne")(
          request.onDeadLetter === undefined ? claimOne(sql)(request) : claimOneInOrder(sql)(request)
        ),
      unpark: (request) =>
        request.keys.length === 0 ? Effect.succeed(0) : storeErrors("inbox.unpark")(unparkKeys(request)),
      bringForward: (eventIds) =>
        eventIds.length === 0
          ? Effect.succeed([])
          : storeErrors("inbox.bringForward")(
              Effect.map(forward(eventIds), (rows) => [...new Set(rows.map((row) => row.consumer))])
            ),
      findByConsumer: (consumer, after, limit) =>
        storeErrors("inbox.findByConsumer")(
          Effect.map(findByConsumer(sql)(consumer, after, limit), (rows) =>
            rows.map((row) => printable(withPosition(row)))
          )
        ),
      complete: (deliveries) =>
        deliveries.length === 0 ? Effect.void : storeErrors("inbox.complete")(completeAll(deliveries)),
      settle: (settlement) => storeErrors("inbox.settle")(Effect.map(settleOne(settlement), (rows) => rows.length > 0)),
      nextDue: (request, { leases = true } = {}) =>
        storeErrors("inbox.nextDue")(Effect.map(nextDue(sql)(request, leases), ([row]) => row?.inMillis ?? undefined)),
      lastPosition: (consumer) =>
        storeErrors("inbox.lastPosition")(
          Effect.map(lastPosition(sql)(consumer), ([row]) => BigInt(row?.position ?? 0))
        ),
      poll: (request) => storeErrors("inbox.poll")(poll(sql)(request)),
      ...leases(sql, on(control.query), storeErrors),
      attempts: (delivery) => storeErrors("inbox.attempts")(attempts(sql)(delivery)),
      hasOpen: (consumers) =>
        storeErrors("inbox.hasOpen")(Effect.map(hasOpen(sql)(consumers), ([row]) => row?.isOpen === true)),
      deliver: (eventId, consumer) =>
        storeErrors("inbox.deliver")(Effect.map(deliver(sql)(eventId, consumer), ([row]) => row?.events === 1)),
      findById: (deliveryId) =>
        storeErrors("inbox.findById")(
          Effect.map(findById(sql)(deliveryId), ([row]) =>
            row === undefined ? undefined : printable(withPosition(row))
          )
        ),
      findByEvent: (eventId) =>
        storeErrors("inbox.findByEvent")(
          Effect.map(findByEvent(sql)(eventId), (rows) => rows.map((row) => printable(withPosition(row))))
        ),
      countByStatus: storeErrors("inbox.countByStatus")(countByStatus(sql)),
      depths: (consumers) => storeErrors("inbox.depths")(depths(sql)(consumers)),
      oldest: (consumer) => storeErrors("inbox.oldest")(oldest(sql)(consumer)),
      // Any process may change them.
      changed: Effect.sleep("20 millis")
    })
  })
)

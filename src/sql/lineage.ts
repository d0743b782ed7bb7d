/**
 * Statements that follow events from cause to caused.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import type { SqlClient } from "effect/sql"
import { printable } from "../model/printable.ts"
import { isUuid } from "../model/storable.ts"
import type { Delivery } from "../stores/Delivery.ts"
import { type CausedRequest, type DeliveryAttempt, type LineageEvent, LineageStore } from "../stores/LineageStore.ts"
import { storeErrorsOf } from "./connection/errors.ts"
import { TableClient } from "./connection/tableClient.ts"
import { deliveryFields } from "./deliveryStates.ts"
import { withPosition } from "./exact.ts"

type WithText<Row> = Omit<Row, "position"> & { readonly position: string }

const eventColumns = `
  e.id::text AS "id", e.position::text AS "position", e.event_name AS "eventName", e.schema_version AS "schemaVersion",
  e.source_module AS "sourceModule", e.aggregate_type AS "aggregateType", e.aggregate_id AS "aggregateId",
  e.correlation_id AS "correlationId", e.causation_id AS "causationId", e.traceparent AS "traceparent",
  e.origin AS "origin", e.created_at AS "createdAt"`

const find = (sql: SqlClient.SqlClient) => (ids: ReadonlyArray<string>) =>
  sql.unsafe<WithText<LineageEvent>>(
    `SELECT ${eventColumns} FROM integration_event AS e WHERE e.id = ANY ($1::uuid[]) ORDER BY e.position`,
    [ids.filter(isUuid)]
  )

/** Rows come in the order of time, so a span of it is ranges of pages: see `integration_event_created_idx`. */
const causedBy =
  (sql: SqlClient.SqlClient) =>
  ({ causes, from, limit, until }: CausedRequest) =>
    sql.unsafe<WithText<LineageEvent>>(
      `SELECT ${eventColumns}
      FROM integration_event AS e
      WHERE e.created_at >= $2 AND e.created_at < $3 AND e.causation_id = ANY ($1::text[])
      ORDER BY e.position
      LIMIT $4::int`,
      [causes, from, until, limit]
    )

const deliveriesOf = (sql: SqlClient.SqlClient) => (eventIds: ReadonlyArray<string>) =>
  sql.unsafe<WithText<Delivery>>(
    `SELECT ${deliveryFields}
    FROM inbox_event AS i
    WHERE i.outbox_event_id = ANY ($1::uuid[])
    ORDER BY i.position, i.consumer_name`,
    [eventIds]
  )

const attemptsOf = (sql: SqlClient.SqlClient) => (eventIds: ReadonlyArray<string>, limit: number) =>
  sql.unsafe<DeliveryAttempt>(
    `SELECT a.outbox_event_id::text AS "eventId", a.consumer_name::text AS "consumer", a.attempt AS "attempt",
      a.started_at AS "startedAt", a.finished_at AS "finishedAt", a.outcome AS "outcome", a.error_tag AS "errorTag",
      a.error AS "error"
    FROM (
      SELECT * FROM integration_attempt WHERE outbox_event_id = ANY ($1::uuid[]) ORDER BY id DESC LIMIT $2::int
    ) AS a
    ORDER BY a.id`,
    [eventIds, limit]
  )

export const layer: Layer.Layer<LineageStore, never, TableClient> = Layer.effect(
  LineageStore,
  Effect.gen(function* () {
    const { sql } = yield* TableClient
    const storeErrors = storeErrorsOf(sql)
    return LineageStore.of({
      find: (ids) =>
        storeErrors("lineage.find")(
          Effect.map(find(sql)(ids), (rows) => rows.map((row) => printable(withPosition(row))))
        ),
      causedBy: (request) =>
        storeErrors("lineage.causedBy")(
          Effect.map(causedBy(sql)(request), (rows) => rows.map((row) => printable(withPosition(row))))
        ),
      deliveriesOf: (eventIds) =>
        storeErrors("lineage.deliveriesOf")(
          Effect.map(deliveriesOf(sql)(eventIds), (rows) => rows.map((row) => printable(withPosition(row))))
        ),
      attemptsOf: (eventIds, limit) => storeErrors("lineage.attemptsOf")(attemptsOf(sql)(eventIds, limit))
    })
  })
)

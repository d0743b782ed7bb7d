/**
 * Storing events with their deliveries: one statement, whatever the caller's transaction does.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { StoreError } from "../../errors/StoreErrors.ts"
import { CurrentClientTransaction } from "../../stores/ClientTransaction.ts"
import type { Appended, NewEvent, OutboxRow } from "../../stores/OutboxStore.ts"
import type { InlineNotification } from "../../wakeups/Broadcast.ts"
import { notifyingParameters, notifyingSql } from "../connection/notificationMessage.ts"
import { type Content, type ContentRow, contentColumns, contentOf, withContent } from "../contents.ts"
import { withPosition } from "../exact.ts"
import { consumersOf, deliveriesOf, deliveryColumns, interestedIn } from "../writeDeliveries.ts"
import { appendByFunction } from "./appendByFunction.ts"
import { inputOf, storedOf, toArrays } from "./newEvents.ts"

/** An event that was stored, as the statement tells it. */
type Stored = Omit<Appended, "existing" | "position"> & { readonly position: string }

/** A row with `columnsOf`. */
export type StoredRow = Omit<OutboxRow, keyof Content | "position"> & ContentRow & { readonly position: string }

export const toOutboxRow = <Row extends StoredRow>(row: Row) => withPosition(withContent(row))

/** Columns of an `OutboxRow`, for rows joined with `contentOf`: see `StoredRow`. */
export const columnsOf = (event: string) => `
  ${event}.id::text AS "id", ${event}.position::text AS "position", ${event}.event_name AS "eventName",
  ${event}.schema_version AS "schemaVersion", ${event}.source_module AS "sourceModule",
  ${event}.aggregate_type AS "aggregateType", ${event}.aggregate_id AS "aggregateId", ${contentColumns()},
  ${event}.correlation_id AS "correlationId", ${event}.causation_id AS "causationId",
  ${event}.traceparent AS "traceparent", ${event}.origin AS "origin",
  ${event}.dedupe_key AS "dedupeKey", ${event}.available_at AS "availableAt", ${event}.status AS "status",
  ${event}.attempt_count AS "attemptCount", ${event}.last_error AS "lastError",
  ${event}.routed_at IS NOT NULL AS "isRouted", ${event}.created_at AS "createdAt",
  ${event}.processed_at AS "processedAt"`

/** Consumers of each name, who are told of it. */
const notifyingOf = (wanted: string) =>
  `SELECT w.event_name, w.consumers FROM (${wanted}) AS w WHERE ${notifyingSql("w.consumers", 14)}`

/**
 * Events and deliveries in one statement, so that they commit together whatever the caller's transaction does. Which
 * consumers are interested depends on the name alone, so each name is looked up once.
 *
 * With keys, rows are inserted in the order of their keys, so that two lists never wait for each other in a circle;
 * positions are drawn before that, in the order of the list. All become due at the same moment: then position decides.
 *
 * Parameters: `$1` to `$13` of `toArrays`; when it notifies, `$14` and `$15` of `notifyingParameters`.
 */
const appendStatement = (kind: "plain" | "keyed", isNotifying: boolean) => `
  WITH input AS (${inputOf(kind)}), clock AS MATERIALIZED (
    SELECT clock_timestamp() AS now
  ), interested AS MATERIALIZED (
    ${interestedIn("SELECT DISTINCT event_name FROM input")}
  ), wanted AS MATERIALIZED (
    ${isNotifying ? notifyingOf(consumersOf("interested")) : consumersOf("interested")}
  ), stored AS (${storedOf(kind)}), delivered AS (
    INSERT INTO inbox_event (${deliveryColumns})
    ${deliveriesOf("stored", "interested")}
  )
  SELECT e.id::text AS "id", e.position::text AS "position", e.created_at AS "createdAt",
    CASE WHEN n.event_name IS NULL THEN 'processed' ELSE 'pending' END AS "status",
    coalesce(n.consumers, '{}') AS "consumers"
  FROM stored AS e
  LEFT JOIN wanted AS n ON n.event_name = e.event_name
  ORDER BY e.position`

/** The events that have these keys, with their consumers: a statement of its own, to see what was committed meanwhile. */
const findByKeys = (sql: SqlClient.SqlClient) => {
  const statement = `
    SELECT ${columnsOf("e")},
      ARRAY(
        SELECT i.consumer_name::text FROM inbox_event AS i WHERE i.outbox_event_id = e.id ORDER BY i.consumer_name
      ) AS "consumers"
    FROM unnest($1::text[], $2::text[], $3::text[]) AS k (source_module, event_name, dedupe_key)
    JOIN outbox_event AS e USING (source_module, event_name, dedupe_key)
    CROSS JOIN ${contentOf("e.payload", "e.metadata")}`
  return (events: ReadonlyArray<NewEvent>) =>
    Effect.map(
      sql.unsafe<StoredRow & { readonly consumers: ReadonlyArray<string> }>(statement, [
        events.map((_) => _.sourceModule),
        events.map((_) => _.eventName),
        events.map((_) => _.dedupeKey ?? "")
      ]),
      (rows) => rows.map(toOutboxRow)
    )
}

const keyOf = (
  event: Pick<OutboxRow, "sourceModule" | "eventName"> & { readonly dedupeKey: string | null | undefined }
) => JSON.stringify([event.sourceModule, event.eventName, event.dedupeKey])

const vanished = (event: NewEvent) =>
  new StoreError({
    operation: "outbox.append",
    reason: `the event with dedupeKey "${event.dedupeKey}" was removed while another was refused because of it`,
    isRetryable: true,
    cause: undefined
  })

export const append = (sql: SqlClient.SqlClient) => {
  const plain = appendStatement("plain", false)
  const notifying = appendStatement("plain", true)
  const keyed = appendStatement("keyed", false)
  const notifyingKeyed = appendStatement("keyed", true)
  const find = findByKeys(sql)
  const byFunction = appendByFunction(sql)
  const run = (
    statements: readonly [string, string],
    events: ReadonlyArray<NewEvent>,
    notification: InlineNotification | undefined
  ) => {
    const [silent, telling] = statements
    const [first, second] = events
    return Effect.flatMap(CurrentClientTransaction, (client) => {
      if (client !== undefined && first !== undefined && second === undefined) {
        return byFunction(first, notification)
      }
      const values = toArrays(events)
      return Effect.map(
        notification === undefined
          ? sql.unsafe<Stored>(silent, values)
          : sql.unsafe<Stored>(telling, [...values, ...notifyingParameters(notification)]),
        (rows) => rows.map((row): Appended => ({ ...withPosition(row), existing: undefined }))
      )
    })
  }
  const appendKeyed = Effect.fnUntraced(function* (
    events: ReadonlyArray<NewEvent>,
    notification: InlineNotification | undefined
  ) {
    const rows = yield* run([keyed, notifyingKeyed], events, notification)
    const written = new Map(rows.map((row) => [row.id, row]))
    const refused = events.filter((event) => !written.has(event.id))
    const taken = refused.length === 0 ? [] : yield* find(refused)
    const existing = new Map(taken.map((row) => [keyOf(row), row]))
    return yield* Effect.forEach(events, (event): Effect.Effect<Appended, StoreError> => {
      const row = written.get(event.id)
      if (row !== undefined) return Effect.succeed(row)
      const other = existing.get(keyOf(event))
      if (other === undefined) return Effect.fail(vanished(event))
      const { consumers, ...found } = other
      const status = found.status === "processed" ? "processed" : "pending"
      const { createdAt, id, position } = found
      return Effect.succeed({ id, position, status, createdAt, consumers, existing: found })
    })
  })
  return (
    events: ReadonlyArray<NewEvent>,
    notification: InlineNotification | undefined
  ): Effect.Effect<ReadonlyArray<Appended>, StoreError | SqlError.SqlError> =>
    events.some((event) => event.dedupeKey !== undefined)
      ? appendKeyed(events, notification)
      : run([plain, notifying], events, notification)
}

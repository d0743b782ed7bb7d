/**
 * One event with its documents and deliveries.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { largestContent } from "../../model/contentSize.ts"
import type { EventDeliveryDetails, EventDetails } from "../../stores/EventDetails.ts"
import { eventStatusOf } from "../../stores/eventStatus.ts"
import { type RowOf, withAggregate } from "../aggregateColumns.ts"
import { isSettled } from "../deliveryStates.ts"
import { withPosition } from "../exact.ts"
import { isParked, summaryColumns } from "./slice.ts"
import { waitsFor } from "./waitsFor.ts"

type Text = "payloadText" | "metadataText" | "oversizeBytes"

type EventRow = RowOf<Omit<EventDetails, "position" | "status" | "deliveries" | "payload" | "metadata">> & {
  readonly position: string
}

/** Stored, a document is at most so many times larger than its text: what is above that is not written to see how large it is. */
const worthWriting = 4 * largestContent

/** Both documents as text, `t`; null when they are too large. `OFFSET 0` keeps them here, so that each is written once. */
const texts = `LATERAL (
    SELECT w.size, CASE WHEN w.size <= ${worthWriting} THEN e.payload::text END AS payload,
      CASE WHEN w.size <= ${worthWriting} THEN e.metadata::text END AS metadata
    FROM (SELECT pg_column_size(e.payload) + coalesce(pg_column_size(e.metadata), 0) AS size OFFSET 0) AS w
    OFFSET 0
  ) AS t
  CROSS JOIN LATERAL (
    SELECT coalesce(octet_length(t.payload) + coalesce(octet_length(t.metadata), 0), t.size) AS bytes OFFSET 0
  ) AS s`

const event = (sql: SqlClient.SqlClient) => (eventId: string) =>
  sql.unsafe<EventRow>(
    `SELECT ${summaryColumns}, e.position::text AS "position", e.traceparent AS "traceparent", e.dedupe_key AS "dedupeKey",
      e.available_at AS "availableAt", CASE WHEN s.bytes <= ${largestContent} THEN t.payload END AS "payloadText",
      CASE WHEN s.bytes <= ${largestContent} THEN t.metadata END AS "metadataText",
      CASE WHEN s.bytes > ${largestContent} OR t.payload IS NULL THEN s.bytes END AS "oversizeBytes"
    FROM integration_event AS e
    CROSS JOIN ${texts}
    WHERE e.id = $1::uuid`,
    [eventId]
  )

/** Payloads of single deliveries are told as long as all of them can be read together. */
const deliveries = (sql: SqlClient.SqlClient) => (eventId: string) =>
  sql.unsafe<Omit<EventDeliveryDetails, "waitsFor">>(
    `SELECT i."deliveryId", i."eventId", i."consumer", i."status", i."isOpen", i."isParked", i."attemptCount", i."lastError",
      i."errorTag", i."availableAt", i."leasedUntil", i."createdAt", i."processedAt", i."isEdited",
      CASE WHEN sum(octet_length(i."payloadOverride")) OVER (ORDER BY i."consumer" COLLATE "C") <= ${largestContent}
        THEN i."payloadOverride" END AS "payloadOverride"
    FROM (
      SELECT i.id::text AS "deliveryId", i.outbox_event_id::text AS "eventId", i.consumer_name::text AS "consumer",
        i.status AS "status", NOT ${isSettled("i")} AS "isOpen", ${isParked} AS "isParked",
        i.attempt_count AS "attemptCount", i.last_error AS "lastError", i.error_tag AS "errorTag",
        CASE WHEN NOT ${isSettled("i")} AND i.status <> 'processing' AND i.available_at < 'infinity'
          THEN i.available_at END AS "availableAt",
        CASE WHEN i.status = 'processing' THEN i.locked_until END AS "leasedUntil",
        i.created_at AS "createdAt", i.processed_at AS "processedAt", i.payload_override IS NOT NULL AS "isEdited",
        CASE WHEN pg_column_size(i.payload_override) <= ${worthWriting} THEN i.payload_override::text END AS "payloadOverride"
      FROM inbox_event AS i
      WHERE i.outbox_event_id = $1::uuid
      OFFSET 0
    ) AS i
    ORDER BY i."consumer" COLLATE "C"`,
    [eventId]
  )

/** What is parked, with what holds it up. */
const withHoldingUp = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  eventId: string,
  found: ReadonlyArray<Omit<EventDeliveryDetails, "waitsFor">>
) {
  const holding = found.some((delivery) => delivery.isParked) ? yield* waitsFor(sql)(eventId) : []
  return found.map((delivery): EventDeliveryDetails => {
    const held = holding.find(({ consumer }) => consumer === delivery.consumer)
    if (held === undefined || !delivery.isParked) return { ...delivery, waitsFor: null }
    const { consumer: _, ...told } = held
    return { ...delivery, waitsFor: told }
  })
})

/** Where a client leaves JSON as it is, these are text all the same. */
const parsed = (text: string | null) => (text === null ? null : JSON.parse(text))

/** Documents as values, too. */
const withValues = <Row extends Pick<EventDetails, Text>>(row: Row) => ({
  ...row,
  payload: parsed(row.payloadText),
  metadata: parsed(row.metadataText)
})

export const find = (sql: SqlClient.SqlClient) =>
  Effect.fnUntraced(function* (eventId: string) {
    const [row] = yield* event(sql)(eventId)
    if (row === undefined) return undefined
    const found = yield* withHoldingUp(sql, eventId, yield* deliveries(sql)(eventId))
    return {
      ...withValues(withPosition(withAggregate(row))),
      sourceModule: row.sourceModule,
      status: eventStatusOf(found, row.isRouted),
      deliveries: found
    } satisfies EventDetails
  })

/**
 * Storing one event by a function of the database: for other clients, of which most let the server parse and plan each statement anew.
 *
 * @internal
 */
import type { NewEvent } from "../../stores/OutboxStore.ts"
import type { InlineNotification } from "../../wakeups/Broadcast.ts"
import { dueText } from "./newEvents.ts"

/** See `integration_append` in sql/0010_functions.sql: it gives a row as the statement for several events does. */
export const appendByFunction = `
  SELECT * FROM integration_append(
    $1::uuid, $2::text, $3::int, $4::text, $5::text, $6::text, $7::jsonb, $8::jsonb, $9::text, $10::text, $11::text, $12::text,
    $13::text, $14::text
  )`

/** Its parameters. */
export const functionParameters = (
  event: NewEvent,
  notification: InlineNotification | undefined
): ReadonlyArray<unknown> =>
  [
    event.id,
    event.eventName,
    event.schemaVersion,
    event.sourceModule,
    event.aggregateType,
    event.aggregateId,
    event.payload,
    event.metadata,
    event.correlationId,
    event.causationId,
    event.traceparent,
    dueText(event),
    event.dedupeKey,
    notification?.from
  ].map((value) => value ?? null)

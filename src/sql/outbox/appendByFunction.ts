/**
 * Storing one event by a function of the database: for other clients, of which most let the server parse and plan each statement anew.
 *
 * @internal
 */
import type { NewEvent } from "../../stores/OutboxStore.ts"
import type { InlineNotification } from "../../wakeups/Broadcast.ts"

/** See `integration_append` in sql/0010_functions.sql: it gives a row as the statement for several events does. */
export const appendByFunction = `
  SELECT * FROM integration_append(
    $1::uuid, $2::text, $3::int, $4::text, $5::text, $6::text, $7::jsonb, $8::jsonb, $9::text, $10::text, $11::text,
    $12::timestamptz, $13::float8, $14::text, $15::text, $16::text, $17::boolean
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
    typeof event.due === "number" ? undefined : event.due,
    typeof event.due === "number" ? event.due : undefined,
    event.dedupeKey,
    notification?.from,
    // Whether it is the right database, and a transaction, is for the connection to ask.
    undefined,
    undefined
  ].map((value) => value ?? null)

/** The same with a question for the function: whether it is this database, and a transaction, which may be known to be open. */
export const askedParameters = (
  parameters: ReadonlyArray<unknown>,
  database: string,
  isOpen: boolean
): ReadonlyArray<unknown> => [...parameters.slice(0, -2), database, isOpen]

/** Whether the function has written nothing, as it could not tell. */
export const isUnsure = (rows: ReadonlyArray<unknown>): boolean => Object(rows[0]).status === "unsure"

/** Whether a statement calls the function, wherever that is. */
export const callsAppend = (statement: string): boolean =>
  /^\s*SELECT \* FROM .{0,200}integration_append\(/.test(statement)

/**
 * Storing one event by a function of the database: for other clients, of which most let the server parse and plan each statement anew.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { Appended, NewEvent } from "../../stores/OutboxStore.ts"
import type { InlineNotification } from "../../wakeups/Broadcast.ts"
import { inTransaction } from "../connection/errors.ts"

/** What every event has, and what the connection asks. */
const always = "$1::uuid, $2::text, $3::int, $4::text, $5::text, $6::text, $7::jsonb, $8::text, $9::boolean"

/** What an event may have besides. */
const besides = "$10::text, $11::jsonb, $12::text, $13::text, $14::text, $15::timestamptz, $16::float8, $17::text"

/** See `integration_append` in sql/0010_functions.sql. */
const calling = (parameters: string) => `
  SELECT integration_append(
    ${parameters}
  ) AS "stored"`

/** What it gives: null if the key is taken; nothing if it has written nothing, as it could not tell. */
interface Row {
  readonly stored: ReadonlyArray<string> | null
}

/** The event that was stored: none if the key is taken. */
const storedOf = ([row]: ReadonlyArray<Row>): ReadonlyArray<Appended> => {
  if (row === undefined || row.stored === null) return []
  const [id = "", position = "", micros = "", transactionId = "", ...consumers] = row.stored
  return [
    {
      id,
      position: BigInt(position),
      status: consumers.length === 0 ? "processed" : "pending",
      createdAt: new Date(Number(micros.slice(0, -3))),
      consumers: consumers.toSorted(),
      existing: undefined,
      transactionId
    }
  ]
}

/** What is asked is for the connection to say: see `askedParameters`. */
const parametersOf = (event: NewEvent): ReadonlyArray<unknown> => [
  event.id,
  event.eventName,
  event.schemaVersion,
  event.sourceModule,
  event.aggregateType,
  event.aggregateId,
  event.payload,
  null,
  null
]

const besidesOf = (event: NewEvent, notification: InlineNotification | undefined): ReadonlyArray<unknown> => [
  notification?.from ?? null,
  event.metadata ?? null,
  event.correlationId ?? null,
  event.causationId ?? null,
  event.traceparent ?? null,
  event.due instanceof Date ? event.due : null,
  typeof event.due === "number" ? event.due : null,
  event.dedupeKey ?? null
]

/** Stores an event in the open transaction: gives nothing if its key is taken. */
export const appendByFunction = (sql: SqlClient.SqlClient) => {
  // Parameters take their time, also where they are null, and most events need few.
  const call = inTransaction(sql, calling(always))
  const callWithAll = inTransaction(sql, calling(`${always}, ${besides}`))
  return (
    event: NewEvent,
    notification: InlineNotification | undefined
  ): Effect.Effect<ReadonlyArray<Appended>, SqlError.SqlError> => {
    const more = besidesOf(event, notification)
    const parameters = parametersOf(event)
    return Effect.map(
      more.some((value) => value !== null) ? callWithAll<Row>([...parameters, ...more]) : call<Row>(parameters),
      storedOf
    )
  }
}

/** The parameters with a question for the function: whether it is this database, and a transaction, which may be known to be open. */
export const askedParameters = (
  parameters: ReadonlyArray<unknown>,
  database: string,
  isOpen: boolean
): ReadonlyArray<unknown> => parameters.with(7, database).with(8, isOpen)

/** Whether the function has written nothing, as it could not tell. */
export const isUnsure = (rows: ReadonlyArray<unknown>): boolean => Object(rows[0]).stored?.length === 0

/** Whether a statement calls the function, wherever that is. */
export const callsAppend = (statement: string): boolean => /^\s*SELECT .{0,200}integration_append\(/.test(statement)

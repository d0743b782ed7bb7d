/**
 * Storing messages of other services as events, each once.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import type { Received, ReceivedEvent } from "../../stores/OutboxStore.ts"
import { consumersOf, deliveriesOf, deliveryColumns, interestedIn } from "../writeDeliveries.ts"
import { inputOf, receivedArrays, storedOf } from "./newEvents.ts"

/**
 * Messages are noted in the order of their names, so that two lists of one source never wait for each other in a circle; events are stored
 * in the order of the list, so that lists of two sources with the same ids may. One whose id belongs to an event of another name is not
 * noted, so that it can be received once that is mended.
 */
const statement = `
  WITH input AS (${inputOf("received")}), clock AS MATERIALIZED (
    SELECT clock_timestamp() AS now
  ), received AS (
    INSERT INTO integration_received (source, message_id, event_id)
    SELECT i.source, i.message_id, i.id
    FROM input AS i
    WHERE NOT EXISTS (SELECT 1 FROM integration_event AS e WHERE e.id = i.id AND e.event_name <> i.event_name)
    ORDER BY i.source, i.message_id, i.place
    ON CONFLICT DO NOTHING
    RETURNING source, message_id, event_id
  ), interested AS MATERIALIZED (
    ${interestedIn("SELECT DISTINCT event_name FROM input")}
  ), wanted AS MATERIALIZED (
    ${consumersOf("interested")}
  ), stored AS (${storedOf("received")}), delivered AS (
    INSERT INTO inbox_event (${deliveryColumns})
    ${deliveriesOf("stored", "interested")}
  )
  SELECT r.source::text AS "source", r.message_id::text AS "messageId", r.event_id::text AS "eventId",
    e.event_name::text AS "storedAs", coalesce(n.consumers, '{}') AS "consumers"
  FROM received AS r
  LEFT JOIN stored AS e ON e.id = r.event_id
  LEFT JOIN wanted AS n ON n.event_name = e.event_name`

/** A message that was noted just now. */
interface Noted {
  readonly source: string
  readonly messageId: string
  readonly eventId: string
  /** Name of the event that was stored with its id, if one was: it may be another one of the list. */
  readonly storedAs: string | null
  readonly consumers: ReadonlyArray<string>
}

/** Takes notes back of messages whose id belongs to an event of another name that was not visible when they were noted. */
const takeBack = (sql: SqlClient.SqlClient) => (events: ReadonlyArray<ReceivedEvent>) =>
  sql.unsafe<{ source: string; messageId: string }>(
    `DELETE FROM integration_received AS r
    USING unnest($1::text[], $2::text[], $3::text[]) AS k (source, message_id, event_name), integration_event AS e
    WHERE r.source = k.source AND r.message_id = k.message_id AND e.id = r.event_id AND e.event_name <> k.event_name
    RETURNING r.source::text AS "source", r.message_id::text AS "messageId"`,
    [
      events.map(({ source }) => source),
      events.map(({ messageId }) => messageId),
      events.map(({ eventName }) => eventName)
    ]
  )

/** What messages were received as: a statement of its own, to see what was committed meanwhile. */
const findReceived = (sql: SqlClient.SqlClient) => (events: ReadonlyArray<ReceivedEvent>) =>
  sql.unsafe<{ source: string; messageId: string; eventId: string }>(
    `SELECT r.source::text AS "source", r.message_id::text AS "messageId", r.event_id::text AS "eventId"
    FROM unnest($1::text[], $2::text[]) AS k (source, message_id)
    JOIN integration_received AS r USING (source, message_id)`,
    [events.map(({ source }) => source), events.map(({ messageId }) => messageId)]
  )

const keyOf = ({ messageId, source }: { readonly source: string; readonly messageId: string }) =>
  JSON.stringify([source, messageId])

export const receive = (sql: SqlClient.SqlClient) => {
  const find = findReceived(sql)
  const undo = takeBack(sql)
  return Effect.fnUntraced(function* (
    events: ReadonlyArray<ReceivedEvent>
  ): Effect.fn.Return<ReadonlyArray<Received>, SqlError.SqlError> {
    const rows = yield* sql.unsafe<Noted>(statement, receivedArrays(events))
    const noted = new Map(rows.map((row) => [keyOf(row), row]))
    const isStored = (event: ReceivedEvent) => noted.get(keyOf(event))?.storedAs === event.eventName
    const unstored = events.filter((event) => noted.has(keyOf(event)) && !isStored(event))
    const conflicts = new Set(unstored.length === 0 ? [] : (yield* undo(unstored)).map(keyOf))
    const isKnown = (event: ReceivedEvent) => !noted.has(keyOf(event))
    const before = events.some(isKnown) ? yield* find(events.filter(isKnown)) : []
    const known = new Map(before.map((row) => [keyOf(row), row.eventId]))
    const told = new Set<string>()
    return events.map((event): Received => {
      const key = keyOf(event)
      const row = noted.get(key)
      const id = row?.eventId ?? known.get(key)
      if (id === undefined || conflicts.has(key)) return { id: event.id, result: "conflict", consumers: [] }
      // The first of several that are alike.
      if (row === undefined || !isStored(event) || told.has(id)) return { id, result: "duplicate", consumers: [] }
      told.add(id)
      return { id, result: "stored", consumers: row.consumers }
    })
  })
}

/** Forgets messages that are old enough. */
export const forgetReceived = (sql: SqlClient.SqlClient) => (hours: number, limit: number) =>
  Effect.map(
    sql.unsafe(
      `DELETE FROM integration_received
      WHERE ctid = ANY (ARRAY(
        SELECT ctid
        FROM integration_received
        WHERE received_at < clock_timestamp() - $1::float8 * interval '1 hour'
        LIMIT $2::int
        FOR UPDATE SKIP LOCKED
      ))
      RETURNING 1`,
      [hours, limit]
    ),
    (rows) => rows.length
  )

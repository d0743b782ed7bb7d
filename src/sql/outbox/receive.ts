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
 * Messages are noted in the order of their names, so that two lists never wait for each other in a circle. One whose id belongs
 * to an event of another name is not noted, so that it can be received once that is mended.
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
  SELECT e.id::text AS "id", coalesce(n.consumers, '{}') AS "consumers"
  FROM stored AS e
  LEFT JOIN wanted AS n ON n.event_name = e.event_name`

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
  return Effect.fnUntraced(function* (
    events: ReadonlyArray<ReceivedEvent>
  ): Effect.fn.Return<ReadonlyArray<Received>, SqlError.SqlError> {
    const rows = yield* sql.unsafe<{ id: string; consumers: ReadonlyArray<string> }>(statement, receivedArrays(events))
    const stored = new Map(rows.map(({ consumers, id }) => [id, consumers]))
    const known =
      rows.length === events.length
        ? new Map<string, string>()
        : new Map((yield* find(events)).map((row) => [keyOf(row), row.eventId]))
    return events.map((event): Received => {
      const consumers = stored.get(event.id)
      // The first of several that are alike.
      stored.delete(event.id)
      if (consumers !== undefined) return { id: event.id, result: "stored", consumers }
      const id = known.get(keyOf(event))
      return { id: id ?? event.id, result: id === undefined ? "conflict" : "duplicate", consumers: [] }
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

/**
 * Looking up the deliveries of an event.
 *
 * @internal
 */

/**
 * The deliveries of an event, to be joined: their ids begin as the event's does (see 0002_deliveries.sql). `OFFSET 0` has those of each
 * event looked up: as a join, they are planned as a hash over the whole inbox.
 *
 * @param event - SQL expression of the event's id
 */
export const deliveriesOfEvent = (event: string) => `LATERAL (
    SELECT *
    FROM inbox_event
    WHERE outbox_event_id = ${event} AND id BETWEEN (left(${event}::text, 18) || '-0000-000000000000')::uuid
      AND (left(${event}::text, 18) || '-ffff-ffffffffffff')::uuid
    OFFSET 0
  )`

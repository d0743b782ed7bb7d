/**
 * How an event finds its consumers, in SQL: shared by publishing, routing and the registration sweep.
 *
 * @internal
 */

/**
 * Id of the delivery of an event for a consumer: the time part of the event's id, then a hash of both. It keeps
 * deliveries in the order of events on disk, and giving an event to a consumer twice makes the same id twice.
 *
 * @param event - SQL expression of the event's id
 * @param consumer - SQL expression of the consumer's name
 */
export const deliveryId = (event: string, consumer: string) =>
  `(left(replace(${event}::text, '-', ''), 16) || '8' || right(lpad(to_hex(hashtextextended(${event}::text || ${consumer}, 0)), 16, '0'), 15))::uuid`

/** Terminal deliveries: nothing will happen to them by itself. */
export const isSettled = (delivery: string) =>
  `(${delivery}.status IN ('processed', 'skipped', 'dead_letter') OR (${delivery}.status = 'failed' AND ${delivery}.available_at IS NULL))`

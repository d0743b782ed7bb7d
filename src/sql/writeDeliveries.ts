/**
 * How an event finds its consumers, in SQL: shared by publishing, routing, the registration sweep and backfill.
 *
 * @internal
 */

/** Digits of an event's id that the ids of its deliveries begin with: the first half. */
const sharedDigits = 16

/**
 * Id of the delivery of an event for a consumer: the first half of the event's id, then a hash of both.
 *
 * @param event - SQL expression of the event's id
 * @param consumer - SQL expression of the consumer's name
 */
export const deliveryId = (event: string, consumer: string) =>
  `(left(replace(${event}::text, '-', ''), ${sharedDigits}) || '8' || right(lpad(to_hex(hashtextextended(${event}::text || ${consumer}, 0)), 16, '0'), 15))::uuid`

/**
 * Whether a delivery `i` has an id. Only dead letters have an index of ids: here deliveries of events with the same first half of an
 * id are looked at. Of ids that publishing makes, those are of one process and millisecond, or of as long as its clock stood back;
 * of ids that plain SQL gave, whatever they have in common.
 *
 * @param id - SQL of the id
 */
export const isCalled = (id: string) => {
  const bound = (digit: string) =>
    `rpad(left(replace(${id}::uuid::text, '-', ''), ${sharedDigits}), 32, '${digit}')::uuid`
  return `i.outbox_event_id BETWEEN ${bound("0")} AND ${bound("f")} AND i.id = ${id}::uuid`
}

/**
 * What an ordered consumer keeps in order: a hash of the aggregate's names and their lengths. Two aggregates with the same
 * hash wait for each other, which is all that a collision does.
 *
 * @param event - SQL alias of a row with the event's columns
 */
export const orderingKey = (event: string) =>
  `hashtextextended(${["source_module", "aggregate_type", "aggregate_id"]
    .map((column) => `length(${event}.${column}) || ':' || ${event}.${column}`)
    .join(" || ")}, 0)`

/**
 * One row for each event name and consumer of it: its tier (0 is the highest priority; of several subscriptions of a
 * consumer the highest counts), how many tiers there are, and whether it keeps the order.
 *
 * @param names - SQL of rows with a distinct `event_name`
 */
export const interestedIn = (names: string) => `
  SELECT t.*, max(t.tier) OVER (PARTITION BY t.event_name) AS last_tier
  FROM (
    SELECT m.event_name, m.consumer_name, c.ordering = 'aggregate' AS is_ordered,
      (dense_rank() OVER (PARTITION BY m.event_name ORDER BY m.priority DESC) - 1)::smallint AS tier
    FROM (
      SELECT n.event_name, s.consumer_name, max(s.priority) AS priority
      FROM (${names}) AS n
      JOIN integration_subscription AS s ON n.event_name LIKE s.event_like
      GROUP BY n.event_name, s.consumer_name
    ) AS m
    JOIN integration_consumer AS c ON c.consumer_name = m.consumer_name
  ) AS t`

/**
 * One row for each event name that has consumers, with their names in order.
 *
 * @param interested - name of the rows of `interestedIn`
 */
export const consumersOf = (interested: string) => `
  SELECT event_name, array_agg(consumer_name::text ORDER BY consumer_name) AS consumers
  FROM ${interested}
  GROUP BY event_name`

/** How much later than the tier above a delivery becomes due, unless it is brought forward. */
export const headStart = "interval '1 second'"

/** Columns of `inbox_event` that `deliveriesOf` gives values for. */
export const deliveryColumns = `
  id, outbox_event_id, consumer_name, event_name, schema_version, position, available_at, ordering_key, tier`

/**
 * Deliveries of events for those interested in them: a SELECT for `deliveryColumns`.
 *
 * @param events - name of rows with the event's columns
 * @param interested - name of the rows of `interestedIn`
 */
export const deliveriesOf = (events: string, interested: string) => `
  SELECT ${deliveryId("e.id", "n.consumer_name")}, e.id, n.consumer_name, e.event_name, e.schema_version, e.position,
    CASE WHEN n.tier = 0 THEN e.available_at ELSE e.available_at + n.tier * ${headStart} END,
    CASE WHEN n.is_ordered THEN ${orderingKey("e")} END, CASE WHEN n.last_tier > 0 THEN n.tier END
  FROM ${events} AS e
  JOIN ${interested} AS n ON n.event_name = e.event_name`

/**
 * Gives events to consumers that did not have them: a statement that returns what was new to its consumer. Whoever does so
 * holds the events (`heldEvents`), so that nobody removes one meanwhile.
 *
 * @param rows - name of rows with an event, the name of its consumer, and the delivery's ordering key
 */
export const writtenTo = (rows: string) => `
    INSERT INTO inbox_event (
      id, outbox_event_id, consumer_name, event_name, schema_version, position, available_at, ordering_key
    )
    SELECT ${deliveryId("r.id", "r.consumer_name")}, r.id, r.consumer_name, r.event_name, r.schema_version, r.position,
      r.available_at, r.ordering_key
    FROM ${rows} AS r
    ORDER BY r.position
    ON CONFLICT DO NOTHING
    RETURNING outbox_event_id, consumer_name`

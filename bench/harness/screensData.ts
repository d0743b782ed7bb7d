/** A database as the screens of operations find it: events of a day, most of them finished, written by few statements. */
import { deliveryId, orderingKey } from "../../src/sql/writeDeliveries.ts"
import * as Here from "../here.ts"
import { execute, type Runner, settleDown } from "./database.ts"
import { records } from "./screensRecords.ts"

export const consumers = 20

const dayMillis = 86_400_000

/** Events of an aggregate that has many: one of so many events is its. */
const everyOfAccount = 50

/** Where the day began, in milliseconds since 1970: all ids follow from it. */
const beginning = Date.now() - dayMillis

/** SQL of when event `n` was stored, in milliseconds. */
const millisOf = (n: string, size: number) => `(${beginning} + (${n})::bigint * ${dayMillis} / ${size})`

/** SQL of the id of event `n`: of version 7, as those of published events. */
const idOf = (n: string, size: number) =>
  `(lpad(to_hex(${millisOf(n, size)}), 12, '0') || '7' || lpad(to_hex((${n})::bigint % 4096), 3, '0') || '8'
    || lpad(to_hex((${n})::bigint), 15, '0'))::uuid`

/** Stories of five: each event is caused by the one before, all have the first one's id as their correlation. */
const events = (size: number) => `
  INSERT INTO integration_event (
    id, event_name, source_module, aggregate_type, aggregate_id, payload, correlation_id, causation_id, routed_at, created_at
  )
  SELECT ${idOf("n", size)}, 'bench.happened-' || n % 20, 'module-' || n % 5,
    CASE WHEN n % ${everyOfAccount} = 0 THEN 'Account' ELSE 'Thing' END,
    CASE WHEN n % ${everyOfAccount} = 0 THEN 'account' ELSE 'thing-' || n / 10 END,
    jsonb_build_object('id', 'thing-' || n, 'customer', jsonb_build_object('id', n % 1000), 'text', repeat('x', 140)),
    CASE WHEN n % 5 > 0 THEN ${idOf("n - n % 5", size)}::text END,
    CASE WHEN n % 5 > 0 THEN ${idOf("n - 1", size)}::text END,
    at, at
  FROM (SELECT n, to_timestamp(${millisOf("n", size)} / 1000.0) AS at FROM generate_series(0, ${size - 1}) AS n) AS n
  ORDER BY n`

/** Errors of a consumer fall into so many groups. */
export const groupsOfConsumer = 3

/** Those of the first consumer begin here. */
export const firstFingerprint = 1000

/** SQL of the fingerprint of a delivery `e`'s error. */
const fingerprint = `${firstFingerprint} + e.index * ${groupsOfConsumer} + e.round % ${groupsOfConsumer}`

/**
 * 1.6 for each event: one in sixteen gave up, those of the last three hundredths are open, of those each hundredth is parked, and each
 * twentieth is tried again. Every second consumer keeps the order of aggregates.
 */
const deliveries = (size: number) => `
  INSERT INTO inbox_event (
    id, outbox_event_id, consumer_name, event_name, position, ordering_key, status, attempt_count, last_error, error_tag,
    error_fingerprint, available_at, processed_at, created_at, updated_at
  )
  SELECT ${deliveryId("e.id", "e.consumer")}, e.id, e.consumer, e.event_name, e.position,
    CASE WHEN e.index % 2 = 0 THEN ${orderingKey("e")} END,
    CASE WHEN e.is_retried THEN 'failed' WHEN e.is_open THEN 'received' WHEN e.has_died THEN 'dead_letter' ELSE 'processed' END,
    CASE WHEN e.is_retried THEN 2 WHEN e.is_open THEN 0 WHEN e.has_died THEN 5 ELSE 1 END,
    CASE WHEN e.has_failed THEN 'no answer from 10.0.0.' || e.round % 250 END,
    CASE WHEN e.has_failed THEN 'Unreachable' || e.round % 7 END,
    CASE WHEN e.has_failed THEN ${fingerprint} END,
    CASE WHEN e.is_open AND e.round % 100 = 0 THEN 'infinity' ELSE e.created_at END,
    CASE WHEN NOT e.is_open THEN e.created_at + interval '1 second' END, e.created_at, e.created_at
  FROM (
    SELECT e.*, c.index, 'bench.consumer-' || c.index AS consumer, s.*, s.is_open AND s.round % 20 = 7 AS is_retried,
      CASE WHEN s.is_open THEN s.round % 20 = 7 ELSE s.has_died END AS has_failed
    FROM integration_event AS e
    CROSS JOIN LATERAL (
      SELECT 0 AS nth, e.position % ${consumers} AS index
      UNION ALL SELECT 1, (e.position + 7) % ${consumers} WHERE e.position % 5 < 3
    ) AS c
    CROSS JOIN LATERAL (
      SELECT e.position / ${consumers} AS round, (e.position / ${consumers} + c.nth * 3) % 16 = 1 AS has_died,
        e.position > ${Math.floor(size * 0.97)} AS is_open
    ) AS s
  ) AS e
  ORDER BY e.position`

const attempts = `
  INSERT INTO integration_attempt (outbox_event_id, consumer_name, attempt, started_at, finished_at, outcome, error_tag, error)
  SELECT outbox_event_id, consumer_name, 5, created_at, created_at, 'dead_letter', error_tag, last_error || repeat(' at x', 40)
  FROM inbox_event WHERE status = 'dead_letter'`

/** Four for ten events: a tenth of them of one entity, the others in chains across modules. */
const links = (size: number) => `
  INSERT INTO integration_link (
    source_module, source_entity_type, source_entity_id, target_module, target_entity_type, target_entity_id, link_type
  )
  SELECT 'module-' || n % 5, CASE WHEN n % 10 = 0 THEN 'Hub' ELSE 'Thing' END,
    CASE WHEN n % 10 = 0 THEN 'hub' ELSE 'thing-' || n / 4 END,
    'module-' || (n + 1) % 5, 'Thing', 'thing-' || (n / 4 * 7 + n) % ${Math.max(1, Math.floor(size / 10))},
    CASE WHEN n % 3 = 0 THEN 'cascade' ELSE 'reference' END
  FROM generate_series(0, ${Math.floor(size * 0.4) - 1}) AS n
  ON CONFLICT DO NOTHING`

/** Fills an empty database. */
export const fill = async (url: string, runtime: Runner, size: number) => {
  const publisher = await Here.publisherOf(url, consumers)
  await publisher.dispose()
  for (const statement of [events(size), deliveries(size), attempts, links(size), ...records(consumers)]) {
    await execute(runtime, statement)
  }
  await settleDown(runtime)
}

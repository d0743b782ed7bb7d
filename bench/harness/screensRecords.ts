/** What is kept beside events and deliveries, as screens read it: figures of a day and a month, groups of errors, what people did. */

/** What a consumer had to do with, by minute or by hour: all of it is of one event. What is published has no durations. */
const statistics = (consumers: number, grain: "minute" | "hour", count: number) => `
  INSERT INTO integration_statistic (
    grain, at, consumer_name, event_name, schema_version, published, processed, retried, skipped, gave_up,
    duration_sum, duration_counts, lag_sum, lag_counts
  )
  SELECT '${grain}', date_trunc('${grain}', now()) - n * interval '1 ${grain}',
    CASE WHEN k < ${consumers} THEN 'bench.consumer-' || k ELSE '' END, 'bench.happened-' || k % ${consumers}, 1,
    CASE WHEN k < ${consumers} THEN 0 ELSE 35 END, CASE WHEN k < ${consumers} THEN 50 ELSE 0 END, n % 3, n % 2, n % 4, 1.5,
    CASE WHEN k < ${consumers} THEN ARRAY[n % 5, 20, 10, 8, 5, 3, 2, 1, 1, 0, 0, 0, 0, 0] ELSE '{}' END, 2.5,
    CASE WHEN k < ${consumers} THEN ARRAY[0, n % 7, 10, 8, 25, 3, 2, 1, 1, 0, 0, 0, 0, 0] ELSE '{}' END
  FROM generate_series(${grain === "hour" ? 25 : 0}, ${count}) AS n CROSS JOIN generate_series(0, ${2 * consumers - 1}) AS k
  ORDER BY n DESC, k`

const gauges = (consumers: number) => `
  INSERT INTO integration_gauge (at, consumer_name, counted_at, open, retrying, parked, gave_up, oldest_at, is_exact)
  SELECT m, 'bench.consumer-' || k, m, 2000, 100, 20, 5000, m - interval '1 minute', true
  FROM generate_series(date_trunc('minute', now()) - interval '1 day', now(), interval '1 minute') AS m
  CROSS JOIN generate_series(0, ${consumers - 1}) AS k
  ORDER BY m, k
  -- The process may have counted in this minute.
  ON CONFLICT DO NOTHING`

/** Every group has deliveries that gave up, and some that are tried again. */
const groups = `
  INSERT INTO integration_error_group (
    fingerprint, rule, consumer_name, error_tag, title, sample, sample_detail, first_seen_at, last_seen_at, attempts, event_names,
    schema_versions, application_versions
  )
  SELECT i.error_fingerprint, 1, i.consumer_name, min(i.error_tag), 'no answer from {address}', min(i.last_error),
    repeat('    at attempt (/srv/app.js:10:2)' || chr(10), 40), min(i.created_at), max(i.created_at), count(*) * 5,
    jsonb_build_array(min(i.event_name)), '[1]', '["1.0.0"]'
  FROM inbox_event AS i
  WHERE i.error_fingerprint IS NOT NULL
  GROUP BY i.error_fingerprint, i.consumer_name`

/** Groups of which nothing is left. */
const settledGroups = `
  INSERT INTO integration_error_group (
    fingerprint, rule, consumer_name, error_tag, title, sample, first_seen_at, last_seen_at, attempts
  )
  SELECT 1000000 + n, 1, 'bench.consumer-0', 'Settled', 'it was once', 'it was once', now() - interval '2 days', now(), 3
  FROM generate_series(1, 1000) AS n`

const hours = `
  INSERT INTO integration_error_count (fingerprint, at, attempts)
  SELECT g.fingerprint, h, 10
  FROM integration_error_group AS g
  CROSS JOIN generate_series(date_trunc('hour', now()) - interval '29 days', now(), interval '1 hour') AS h
  WHERE g.fingerprint < 1000000
  ORDER BY 1, 2`

const audit = `
  INSERT INTO integration_audit (at, who, role, action, target, affected, outcome)
  SELECT now() - (1000 - n) * interval '10 minutes', 'user-' || n % 9, 'operator', 'deadLetters.requeue', 'delivery-' || n, 1, 'done'
  FROM generate_series(1, 1000) AS n`

export const operationId = "01900000-0000-7000-8000-000000000001"

/** One on all dead letters, which nobody drives. */
const operation = `
  INSERT INTO integration_operation (id, kind, filter, cut_off, requested_by, role, state, total, is_total_exact, next_step_at)
  VALUES ('${operationId}', 'requeue', '{}', now(), 'user-1', 'operator', 'running', 10001, false, now() + interval '1 year')`

/** Each consumer has all events. */
const subscriptions = `
  UPDATE integration_subscription SET event_pattern = 'bench.happened-*'`

const ordered = `
  UPDATE integration_consumer SET ordering = 'aggregate'
  WHERE right(consumer_name, 1)::int % 2 = 0`

/** Processes that serve all consumers but two: for a moment, as they are soon found to be gone. */
export const replicas = (consumers: number) => `
  INSERT INTO integration_replica (id, host, pid, consumers)
  SELECT gen_random_uuid(), 'host-' || n, n, s.consumers
  FROM generate_series(1, 4) AS n
  CROSS JOIN (
    SELECT jsonb_object_agg('bench.consumer-' || k, jsonb_build_object(
      'names', jsonb_build_array(), 'patterns', jsonb_build_array('bench.happened-*'), 'versions', (
        SELECT jsonb_object_agg('bench.happened-' || v, 1) FROM generate_series(0, 19) AS v
      ), 'ordering', 'none'
    )) AS consumers
    FROM generate_series(0, ${consumers - 3}) AS k
  ) AS s`

/** Statements that write all of it, after deliveries. */
export const records = (consumers: number): ReadonlyArray<string> => [
  statistics(consumers, "minute", 1440),
  statistics(consumers, "hour", 720),
  gauges(consumers),
  groups,
  settledGroups,
  hours,
  audit,
  operation,
  subscriptions,
  ordered
]

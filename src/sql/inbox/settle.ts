/**
 * How a delivery is settled or put off, in SQL: by whom its transaction holds it, or by whom its lease does.
 *
 * @internal
 */
import { cutTo } from "../../model/storable.ts"
import type { Settlement } from "../../stores/Delivery.ts"

const snoozed: Settlement["status"] = "snoozed"

/**
 * A statement with the parameters of `settledBy`, then those of `guard` from `$10` on. It returns a row if the guard
 * let it through, and writes the history of what failed.
 */
export const settling = (options: { readonly attempts: string; readonly guard: string; readonly also?: string }) => `
  WITH settled AS (
    UPDATE inbox_event AS i
    SET status = CASE WHEN $2::text <> '${snoozed}' THEN $2::text WHEN ${options.attempts} > 1 THEN 'failed' ELSE 'received' END,
      attempt_count = ${options.attempts} - CASE WHEN $2::text = '${snoozed}' THEN 1 ELSE 0 END, updated_at = clock.now${options.also ?? ""},
      processed_at = CASE WHEN $3::float8 IS NULL THEN clock.now END,
      available_at = CASE WHEN $2::text NOT IN ('failed', '${snoozed}') THEN i.available_at
        WHEN $3::float8 = 0 THEN least(i.available_at, clock.now)
        ELSE clock.now + $3::float8 * interval '1 millisecond' END,
      last_error = $4::text, error_tag = $5::text, error_fingerprint = $9::bigint
    FROM (SELECT clock_timestamp() AS now) AS clock
    WHERE i.outbox_event_id = $1::uuid AND i.consumer_name = $8 AND ${options.guard}
    RETURNING i.outbox_event_id, i.consumer_name, i.attempt_count, i.updated_at
  ), kept AS (
    INSERT INTO integration_attempt (
      outbox_event_id, consumer_name, attempt, started_at, finished_at, outcome, error_tag, error
    )
    SELECT s.outbox_event_id, s.consumer_name, s.attempt_count, s.updated_at - $6::float8 * interval '1 millisecond', s.updated_at,
      CASE WHEN $3::float8 IS NULL THEN $2::text ELSE 'retry' END, $5::text, $7::text
    FROM settled AS s
    WHERE $6::float8 IS NOT NULL
  )
  SELECT 1 FROM settled`

/** The first nine parameters of `settling`. */
export const settledBy = ({ consumer, error, errorTag, eventId, failure, retryInMillis, status }: Settlement) => [
  eventId,
  status,
  // As text: above 24 days it would be sent as a 64-bit integer.
  retryInMillis === undefined ? null : String(retryInMillis),
  error === undefined ? null : cutTo(error, 1023),
  errorTag === undefined ? null : cutTo(errorTag, 255),
  failure === undefined ? null : String(failure.durationMillis),
  failure === undefined ? null : cutTo(failure.detail, 4000),
  consumer,
  failure?.group?.fingerprint ?? null
]

/**
 * How a delivery is settled or put off, in SQL: by whom its transaction holds it, or by whom its lease does.
 *
 * @internal
 */
import { cutTo } from "../../model/storable.ts"
import type { Settlement } from "../../stores/Delivery.ts"

/**
 * A statement with the parameters of `settledBy`, then those of `guard` from `$8` on. It returns the row's id if the guard
 * let it through, and writes the history of what failed.
 */
export const settling = (options: { readonly attempts: string; readonly guard: string; readonly also?: string }) => `
  WITH settled AS (
    UPDATE inbox_event AS i
    SET status = $2::text, attempt_count = ${options.attempts}, updated_at = clock.now${options.also ?? ""},
      processed_at = CASE WHEN $3::float8 IS NULL THEN clock.now END,
      available_at = CASE WHEN $2::text <> 'failed' THEN i.available_at
        WHEN $3::float8 = 0 THEN least(i.available_at, clock.now)
        ELSE clock.now + $3::float8 * interval '1 millisecond' END,
      last_error = $4::text, error_tag = $5::text
    FROM (SELECT clock_timestamp() AS now) AS clock
    WHERE i.id = $1::uuid AND ${options.guard}
    RETURNING i.id, i.attempt_count, i.updated_at
  ), kept AS (
    INSERT INTO integration_attempt (inbox_event_id, attempt, started_at, finished_at, outcome, error_tag, error)
    SELECT s.id, s.attempt_count, s.updated_at - $6::float8 * interval '1 millisecond', s.updated_at,
      CASE WHEN $3::float8 IS NULL THEN $2::text ELSE 'retry' END, $5::text, $7::text
    FROM settled AS s
    WHERE $6::float8 IS NOT NULL
  )
  SELECT id::text AS "id" FROM settled`

/** The first seven parameters of `settling`. */
export const settledBy = ({ deliveryId, error, errorTag, failure, retryInMillis, status }: Settlement) => [
  deliveryId,
  status,
  // As text: above 24 days it would be sent as a 64-bit integer.
  retryInMillis === undefined ? null : String(retryInMillis),
  error === undefined ? null : cutTo(error, 1023),
  errorTag === undefined ? null : cutTo(errorTag, 255),
  failure === undefined ? null : String(failure.durationMillis),
  failure === undefined ? null : cutTo(failure.detail, 4000)
]

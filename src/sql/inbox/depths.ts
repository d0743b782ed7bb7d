/**
 * How much waits for consumers, for metrics: counted up to a limit, from indexes of what is open.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { type ConsumerDepth, type Depths, largestDepth } from "../../stores/Depths.ts"
import { claimable, deadOf } from "../deliveryStates.ts"
import { serves } from "../recovery.ts"

const upTo = largestDepth + 1

/** How many rows a query has, up to the limit. */
const counted = (query: string) => `least((SELECT count(*)::int FROM (${query} LIMIT ${upTo}) AS n), ${largestDepth})`

const ofConsumer = "FROM inbox_event AS i WHERE i.consumer_name = s.consumer"

/** What can be claimed, or will be: the first by due time. */
const waiting = `
  SELECT count(*) FILTER (WHERE w.status = 'received' AND w.available_at <= n.now)::int AS ready,
    count(*) FILTER (WHERE w.status = 'received' AND w.available_at > n.now)::int AS delayed,
    count(*) FILTER (WHERE w.status = 'failed')::int AS retrying,
    greatest(coalesce(extract(epoch FROM min(n.now) - min(w.available_at)) * 1000, 0), 0)::float8 AS oldest
  FROM (SELECT clock_timestamp() AS now OFFSET 0) AS n
  CROSS JOIN (
    SELECT i.status, i.available_at
    ${ofConsumer} AND ${claimable}
    ORDER BY i.available_at, i.position
    LIMIT ${largestDepth}
  ) AS w`

const consumers = `
  SELECT s.consumer AS "consumer", w.ready AS "ready", w.delayed AS "delayed", w.retrying AS "retrying",
    w.oldest AS "oldestMillis",
    ${counted(`SELECT 1 ${ofConsumer} AND i.status = 'processing'`)} AS "leased",
    ${counted(`SELECT 1 ${ofConsumer} AND i.status IN ('received', 'failed') AND i.available_at = 'infinity'`)} AS "parked",
    ${counted(`SELECT 1 FROM inbox_event AS i WHERE ${deadOf("s.consumer")}`)}
      + ${counted(`SELECT 1 ${ofConsumer} AND i.status = 'failed' AND i.available_at IS NULL`)} AS "deadLetters",
    c.paused_at IS NOT NULL AS "isPaused", c.pause_reason IS NOT NULL AS "isBraked",
    coalesce(c.held_for_backfill OR c.cool_until > clock_timestamp(), false) AS "isHeld", c.recovering_until IS NOT NULL AS "isRecovering"
  FROM unnest($1::text[]) AS s (consumer)
  LEFT JOIN integration_consumer AS c ON c.consumer_name = s.consumer
  CROSS JOIN LATERAL (${waiting}) AS w
  ORDER BY s.consumer`

const shared = `
  SELECT ${counted("SELECT 1 FROM integration_event WHERE routed_at IS NULL")} AS "unrouted",
    (
      SELECT count(*)::int
      FROM integration_subscription AS s
      WHERE NOT EXISTS (
        SELECT 1 FROM integration_replica AS r WHERE r.status = 'running' AND ${serves("r", "s")}
      )
    ) AS "unserved"`

export const depths =
  (sql: SqlClient.SqlClient) =>
  (names: ReadonlyArray<string>): Effect.Effect<Depths, Effect.Error<ReturnType<typeof sql.unsafe>>> =>
    Effect.gen(function* () {
      const found = names.length === 0 ? [] : yield* sql.unsafe<ConsumerDepth>(consumers, [names])
      const [rest] = yield* sql.unsafe<Omit<Depths, "consumers">>(shared)
      return { unrouted: 0, unserved: 0, ...rest, consumers: found }
    })

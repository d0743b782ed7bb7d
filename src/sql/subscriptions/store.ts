/**
 * Statements over `integration_subscription` and `integration_consumer`.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import type { SqlClient } from "effect/sql"
import { cutTo } from "../../model/storable.ts"
import {
  type Braked,
  type ConsumerState,
  longestReason,
  mostOpen,
  type Subscription,
  SubscriptionStore,
  type Unserved
} from "../../stores/SubscriptionStore.ts"
import { storeErrorsOf } from "../connection/errors.ts"
import { maintenanceTransaction } from "../connection/maintenanceTransaction.ts"
import { TableClient } from "../connection/tableClient.ts"
import { someOpenOf } from "../deliveryStates.ts"
import { lockConsumers, serves } from "../recovery.ts"
import { backfill, unhold } from "./backfill.ts"
import { registerAll } from "./register.ts"
import { open, overlooked, remove, skipOpen } from "./retire.ts"
import { sweep } from "./sweep.ts"

const setPaused = (sql: SqlClient.SqlClient) => (consumer: string, isPaused: boolean) =>
  sql<{ isChanged: boolean }>`
    WITH was AS MATERIALIZED (
      SELECT consumer_name, paused_at, cool_until
      FROM integration_consumer
      WHERE consumer_name = ${consumer}
      FOR NO KEY UPDATE
    )
    UPDATE integration_consumer AS consumer
    SET paused_at = CASE WHEN ${isPaused}::boolean THEN coalesce(was.paused_at, clock_timestamp()) END,
      pause_reason = CASE WHEN ${isPaused}::boolean THEN consumer.pause_reason END,
      resumed_at = CASE WHEN ${isPaused}::boolean THEN consumer.resumed_at ELSE clock_timestamp() END,
      cool_until = CASE WHEN ${isPaused}::boolean THEN was.cool_until END
    FROM was
    WHERE consumer.consumer_name = was.consumer_name
    RETURNING CASE
      WHEN ${isPaused}::boolean THEN was.paused_at IS NULL
      ELSE was.paused_at IS NOT NULL OR coalesce(was.cool_until > clock_timestamp(), false)
    END AS "isChanged"`

const brake = (sql: SqlClient.SqlClient) => (consumer: string, reason: string, sinceMillis: number) =>
  Effect.gen(function* () {
    const paused = yield* sql`
      UPDATE integration_consumer
      SET paused_at = clock_timestamp(), pause_reason = ${cutTo(reason, longestReason)}
      WHERE consumer_name = ${consumer} AND paused_at IS NULL
        AND coalesce(resumed_at <= clock_timestamp() - ${String(sinceMillis)}::float8 * interval '1 millisecond', true)
      RETURNING 1`
    const [row] = yield* sql<Pick<Braked, "resumedMillisAgo">>`
      SELECT (extract(epoch FROM clock_timestamp() - resumed_at) * 1000)::float8 AS "resumedMillisAgo"
      FROM integration_consumer
      WHERE consumer_name = ${consumer}`
    return { resumedMillisAgo: row?.resumedMillisAgo ?? null, isPaused: paused.length > 0 }
  })

const cool = (sql: SqlClient.SqlClient) => (consumer: string, millis: number) =>
  sql`
    UPDATE integration_consumer
    SET cool_until = greatest(cool_until, clock_timestamp() + ${String(millis)}::float8 * interval '1 millisecond')
    WHERE consumer_name = ${consumer}`

const consumers = (sql: SqlClient.SqlClient) =>
  sql<ConsumerState>`
    SELECT consumer_name AS "consumer", ordering AS "ordering", paused_at AS "pausedAt",
      pause_reason AS "pauseReason", cool_until AS "coolUntil", last_seen_at AS "lastSeenAt"
    FROM integration_consumer
    ORDER BY consumer_name`

/** Subscriptions that no running process has recorded to serve. */
const unserved = (sql: SqlClient.SqlClient) =>
  sql.unsafe<Unserved>(
    `SELECT s.consumer_name AS "consumer", s.event_pattern AS "event", o.count AS "open", o.since AS "since",
      c.last_seen_at AS "lastSeenAt"
    FROM integration_subscription AS s
    JOIN integration_consumer AS c ON c.consumer_name = s.consumer_name
    CROSS JOIN LATERAL (
      SELECT least(count(*), ${mostOpen})::int AS count, min(i.created_at) AS since
      FROM (${someOpenOf("s.consumer_name", "i.created_at", "i.event_name LIKE s.event_like", mostOpen)}) AS i
    ) AS o
    WHERE NOT EXISTS (
      SELECT 1
      FROM integration_replica AS r
      WHERE r.status = 'running' AND ${serves("r", "s")}
    )
    ORDER BY s.consumer_name, s.event_pattern`
  )

const all = (sql: SqlClient.SqlClient) =>
  sql<Subscription>`
    SELECT consumer_name AS "consumer", event_pattern AS "event", priority AS "priority"
    FROM integration_subscription
    ORDER BY consumer_name, event_pattern`

export const layer: Layer.Layer<SubscriptionStore, never, TableClient> = Layer.effect(
  SubscriptionStore,
  Effect.gen(function* () {
    const { sql } = yield* TableClient
    const storeErrors = storeErrorsOf(sql)
    const inTransaction = yield* maintenanceTransaction(sql)
    const sweepAll = sweep(sql)
    return SubscriptionStore.of({
      register: (registrations) =>
        registrations.length === 0
          ? Effect.void
          : storeErrors("subscriptions.register")(Effect.asVoid(registerAll(sql, inTransaction)(registrations))),
      cool: (consumer, millis) => storeErrors("subscriptions.cool")(Effect.asVoid(cool(sql)(consumer, millis))),
      brake: (consumer, reason, sinceMillis) =>
        storeErrors("subscriptions.brake")(brake(sql)(consumer, reason, sinceMillis)),
      setPaused: (consumer, isPaused) =>
        storeErrors("subscriptions.setPaused")(
          Effect.map(setPaused(sql)(consumer, isPaused), ([row]) => row?.isChanged)
        ),
      consumers: storeErrors("subscriptions.consumers")(consumers(sql)),
      sweep: (request) => storeErrors("subscriptions.sweep")(sweepAll(request)),
      backfill: storeErrors("subscriptions.backfill")(backfill(sql, inTransaction)),
      unserved: storeErrors("subscriptions.unserved")(
        Effect.zipWith(unserved(sql), overlooked(sql), (found, left) => [...found, ...left])
      ),
      all: storeErrors("subscriptions.all")(all(sql)),
      open: (scope, limit) => storeErrors("subscriptions.open")(open(sql)(scope, limit)),
      remove: (consumer, events) =>
        storeErrors("subscriptions.remove")(
          Effect.gen(function* () {
            yield* lockConsumers(sql)([consumer])
            const removed = yield* remove(sql)(consumer, events)
            yield* unhold(sql)(consumer)
            return removed.length
          })
        ),
      skipOpen: (scope) =>
        storeErrors("subscriptions.skipOpen")(Effect.map(skipOpen(sql)(scope), (rows) => rows.length))
    })
  })
)

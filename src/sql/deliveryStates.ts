/**
 * States of a delivery and of its consumer, as SQL conditions that statements share.
 *
 * @internal
 */
import { snoozedTag } from "../stores/Delivery.ts"
import { headStart } from "./writeDeliveries.ts"

/** Rows a claim may take, in the words of the partial index `inbox_event_claim_idx`. */
export const claimable = "i.status IN ('received', 'failed') AND i.available_at < 'infinity'"

const heldByConsumer = (consumer: string, conditions: string) =>
  `NOT EXISTS (SELECT 1 FROM integration_consumer WHERE consumer_name = ${consumer} AND (${conditions}))`

/** Whether a consumer's deliveries will be claimed by themselves. Evaluated once per statement, by primary key. */
export const notPaused = (consumer: string) => heldByConsumer(consumer, "paused_at IS NOT NULL OR held_for_backfill")

/** Whether they may be claimed now. */
export const notHeld = (consumer: string) =>
  heldByConsumer(consumer, "paused_at IS NOT NULL OR held_for_backfill OR cool_until > clock_timestamp()")

/** When they may be claimed, if that is held: null, or in the past, when it is not. */
export const coolUntil = (consumer: string) =>
  `(SELECT cool_until FROM integration_consumer WHERE consumer_name = ${consumer})`

/** A delivery that waits for its first attempt; one that was given back has had it. */
export const isUntried = (delivery: string) =>
  `(${delivery}.status = 'received' AND ${delivery}.attempt_count = 0 AND ${delivery}.error_tag IS DISTINCT FROM '${snoozedTag}')`

/** Open deliveries, in the words of `inbox_event_key_idx`. */
export const open = "i.status IN ('received', 'processing', 'failed') AND i.available_at IS NOT NULL"

/** Kinds of open deliveries, each in the words of an index, with the order that it has those of a consumer in. */
const kindsOfOpen = [
  [claimable, "i.available_at, i.position"],
  ["i.status IN ('received', 'failed') AND i.available_at = 'infinity'", "i.ordering_key, i.position"],
  ["i.status = 'processing'", "i.locked_until"]
] as const

/**
 * Columns of all open deliveries `i`, whoever they are for, from the indexes of those that can be claimed, that are parked, and
 * that are leased: what is settled is not read.
 */
export const openDeliveries = (columns: string) =>
  kindsOfOpen.map(([kind]) => `SELECT ${columns} FROM inbox_event AS i WHERE ${kind}`).join(" UNION ALL ")

/**
 * Columns of open deliveries `i` of one consumer that fit a condition, at most `limit` of each kind: of those that can be claimed
 * the first by due time, of the others any. Each is read in the order of its index: else all entries
 * of many would be.
 */
export const someOpenOf = (consumer: string, columns: string, condition: string, limit: number) =>
  kindsOfOpen
    .map(
      ([kind, order]) => `(
        SELECT ${columns} FROM inbox_event AS i
        WHERE i.consumer_name = ${consumer} AND ${kind} AND ${condition}
        ORDER BY ${order}
        LIMIT ${limit}
      )`
    )
    .join(" UNION ALL ")

/**
 * Open, put off by the event's publisher, and never attempted: its time has not come. The clock says so, rather than `now()`,
 * for which also an event of the time since the transaction began has not come.
 */
export const isDelayed = `(${isUntried("i")} AND i.available_at < 'infinity'
  AND i.available_at - coalesce(i.tier, 0) * ${headStart} > clock_timestamp())`

/** Deliveries that gave up, in the words of `inbox_event_gave_up_idx`. */
export const gaveUp = "(i.status = 'dead_letter' OR (i.status = 'failed' AND i.available_at IS NULL))"

/**
 * What is dead of one consumer. Compared as rows, dead letters are read from `inbox_event_status_idx`, which has them by consumer: with two
 * conditions planners may read everybody's in another order, which is cheaper than they think these are.
 *
 * @param consumer - SQL of its name
 */
export const deadOf = (consumer: string) => `i.status IN ('failed', 'skipped', 'dead_letter')
  AND (i.status, i.consumer_name) >= ('dead_letter', ${consumer}) AND (i.status, i.consumer_name) <= ('dead_letter', ${consumer})`

/** Terminal deliveries: nothing will happen to them by itself. */
export const isSettled = (delivery: string) =>
  `(${delivery}.status IN ('processed', 'skipped', 'dead_letter') OR (${delivery}.status = 'failed' AND ${delivery}.available_at IS NULL))`

/** A row `i` of `inbox_event` as a `Delivery`, its position as text. */
export const deliveryFields = `
  i.id::text AS "deliveryId", i.outbox_event_id::text AS "eventId", i.position::text AS "position",
  i.event_name AS "eventName", i.schema_version AS "schemaVersion", i.consumer_name AS "consumer", i.status AS "status",
  NOT ${isSettled("i")} AS "isOpen", i.attempt_count AS "attemptCount", i.last_error AS "lastError",
  i.error_tag AS "errorTag",
  CASE WHEN NOT ${isSettled("i")} AND i.status <> 'processing' AND i.available_at < 'infinity'
    THEN (extract(epoch FROM i.available_at - clock_timestamp()) * 1000)::float8 END AS "dueInMillis",
  i.created_at AS "createdAt", i.processed_at AS "processedAt"`

/**
 * Deliveries of a group of errors, counted in the words of their two indexes: how many are settled matters to neither.
 *
 * @internal
 */
import { largestGroupCount } from "../../stores/ErrorGroupStore.ts"
import { gaveUp } from "../deliveryStates.ts"

/** Deliveries that are to be tried again, in the words of `inbox_event_retrying_idx`. */
export const retrying = "(i.status = 'failed' AND i.available_at IS NOT NULL)"

/** Those of a group that gave up. */
export const gaveUpOf = (fingerprint: string, columns = "1") =>
  `SELECT ${columns} FROM inbox_event AS i WHERE i.error_fingerprint = ${fingerprint} AND ${gaveUp}`

/** Those of a group that are to be tried again. */
export const retryingOf = (fingerprint: string, columns = "1") =>
  `SELECT ${columns} FROM inbox_event AS i WHERE i.error_fingerprint = ${fingerprint} AND ${retrying}`

/** How many rows a query has, counted to the largest count. */
export const counted = (query: string) => `(SELECT count(*)::int FROM (${query} LIMIT ${largestGroupCount}) AS counted)`

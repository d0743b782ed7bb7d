/**
 * Payloads of claimed deliveries. A claim brings those that are no larger than their share of what it may hold; larger ones
 * are read by a second statement, as many as there is room for.
 *
 * @internal
 */
import { Effect } from "effect"
import type { SqlClient, SqlError } from "effect/sql"
import { largestContent } from "../../model/contentSize.ts"
import { type Claimed, type DeliveryKey, largestClaim } from "../../stores/Delivery.ts"
import { type Content, type ContentRow, contentColumns, withContent } from "../contents.ts"
import { claimedContent, eventOf } from "./claimFragments.ts"

/** A claimed delivery with its payload, if it is small enough. All of a claim have the same consumer: no row names it. */
export type ClaimedRow = Omit<Claimed, keyof Content | "consumer"> & ContentRow

/** The same row, with its consumer. */
export const withConsumer = <Row extends object>(row: Row, consumer: string): Row & Pick<DeliveryKey, "consumer"> =>
  Object.assign(row, { consumer })

/** Bytes that are worth no second statement, however many deliveries are claimed. */
const smallestShare = 16_384

/** Most bytes of one delivery that a claim brings itself. */
export const shareOf = (limit: number): number =>
  limit === 1 ? largestContent : Math.max(smallestShare, Math.floor(largestClaim / limit))

/** A large delivery; `bytes` is null if it is too large to be read. */
type LargeRow = ContentRow & { readonly eventId: string; readonly bytes: number | null }

/** Reads payloads of deliveries of consumer `$3` until there are `$2` bytes of them; the first in any case. */
const largeStatement = `
  SELECT r.event::text AS "eventId", CASE WHEN r.is_wanted THEN r.payload END AS "payload",
    CASE WHEN r.is_wanted THEN r.metadata END AS "metadata", r.oversize AS "oversizeBytes", r.bytes AS "bytes"
  FROM (
    SELECT c.*, c.place = 1 OR sum(coalesce(c.bytes, 0)) OVER (ORDER BY c.place) <= $2::bigint AS is_wanted
    FROM (
      SELECT w.event, w.place, r."payload" AS payload, r."metadata" AS metadata, r."oversizeBytes" AS oversize,
        octet_length(r."payload") + coalesce(octet_length(r."metadata"), 0) AS bytes
      FROM unnest($1::uuid[]) WITH ORDINALITY AS w (event, place)
      CROSS JOIN LATERAL (
        SELECT * FROM inbox_event WHERE outbox_event_id = w.event AND consumer_name = $3 LIMIT 1
      ) AS c
      CROSS JOIN ${eventOf}
      CROSS JOIN ${claimedContent(String(largestContent))}
      CROSS JOIN LATERAL (SELECT ${contentColumns()} OFFSET 0) AS r
    ) AS c
  ) AS r
  ORDER BY r.place`

/** As many of the next large deliveries as there is room for, going by what is known of their size; at least one. */
const nextOf = (large: ReadonlyArray<ClaimedRow>, room: number) => {
  let sum = 0
  const end = large.findIndex(({ oversizeBytes }) => {
    sum += oversizeBytes ?? 0
    return sum > room
  })
  return large.slice(0, end === -1 ? large.length : Math.max(1, end))
}

/** Payloads of large deliveries of a consumer, by event: of the first ones only, where all are too much for one claim. */
const readLarge = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  consumer: string,
  large: ReadonlyArray<ClaimedRow>
): Effect.fn.Return<ReadonlyMap<string, Content>, SqlError.SqlError> {
  const contents = new Map<string, Content>()
  let room = largestClaim
  for (let rest = large; rest[0] !== undefined && (contents.size === 0 || (rest[0].oversizeBytes ?? 0) <= room); ) {
    const next = nextOf(rest, room)
    const rows = yield* sql.unsafe<LargeRow>(largeStatement, [next.map((_) => _.eventId), room, consumer])
    for (const { bytes, eventId, metadata, oversizeBytes, payload } of rows) {
      // There was no room for it.
      if (payload === null && bytes !== null) return contents
      contents.set(eventId, withContent({ payload, metadata, oversizeBytes }))
      room -= bytes ?? 0
    }
    rest = rest.slice(next.length)
  }
  return contents
})

/**
 * Claimed deliveries with their payloads, in their order: up to the first that there is no room for. What is left out is
 * free again when the transaction ends.
 *
 * @param limit - how many were asked for
 */
export const withContents = Effect.fnUntraced(function* <Row extends ClaimedRow>(
  sql: SqlClient.SqlClient,
  consumer: string,
  rows: ReadonlyArray<Row>,
  limit: number
) {
  const large = shareOf(limit) === largestContent ? [] : rows.filter(({ payload }) => payload === null)
  const contents = large.length === 0 ? undefined : yield* readLarge(sql, consumer, large)
  const claimed: Array<Omit<Row, keyof Content> & Content & Pick<DeliveryKey, "consumer">> = []
  for (const row of rows) {
    const content = row.payload === null ? contents?.get(row.eventId) : undefined
    if (row.payload === null && contents !== undefined && content === undefined) break
    claimed.push(Object.assign(withConsumer(withContent(row), consumer), content))
  }
  return claimed
})

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
import { type Content, type ContentRow, contentBytes, withContent } from "../contents.ts"
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

/** A large delivery: without its payload if it is larger than what is known of it let expect, which `bytes` then says. */
type LargeRow = ContentRow & { readonly eventId: string; readonly bytes: number }

/** Reads payloads of deliveries `$1` of consumer `$3`, each up to so many bytes `$2`. Nothing is summed up: a window would spool them to disk. */
const largeStatement = `
  SELECT w.event::text AS "eventId", CASE WHEN ${contentBytes} <= w.most THEN t.content END AS "payload",
    CASE WHEN ${contentBytes} <= ${largestContent} THEN NULL ELSE coalesce(${contentBytes}, t.size) END AS "oversizeBytes",
    coalesce(${contentBytes}, t.size) AS "bytes"
  FROM unnest($1::uuid[], $2::int[]) AS w (event, most)
  CROSS JOIN LATERAL (
    SELECT * FROM inbox_event WHERE outbox_event_id = w.event AND consumer_name = $3 LIMIT 1
  ) AS c
  CROSS JOIN ${eventOf}
  CROSS JOIN ${claimedContent(String(largestContent))}`

/** A large delivery that is still to be read. */
interface Large {
  readonly eventId: string
  /** Bytes of its payload, as far as they are known: it may take more when it is written. */
  readonly bytes: number
}

/** As many of the next large deliveries as there is room for, going by what is known of their size; at least one. */
const nextOf = (large: ReadonlyArray<Large>, room: number) => {
  let sum = 0
  const end = large.findIndex(({ bytes }) => {
    sum += bytes
    return sum > room
  })
  return large.slice(0, end === -1 ? large.length : Math.max(1, end))
}

/** Bytes that are read of each of several deliveries at once: the sizes of few texts are misjudged by half. */
const mostOf = (next: ReadonlyArray<Large>) =>
  next.length === 1 ? [largestContent] : next.map(({ bytes }) => 2 * bytes)

/** Payloads of large deliveries of a consumer, by event: of the first ones only, where all are too much for one claim. */
const readLarge = Effect.fnUntraced(function* (
  sql: SqlClient.SqlClient,
  consumer: string,
  large: ReadonlyArray<Large>
): Effect.fn.Return<ReadonlyMap<string, Content>, SqlError.SqlError> {
  const contents = new Map<string, Content>()
  let room = largestClaim
  for (let rest = large; rest[0] !== undefined && (contents.size === 0 || rest[0].bytes <= room); ) {
    const next = nextOf(rest, room)
    const rows = yield* sql.unsafe<LargeRow>(largeStatement, [next.map((_) => _.eventId), mostOf(next), consumer])
    const found = new Map(rows.map((row) => [row.eventId, row]))
    for (const { eventId } of next) {
      const row = found.get(eventId)
      if (row === undefined) return contents
      rest = rest.slice(1)
      if (row.payload === null && row.oversizeBytes === null) {
        rest = [row, ...rest]
        break
      }
      contents.set(eventId, withContent({ payload: row.payload, oversizeBytes: row.oversizeBytes }))
      if (row.oversizeBytes === null) room -= row.bytes
    }
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
  const contents =
    large.length === 0
      ? undefined
      : yield* readLarge(
          sql,
          consumer,
          large.map(({ eventId, oversizeBytes }) => ({ eventId, bytes: oversizeBytes ?? 0 }))
        )
  const claimed: Array<Omit<Row, keyof Content> & Content & Pick<DeliveryKey, "consumer">> = []
  for (const row of rows) {
    const content = row.payload === null ? contents?.get(row.eventId) : undefined
    if (row.payload === null && contents !== undefined && content === undefined) break
    claimed.push(Object.assign(withConsumer(withContent(row), consumer), content))
  }
  return claimed
})

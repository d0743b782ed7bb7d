/**
 * Payload and metadata of an event, read up to a size: `jsonb` is larger when it is written than it is stored, and a client that
 * is sent more than it takes in one message loses its connection. What is too large stays where it is.
 *
 * @internal
 */
import type { Schema } from "effect"
import { largestContent } from "../model/contentSize.ts"

/** What `contentColumns` give: both documents in one, which a client reads while it waits for the rows that follow. */
export interface ContentRow {
  /** An array of payload and metadata, or its text, if that is what a client makes of JSON; null when they are larger than asked for. */
  readonly payload: readonly [payload: Schema.Json, metadata: Schema.Json | null] | string | null
  /** Of both, if they are larger than asked for; when they have not been written at all, about. */
  readonly oversizeBytes: number | null
}

/** Both documents; null when they are too large together. */
export interface Content {
  readonly payload: Schema.Json
  readonly metadata: Schema.Json | null
  readonly oversizeBytes: number | null
}

/** Stored, a document is at most so many times larger than its text: what is above that need not be written. */
const storedPerWritten = 4

/** Bytes of a limit below which many documents are asked for: one that is too large is better not written at all. */
const sharedBelow = 524_288

/** Stored bytes that are not worth a closer look: PostgreSQL compresses to a hundredth at best, so these are 150 kB at most. */
const notWorthALook = 1500

/**
 * SQL of the bytes of both documents: as they are stored, compressed, or, where many are asked for and that says too little, as
 * they are before that. `#> '{}'` is the document itself, uncompressed, which takes a tenth of writing it.
 */
const sizeOf = (payload: string, metadata: string, limit: string) => {
  const stored = `pg_column_size(${payload}) + coalesce(pg_column_size(${metadata}), 0)`
  return `CASE WHEN ${limit} >= ${sharedBelow} OR ${stored} <= ${notWorthALook} THEN ${stored}
      ELSE pg_column_size(${payload} #> '{}') + coalesce(pg_column_size(${metadata} #> '{}'), 0) END`
}

/**
 * To be joined: both documents as one of JSON, `t`, for `contentColumns`. `OFFSET 0` keeps their expressions here, so that each
 * is written once.
 *
 * @param payload - SQL of the payload
 * @param metadata - SQL of the metadata
 * @param limit - SQL of the most bytes that are wanted
 */
export const contentOf = (payload: string, metadata: string, limit = String(largestContent)) => `LATERAL (
    SELECT s.size, CASE
        WHEN s.size <= CASE WHEN ${limit} >= ${sharedBelow} THEN ${storedPerWritten} ELSE 1 END::bigint * ${limit}
        THEN json_build_array(${payload}, ${metadata})
      END AS content
    FROM (SELECT ${sizeOf(payload, metadata, limit)} AS size OFFSET 0) AS s
    OFFSET 0
  ) AS t`

/** SQL of the bytes of the documents of `contentOf`, which are not compressed: without the array around them. */
export const contentBytes = "pg_column_size(t.content) - 12"

/** Columns of a `ContentRow`, for rows joined with `contentOf`: null when they are larger than `limit`. */
export const contentColumns = (limit = String(largestContent)) => `
  CASE WHEN ${contentBytes} <= ${limit} THEN t.content END AS "payload",
  CASE WHEN ${contentBytes} <= ${limit} THEN NULL ELSE coalesce(${contentBytes}, t.size) END AS "oversizeBytes"`

/** The same row with both documents: in place, as a copy of each row shows in large claims. */
export const withContent = <Row extends ContentRow>(row: Row): Omit<Row, keyof Content> & Content => {
  const { payload: content } = row
  const both = typeof content === "string" ? JSON.parse(content) : content
  const read = row as object as { payload: Schema.Json; metadata: Schema.Json | null }
  read.payload = both === null ? null : both[0]
  read.metadata = both === null ? null : both[1]
  return row as object as Omit<Row, keyof Content> & Content
}

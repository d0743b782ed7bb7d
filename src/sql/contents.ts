/**
 * Payload and metadata of an event, read as text: `jsonb` is larger when it is written than it is stored, and a client that
 * is sent more than it takes in one message loses its connection. What is too large stays where it is.
 *
 * @internal
 */
import type { Schema } from "effect"
import { largestContent } from "../model/contentSize.ts"

/** What `contentColumns` give: documents as text. */
export interface ContentRow {
  /** Null when both are larger than asked for. */
  readonly payload: string | null
  readonly metadata: string | null
  /** Of both, if they are larger than asked for; when they have not been written at all, as they are stored. */
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

/**
 * To be joined: documents as text `t`, for `contentColumns`. `OFFSET 0` keeps their expressions here, so that each is written
 * once.
 *
 * @param payload - SQL of the payload
 * @param metadata - SQL of the metadata
 * @param limit - SQL of the most bytes that are wanted
 */
export const contentOf = (payload: string, metadata: string, limit = String(largestContent)) => `LATERAL (
    SELECT s.stored, CASE WHEN s.stored <= ${storedPerWritten}::bigint * ${limit} THEN ${payload}::text END AS payload,
      CASE WHEN s.stored <= ${storedPerWritten}::bigint * ${limit} THEN ${metadata}::text END AS metadata
    FROM (SELECT pg_column_size(${payload}) + coalesce(pg_column_size(${metadata}), 0) AS stored) AS s
    OFFSET 0
  ) AS t`

const written = "octet_length(t.payload) + coalesce(octet_length(t.metadata), 0)"

/** Columns of a `ContentRow`, for rows joined with `contentOf`: null when they are larger than `limit`. */
export const contentColumns = (limit = String(largestContent)) => `
  CASE WHEN ${written} <= ${limit} THEN t.payload END AS "payload",
  CASE WHEN ${written} <= ${limit} THEN t.metadata END AS "metadata",
  CASE WHEN ${written} <= ${limit} THEN NULL ELSE coalesce(${written}, t.stored) END AS "oversizeBytes"`

/** The same row, with its documents read: in place, as a copy of each row shows in large claims. */
export const withContent = <Row extends ContentRow>(row: Row): Omit<Row, keyof Content> & Content => {
  const read = row as { payload: Schema.Json; metadata: Schema.Json | null }
  if (row.payload !== null) read.payload = JSON.parse(row.payload)
  if (row.metadata !== null) read.metadata = JSON.parse(row.metadata)
  return row as Omit<Row, keyof Content> & Content
}

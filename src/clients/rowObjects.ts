/**
 * Results of clients that give rows as objects only, and what such a client makes of values: without types, nothing can be read from a
 * text, so it is tried once what becomes of a time, a JSON, an id.
 *
 * @internal
 */
import { isDeepStrictEqual } from "node:util"
import type { ClientResult } from "../stores/TransactionClient.ts"

/** What such a client gives for a statement. */
export type RowObjects = ReadonlyArray<Readonly<Record<string, unknown>>>

/** The columns of objects are the keys of the first; `types` are those of columns in the statement's order. */
export const ofRowObjects = (rows: RowObjects, types: ReadonlyArray<number> = []): ClientResult => {
  const names = Object.keys(rows[0] ?? {})
  // Columns of one name are one key, and keys that are numbers come first: then nobody knows which type is whose.
  const isInOrder = names.length === types.length && !names.some((name) => /^\d+$/.test(name))
  return {
    columns: names.map((name, index) => (isInOrder ? { name, type: types[index] } : { name })),
    rows: rows.map((row) => names.map((name) => row[name]))
  }
}

const instant = Date.parse("2026-07-01T12:00:00.123Z")

/** With what parsers of applications rename, or make `Date`s of. */
const json = '{"a_b":["2026-07-01T12:00:00.123Z"]}'

const uuid = "00000000-0000-4000-8000-00000000000a"

/** A statement with a value of each kind that needs a client's parser. */
export const sample = `SELECT '2026-07-01T12:00:00.123Z'::timestamptz AS at, '${json}'::jsonb AS json, ARRAY['a'] AS list, true AS fact,
  1 AS number, 'a_b'::text AS text, '${uuid}'::uuid AS id`

/** Which values of `sample` are not what they mean; `undefined`: all are. */
export const misread = (rows: RowObjects): string | undefined => {
  const { at, fact, id, json: value, list, number, text } = rows[0] ?? {}
  if (!(at instanceof Date)) return `times come as ${typeof at}`
  if (at.getTime() !== instant) return `times come ${(at.getTime() - instant) / 3_600_000} hours late`
  if (typeof value !== "object" || value === null) return `JSON comes as ${typeof value}`
  if (!isDeepStrictEqual(value, JSON.parse(json))) return "JSON comes changed"
  if (!Array.isArray(list)) return `lists come as ${typeof list}`
  if (typeof fact !== "boolean") return `booleans come as ${typeof fact}`
  if (text !== "a_b") return "texts come changed"
  if (id !== uuid) return "UUIDs come changed"
  return typeof number === "number" ? undefined : `integers come as ${typeof number}`
}

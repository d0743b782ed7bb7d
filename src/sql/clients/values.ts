/**
 * Values from another client: PostgreSQL's own texts become what the client of this package makes of them.
 *
 * @internal
 */
import type { ClientColumn, ClientResult } from "../../stores/TransactionClient.ts"

/** Reads a text of PostgreSQL. */
type Read = (text: string) => unknown

/** As with the style ISO, which is PostgreSQL's default; a year may have more digits. */
const time =
  /^(\d{4,6})-(\d\d)-(\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?:([+-])(\d\d)(?::?(\d\d))?(?::(\d\d))?)?( BC)?$/

/** Times beyond those of `Date` are infinite, as with `@effect/sql-pg`; one that is written in another style is left as it is. */
const timeOf: Read = (text) => {
  if (text === "infinity") return Number.POSITIVE_INFINITY
  if (text === "-infinity") return Number.NEGATIVE_INFINITY
  const parts = time.exec(text)
  if (parts === null) return text
  const [, year = "", month, day, clock, fraction = "", sign = "+", hours = "0", minutes = "0", seconds = "0", era] =
    parts
  const signed = era === undefined ? `+${year.padStart(6, "0")}` : `-${String(Number(year) - 1).padStart(6, "0")}`
  const millis = fraction.padEnd(3, "0").slice(0, 3)
  const written = Date.parse(`${signed === "-000000" ? "+000000" : signed}-${month}-${day}T${clock}.${millis}Z`)
  const offset = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000
  return new Date(sign === "-" ? written + offset : written - offset)
}

/** As with `bytea_output` hex, which is PostgreSQL's default. */
const bytesOf: Read = (text) => (text.startsWith("\\x") ? new Uint8Array(Buffer.from(text.slice(2), "hex")) : text)

const readers: ReadonlyArray<readonly [type: number, list: number, read: Read]> = [
  [16, 1000, (text) => text === "t" || text === "true"],
  [17, 1001, bytesOf],
  [20, 1016, BigInt],
  [21, 1005, Number],
  [23, 1007, Number],
  [26, 1028, Number],
  [700, 1021, Number],
  [701, 1022, Number],
  [114, 199, JSON.parse],
  [3802, 3807, JSON.parse],
  [1114, 1115, timeOf],
  [1184, 1185, timeOf]
]

/** Types whose values are texts here, too, and their lists: text, varchar, bpchar, name, uuid, numeric, date, time, interval … */
const textLists = [1009, 1015, 1014, 1003, 2951, 1231, 1182, 1183, 1187, 1270]

/** Elements of a list of one dimension, as PostgreSQL writes it: quoted, with a backslash before what would end that, or plain. */
const element = /"((?:[^"\\]|\\.)*)"|([^,{}]+)/gs

/** A list of several dimensions, or one that does not begin at 1: it is left as it is. */
const several = /^(\[|\{\{)/

const listOf = (read: Read): Read => {
  const plainOf = (plain: string) => (plain === "NULL" ? null : read(plain))
  return (text) => {
    if (several.test(text)) return text
    if (text === "{}") return []
    if (!text.includes('"')) return text.slice(1, -1).split(",").map(plainOf)
    return [...text.matchAll(element)].map(([, quoted, plain = ""]) =>
      quoted === undefined ? plainOf(plain) : read(quoted.replaceAll(/\\(.)/gs, "$1"))
    )
  }
}

const byType = new Map<number, Read>([
  ...readers.flatMap(
    ([type, list, read]): ReadonlyArray<readonly [number, Read]> => [
      [type, read],
      [list, listOf(read)]
    ]
  ),
  ...textLists.map((list) => [list, listOf((text) => text)] as const)
])

const readerOf = ({ type }: ClientColumn): Read | undefined => (type === undefined ? undefined : byType.get(type))

/** Each row's values, in the order of the columns. */
export const valuesOf = ({ columns, rows }: ClientResult): ReadonlyArray<ReadonlyArray<unknown>> => {
  const reads = columns.map(readerOf)
  if (reads.every((read) => read === undefined)) return rows
  return rows.map((row) =>
    row.map((value, index) => {
      const read = reads[index]
      return typeof value === "string" && read !== undefined ? read(value) : value
    })
  )
}

/** Rows as objects by the names of their columns. */
export const objectsOf = (result: ClientResult): ReadonlyArray<Record<string, unknown>> =>
  valuesOf(result).map((row) => Object.fromEntries(result.columns.map(({ name }, index) => [name, row[index]])))

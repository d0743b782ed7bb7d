/**
 * Values on their way to another client: as text, where clients differ about what they make of them.
 *
 * @internal
 */
import type { ClientParameter } from "../../stores/TransactionClient.ts"

/** A parameter that says its type, as `sql.json` and `PgTypes` make them. */
interface Typed {
  readonly oid: number
  readonly value: unknown
}

const isTyped = (value: object): value is Typed => "oid" in value && "value" in value

/** Types of JSON: `json` and `jsonb`. */
const jsonTypes = new Set([114, 3802])

/** An element of a list, as PostgreSQL writes it. */
const elementOf = (value: unknown): string => {
  if (Array.isArray(value)) throw new TypeError("A list of lists cannot be a parameter")
  const text = parameterOf(value)
  if (text === null) return "NULL"
  return typeof text === "string" ? `"${text.replaceAll(/["\\]/g, "\\$&")}"` : String(text)
}

/**
 * A value as clients send it unchanged. Throws `TypeError` for what has no form in PostgreSQL.
 *
 * @see https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO for lists
 */
export const parameterOf = (value: unknown): ClientParameter => {
  if (value === null || value === undefined) return null
  if (typeof value === "string" || typeof value === "boolean" || Number.isFinite(value)) return value as ClientParameter
  // Not all clients know numbers that JSON does not.
  if (typeof value === "bigint" || typeof value === "number") return String(value)
  if (value instanceof Date) return value.toISOString()
  if (value instanceof Uint8Array) return `\\x${Buffer.from(value).toString("hex")}`
  if (Array.isArray(value)) return `{${value.map(elementOf).join(",")}}`
  if (typeof value === "object" && isTyped(value)) {
    return jsonTypes.has(value.oid) ? JSON.stringify(value.value) : parameterOf(value.value)
  }
  throw new TypeError(`A ${typeof value} cannot be a parameter`)
}

/** What is quoted, or said to the reader, stays as it is; or a parameter, with its cast if it has one. */
const parameters =
  /--[^\n]*|\/\*[\s\S]*?\*\/|\$([A-Za-z_]\w*)?\$[\s\S]*?\$\1\$|[eE]'(?:[^'\\]|\\.|'')*'|'(?:[^']|'')*'|"(?:[^"]|"")*"|(\$\d+)(::)?/g

/** Parameters that stand without a cast somewhere: what is around them says of what type they are. */
const uncastOf = (statement: string): ReadonlySet<string> =>
  new Set(
    [...statement.matchAll(parameters)].flatMap(([, , parameter, cast]) =>
      parameter !== undefined && cast === undefined ? [parameter] : []
    )
  )

const withCasts = (statement: string): string => {
  const uncast = uncastOf(statement)
  return statement.replaceAll(parameters, (all, _tag, parameter?: string) =>
    parameter === undefined || uncast.has(parameter) ? all : `${parameter}::text::`
  )
}

const known = new Map<string, string>()

/** Texts that are remembered: those of the engine, and as many of an application. */
const maxKnown = 1000

/**
 * The same statement with parameters that are cast from text: clients that ask the server for a parameter's type would write a
 * text as JSON, or read it as true or false, before they send it.
 */
export const castFromText = (statement: string): string => {
  const found = known.get(statement)
  if (found !== undefined) return found
  const cast = withCasts(statement)
  if (known.size >= maxKnown) known.clear()
  known.set(statement, cast)
  return cast
}

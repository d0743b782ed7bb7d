/**
 * The words of an error, as they are kept in `last_error`, `error_tag` and the history of attempts.
 *
 * @internal
 */
import { Cause } from "effect"
import { SqlError } from "effect/sql"
import { shortJson } from "./shortJson.ts"
import { originalMessageOf } from "./sqlState.ts"

const tagOf = (error: unknown): string => {
  if (typeof error !== "object" || error === null) return typeof error
  const { _tag, name } = error as { readonly _tag?: unknown; readonly name?: unknown }
  return typeof _tag === "string" ? _tag : typeof name === "string" ? name : "Error"
}

/** The database's own words rather than the driver's "query failed". Parameters are not part of them. */
export const databaseWords = (error: SqlError.SqlError): string => {
  const cause = error.reason.cause
  const original = originalMessageOf(cause)
  if (original !== undefined) return original
  return cause instanceof Error && cause.message !== "" ? cause.message : error.message
}

/** What says of an error what it is, or what is said of it already. */
const notFields = new Set(["_tag", "name", "message", "stack"])

/** The tag of an error without a message, with its fields, which say the rest. */
const tagAndFields = (error: Error): string => {
  const fields = Object.entries(error).filter(([key]) => !notFields.has(key))
  if (error.cause !== undefined) fields.push(["cause", error.cause])
  return fields.length === 0 ? tagOf(error) : `${tagOf(error)}: ${shortJson(Object.fromEntries(fields))}`
}

const textOf = (error: unknown): string => {
  if (typeof error === "string") return error
  if (error instanceof SqlError.SqlError) return `${tagOf(error)}: ${databaseWords(error)}`
  if (error instanceof Error) return error.message === "" ? tagAndFields(error) : `${tagOf(error)}: ${error.message}`
  try {
    return shortJson(error) ?? String(error)
  } catch {
    return String(error)
  }
}

/** Where and why a document is refused, in words. */
export const issueText = (issue: {
  readonly path: string
  readonly message: string
  readonly line?: number
  readonly column?: number
}): string => {
  const { column, line, message, path } = issue
  const where = path === "" ? "(root)" : path
  return line === undefined ? `at ${where}: ${message}` : `at ${where} (line ${line}, column ${column}): ${message}`
}

/** What `print` makes of an error whose getters and methods are somebody else's; `otherwise` when they throw. */
const safely = <A>(print: () => A, otherwise: (thrown: unknown) => A): A => {
  try {
    return print()
  } catch (thrown) {
    return otherwise(thrown)
  }
}

/** The class of an error that does not bear to be read. */
const classOf = (error: unknown): string =>
  safely(
    () => {
      const name = (error as { readonly constructor?: { readonly name?: unknown } }).constructor?.name
      return typeof name === "string" && name !== "" ? name : "Object"
    },
    () => "Object"
  )

/** Words about an error that throws when it is printed; what is thrown may do so too. */
const unprintable = (error: unknown, thrown: unknown): string =>
  `${classOf(error)}: an error that cannot be printed${safely(
    () => `: printing it threw ${textOf(thrown)}`,
    () => "."
  )}`

/** Words and tag of an error, for `last_error` and `error_tag`. Never throws. */
export const describe = (error: unknown): { readonly text: string; readonly tag: string } => ({
  text: safely(
    () => textOf(error),
    (thrown) => unprintable(error, thrown)
  ),
  tag: safely(
    () => tagOf(error),
    () => classOf(error)
  )
})

/** The error a cause is about: the first failure, else the first defect. */
export const principal = (cause: Cause.Cause<unknown>): unknown => Cause.squash(cause)

/** Lines and characters kept of a stack. */
const maxStack = { lines: 12, characters: 4000 }

/** The folder of this package where it is none of `node_modules`, as in a workspace; undefined in a bundle, which has no folders. */
const ownFolder = /^(?:file:\/\/)?(.*[\\/])errors[\\/]errorText\.[jt]s$/.exec(import.meta.url)?.[1]

const isOwn = (frame: string) => ownFolder !== undefined && frame.includes(ownFolder)

const framesOf = (cause: Cause.Cause<unknown>): ReadonlyArray<string> =>
  Cause.pretty(cause)
    .split("\n")
    .filter((line) => /^\s+at /.test(line) && !/node_modules|\(?node:/.test(line) && !isOwn(line))
    .slice(0, maxStack.lines)

/**
 * Where a failure came from, the innermost line of the application's own code: the function and the name of its file, the same on every
 * host, and as long as it is in another line only. Undefined: its stack tells of none.
 */
export const placeOf = (detail: string): string | undefined => {
  const frame = detail.split("\n").find((line) => /^\s+at .*:\d+\)?$/.test(line))
  if (frame === undefined) return undefined
  const words = frame.trim().slice("at ".length)
  const open = words.lastIndexOf(" (")
  const path = words.slice(open === -1 ? 0 : open + 2).replace(/(?:[?#][^?#]{0,200})?(?::\d{1,9}){1,2}\)?$/, "")
  const file = path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1).slice(0, 200)
  // Of what was bundled, the name has a hash of the contents; of what was compiled, another ending.
  const name = file.replace(/\.[cm]?[jt]sx?$/, "").replace(/(?<=[-.])(?=[a-zA-Z_]*\d)\w{6,}$/, "*")
  const called = (open === -1 ? "" : words.slice(0, open)).replace(/ \[as .*$/, "")
  return `${called.replace(/^(?:async |Object\.|Module\.|Function\.)+/, "")}@${name}`
}

/**
 * The words of a failure and where it came from, cut: frames of Node.js, of installed packages and of this one are left out. Words that
 * fill what is kept leave no room for frames, which are behind all of them in a stack.
 */
export const stackOf = (cause: Cause.Cause<unknown>, text: string): string => {
  const frames =
    text.length >= maxStack.characters
      ? []
      : safely(
          () => framesOf(cause),
          () => []
        )
  return [text.slice(0, maxStack.characters), ...frames].join("\n").slice(0, maxStack.characters)
}

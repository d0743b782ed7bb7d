/**
 * What PostgreSQL can hold: checks that run before anything is written.
 *
 * @internal
 */
import { Effect } from "effect"
import { InvalidIdentifier } from "../errors/DeclarationErrors.ts"
import type { Issue } from "../errors/PayloadErrors.ts"
import { largestContent, oversizeOf } from "./contentSize.ts"
import { jsonProblem } from "./jsonProblem.ts"

/** `length` counts UTF-16 units, `varchar(n)` counts characters. */
const isLongerThan = (text: string, max: number) => text.length > max && [...text].length > max

/** Why PostgreSQL would refuse this text, or `undefined`. */
const refusal = (text: string): string | undefined => {
  if (text.includes("\u0000")) return "contains \\u0000, which PostgreSQL cannot store"
  if (!text.isWellFormed()) return "contains a lone surrogate, which PostgreSQL cannot store"
  return undefined
}

/** What is wrong with a name or id of at most `max` characters, or `undefined`. */
export const identifierProblem = (text: unknown, max: number): string | undefined => {
  if (typeof text !== "string") return `expected a string, got ${text === null ? "null" : typeof text}`
  if (text === "") return "is empty"
  if (isLongerThan(text, max)) return `has ${[...text].length} characters, at most ${max} are possible`
  return refusal(text)
}

/** Fails with `InvalidIdentifier` unless `text` is a non-empty string of at most `max` characters. */
export const checkIdentifier = (field: string, text: unknown, max: number): Effect.Effect<void, InvalidIdentifier> => {
  const problem = identifierProblem(text, max)
  return problem === undefined ? Effect.void : Effect.fail(new InvalidIdentifier({ field, problem }))
}

/** The first `max` characters, with what PostgreSQL refuses replaced. For error texts, which are never refused. */
export const cutTo = (text: string, max: number): string => {
  // A character is two units at most, and an escape longer than what it stands for: what is behind is cut anyway.
  const clean = text
    .slice(0, 2 * max + 2)
    .replaceAll("\u0000", "\\u0000")
    .toWellFormed()
  return isLongerThan(clean, max) ? `${[...clean].slice(0, max - 1).join("")}…` : clean
}

/** Longest time that can be added to a time of the database, in milliseconds: about 800 years. */
export const longestDelayMillis = 25_340_230_079_999

/** Largest payload by default, in bytes of JSON: 1 MiB. */
export const defaultMaxPayloadBytes = 1_048_576

/**
 * Deepest nesting of a stored document. PostgreSQL and PGlite parse JSON recursively: PGlite's small stack gives up
 * first, at a few thousand levels.
 */
export const maxDepth = 500

const depthOf = (json: string): number => {
  let depth = 0
  let deepest = 0
  let inString = false
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i)
    if (inString) {
      if (code === 92) i++
      else if (code === 34) inString = false
    } else if (code === 34) inString = true
    else if (code === 91 || code === 123) deepest = Math.max(deepest, ++depth)
    else if (code === 93 || code === 125) depth--
  }
  return deepest
}

const findRefused = (value: unknown, path: string): Issue | undefined => {
  if (typeof value === "string") {
    const message = refusal(value)
    return message === undefined ? undefined : { path, message }
  }
  if (typeof value !== "object" || value === null) return undefined
  for (const [key, item] of Object.entries(value)) {
    const here = path === "" ? key : `${path}.${key}`
    const message = refusal(key)
    if (message !== undefined) return { path: here, message: `the key ${message}` }
    const inner = findRefused(item, here)
    if (inner !== undefined) return inner
  }
  return undefined
}

/**
 * Text of a JSON value as PostgreSQL can hold it, or what keeps it from being stored.
 *
 * `JSON.stringify` writes `\u0000` and lone surrogates as escapes and everything else as is, so a document without
 * such an escape needs no closer look.
 */
export const storableJson = (
  value: unknown,
  maxBytes: number
): { readonly json: string } | { readonly issue: Issue } => {
  let json: string | undefined
  try {
    json = JSON.stringify(value)
  } catch (cause) {
    return { issue: { path: "", message: `is not JSON: ${cause instanceof Error ? cause.message : String(cause)}` } }
  }
  if (json === undefined) return { issue: { path: "", message: `is not JSON: ${typeof value}` } }
  return storableText(json, maxBytes)
}

/** The same for a text that is JSON. */
export const storableText = (json: string, maxBytes: number): ReturnType<typeof storableJson> => {
  if (json.length > 2 * maxDepth && depthOf(json) > maxDepth) {
    return { issue: { path: "", message: `is nested deeper than ${maxDepth} levels` } }
  }
  if (/\\u(?:0000|[dD])/.test(json) || !json.isWellFormed()) {
    const issue = findRefused(JSON.parse(json), "")
    if (issue !== undefined) return { issue }
  }
  const bytes = json.length * 3 <= maxBytes ? 0 : Buffer.byteLength(json)
  if (bytes > maxBytes) {
    return {
      issue: { path: "", message: `has ${bytes} bytes as JSON, at most ${maxBytes} are allowed (maxPayloadBytes)` }
    }
  }
  const oversize = oversizeOf(json)
  return oversize === undefined ? { json } : { issue: { path: "", message: oversizeText(oversize) } }
}

/**
 * Why a document cannot be read again.
 *
 * @param beside - what is read with it
 */
export const oversizeText = (bytes: number, beside = ""): string =>
  `takes up to ${bytes} bytes when it is read${beside}, at most ${largestContent} are possible: jsonb is written with a space behind each comma and colon, and numbers in full`

/**
 * The same for a value that no schema has encoded: what would not survive JSON is refused.
 *
 * @param maxBytes - largest document, in bytes of JSON
 */
export const storableValue = (value: unknown, maxBytes: number): ReturnType<typeof storableJson> => {
  const issue = jsonProblem(value, maxDepth)
  return issue === undefined ? storableJson(value, maxBytes) : { issue }
}

export const isUuid = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)

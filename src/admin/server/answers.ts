/**
 * Answers that are the same whatever was asked: problems, and headers.
 *
 * @internal
 */
import { Schema } from "effect"
import { HttpServerResponse } from "effect/http"
import { problem } from "../api/endpoints.ts"
import type { Problem } from "../problems.ts"

const contentType = "application/problem+json"

const encode = Schema.encodeSync(Schema.toCodecJson(problem))

/** A problem that endpoints may have, too. */
export const refusal = (problem: Problem, headers: Readonly<Record<string, string>> = {}) =>
  HttpServerResponse.jsonUnsafe(encode(problem), { status: problem.status, contentType, headers })

/** Problems of HTTP itself. */
const titles = {
  405: ["method-not-allowed", "Method not allowed"],
  408: ["too-slow", "Too slow"],
  413: ["too-large", "Too large"],
  415: ["unsupported-media-type", "Unsupported media type"],
  500: ["internal", "Internal error"]
} as const

/** A problem of HTTP itself, with what to do. */
export const httpProblem = (
  status: keyof typeof titles,
  detail: string,
  headers: Readonly<Record<string, string>> = {}
) => {
  const [kind, title] = titles[status]
  const body = { type: `urn:effect-integration:problem:${kind}`, status, title, detail }
  return HttpServerResponse.jsonUnsafe(body, { status, contentType, headers })
}

const always = {
  // Nothing that is answered is a page, a script or a style, whatever texts are in it.
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  // Answers hold what was stored, and depend on who asks.
  "cache-control": "no-store"
}

/** Headers of every answer. */
export const withHeaders = (response: HttpServerResponse.HttpServerResponse) =>
  HttpServerResponse.setHeaders(response, always)

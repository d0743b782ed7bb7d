/**
 * Bodies of requests: read whole, in time, and not more than there may be.
 *
 * @internal
 */
import { Effect, Stream } from "effect"
import type { HttpServerRequest } from "effect/http"
import { httpProblem } from "./answers.ts"
import { type Asked, nodeRequestOf } from "./asked.ts"

const megabyte = 1_048_576

/** An edited payload may have 8 MB, and is text in JSON, which takes more. */
const isEdit = (path: string) => /^\/api\/v1\/dead-letters\/[^/]+(\/check)?$/.test(path.replace(/\?.*$/s, ""))

const limitOf = ({ path }: Asked) => (isEdit(path) ? 9 * megabyte : megabyte)

const patience = "15 seconds"

class TooLarge {
  readonly _tag = "TooLarge"
}

/** What a handler in front of this one has read and parsed, as `express.json()` does. */
const parsedBefore = (request: HttpServerRequest.HttpServerRequest): Buffer | undefined => {
  const node = nodeRequestOf(request) as { readableEnded?: boolean; body?: unknown } | undefined
  if (node?.readableEnded !== true || node.body === undefined) return undefined
  return Buffer.isBuffer(node.body)
    ? node.body
    : Buffer.from(typeof node.body === "string" ? node.body : JSON.stringify(node.body))
}

const collect = (request: HttpServerRequest.HttpServerRequest, limit: number) =>
  Effect.suspend(() => {
    const parts: Array<Uint8Array> = []
    let size = 0
    return Stream.runForEach(request.stream, (part) => {
      size += part.byteLength
      parts.push(part)
      return size > limit ? Effect.fail(new TooLarge()) : Effect.void
    }).pipe(Effect.map(() => Buffer.concat(parts)))
  })

const hasBody = (request: HttpServerRequest.HttpServerRequest) =>
  request.headers["transfer-encoding"] !== undefined ||
  Number(request.headers["content-length"] ?? "0") !== 0 ||
  (request.source as { body?: unknown }).body instanceof ReadableStream

const tooLarge = (limit: number) =>
  httpProblem(413, `The body is larger than ${limit / megabyte} MB.`, { connection: "close" })

/** The body, or the answer to a request that has none that is taken. */
export const readBody = (request: HttpServerRequest.HttpServerRequest, asked: Asked) => {
  const limit = limitOf(asked)
  const before = parsedBefore(request)
  if (Number(request.headers["content-length"] ?? "0") > limit || (before?.byteLength ?? 0) > limit) {
    return Effect.fail(tooLarge(limit))
  }
  if (before !== undefined) return Effect.succeed(before)
  if (!hasBody(request)) return Effect.succeed(Buffer.alloc(0))
  return collect(request, limit).pipe(
    Effect.timeoutOption(patience),
    Effect.mapError((error) =>
      error instanceof TooLarge ? tooLarge(limit) : httpProblem(408, "The body ended before all of it was there.")
    ),
    Effect.flatMap((read) =>
      read._tag === "Some"
        ? Effect.succeed(read.value)
        : Effect.fail(httpProblem(408, `The body was not there within ${patience}.`, { connection: "close" }))
    )
  )
}

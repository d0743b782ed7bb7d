/**
 * Answers to requests for what the page loads. Names have a hash of what is in them, so that they are kept forever.
 *
 * @internal
 */
import { gzipSync } from "node:zlib"
import { HttpServerResponse } from "effect/http"
import { withHeaders } from "../admin/server/answers.ts"
import type { Asked } from "../admin/server/asked.ts"
import type { Asset, Files } from "./files.ts"

const forever = "public, max-age=31536000, immutable"

/** Whether somebody reads what is compressed, by `accept-encoding`. */
export const acceptsGzip = (header = ""): boolean => {
  const codings = header.split(",").map((each) => each.split(";").map((part) => part.trim().toLowerCase()))
  const found = codings.find(([name]) => name === "gzip") ?? codings.find(([name]) => name === "*")
  return found !== undefined && !found.some((part) => /^q=0(\.0*)?$/.test(part))
}

const answerOf = ({ contentType }: Asset, bytes: Uint8Array, headers: Readonly<Record<string, string>>) =>
  HttpServerResponse.setHeaders(withHeaders(HttpServerResponse.uint8Array(bytes, { contentType })), {
    ...headers,
    "cache-control": forever
  })

/** Compressed when somebody asks first: most of it is never asked for. */
const compressing = (asset: Asset) => {
  const plain = answerOf(asset, asset.bytes, asset.isText ? { vary: "accept-encoding" } : {})
  let compressed: HttpServerResponse.HttpServerResponse | undefined
  return ({ headers }: Asked) => {
    if (!asset.isText || !acceptsGzip(headers["accept-encoding"])) return plain
    compressed ??= answerOf(asset, gzipSync(asset.bytes), { vary: "accept-encoding", "content-encoding": "gzip" })
    return compressed
  }
}

/**
 * What answers with a file, by its name below `assets/` as it was asked for: nothing is decoded.
 *
 * @returns undefined if there is no such file
 */
export const makeAssets = ({ assets }: Files) => {
  const answers = new Map([...assets].map(([name, asset]) => [name, compressing(asset)]))
  return (asked: Asked, name: string): HttpServerResponse.HttpServerResponse | undefined => answers.get(name)?.(asked)
}

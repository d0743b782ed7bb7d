/**
 * The page, as one request gets it: with a nonce of its own, and with the way from its address to its assets.
 *
 * @internal
 */
import { randomBytes } from "node:crypto"
import { HttpServerResponse } from "effect/http"
import { withHeaders } from "../admin/server/answers.ts"

/** Scripts are files of this server only; styles that libraries add while the page runs have the nonce. */
const policyOf = (nonce: string) =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'"
  ].join("; ")

/**
 * Nothing of the address is in it but how deep that is: proxies may have put the base path below another, which nobody here knows.
 *
 * @param depth - slashes of the path below the base path, without the first
 */
export const pageAt = (page: string, depth: number): HttpServerResponse.HttpServerResponse => {
  const nonce = randomBytes(18).toString("base64")
  const assets = `${depth === 0 ? "./" : "../".repeat(depth)}assets/`
  const text = page.replaceAll("./assets/", assets).replaceAll("__CSP_NONCE__", nonce)
  const answer = HttpServerResponse.text(text, { contentType: "text/html; charset=utf-8" })
  return HttpServerResponse.setHeaders(withHeaders(answer), {
    "content-security-policy": policyOf(nonce),
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin"
  })
}

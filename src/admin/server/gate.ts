/**
 * What a request must be like before anything is done for it.
 *
 * @internal
 */
import type { HttpServerResponse } from "effect/http"
import { Forbidden } from "../problems.ts"
import type { Asking } from "../security/authentication.ts"
import { httpProblem, refusal } from "./answers.ts"
import type { Asked } from "./asked.ts"
import type { Serving } from "./options.ts"

type Refusal = HttpServerResponse.HttpServerResponse | undefined

const forbidden = (detail: string) => refusal(new Forbidden({ detail }))

const reads = ["GET", "HEAD"]

/** Whether it only looks. */
export const isRead = ({ method }: Asked) => reads.includes(method)

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]

/** Refuses methods that nothing here has; a page of another site is told nothing about what it may send. */
export const checkMethod = ({ method }: Asked): Refusal =>
  methods.includes(method)
    ? undefined
    : httpProblem(405, `Nothing here answers ${method}.`, { allow: methods.join(", ") })

const isAllowed = (host: string, allowed: string) =>
  host === allowed || (!/:\d+$/.test(allowed) && host.replace(/:\d+$/, "") === allowed)

/** Refuses names that are not this server's: a page can make its own name lead here. */
export const checkHost = ({ host = "" }: Asked, { hosts }: Serving): Refusal =>
  hosts === undefined || hosts.some((each) => isAllowed(host.toLowerCase(), each.toLowerCase()))
    ? undefined
    : forbidden(
        `Host ${JSON.stringify(host.slice(0, 255))} is not answered here. If it is a name of this server, add it to allowedHosts.`
      )

const isOwn = (origin: string, { host }: Asked, { origin: own }: Serving) => {
  if (!URL.canParse(origin)) return false
  const asking = new URL(origin)
  // Without an own origin: a proxy may have taken TLS off, so that only the host is compared.
  return own === undefined ? asking.host === host?.toLowerCase() : asking.origin === own.origin
}

/** Refuses requests that a page of another site makes a browser send. */
export const checkSite = (asked: Asked, asking: Asking | undefined, serving: Serving): Refusal => {
  // Browsers do not add tokens by themselves.
  if (asked.bearer !== undefined && (asking?.by === "token" || asking?.by === "application")) return undefined
  const site = asked.headers["sec-fetch-site"]
  // Who types an address, or follows a bookmark, comes from no site.
  const isFromElsewhere = site !== undefined && site !== "same-origin" && !(site === "none" && isRead(asked))
  const { origin } = asked.headers
  return isFromElsewhere || (origin !== undefined && !isOwn(origin, asked, serving))
    ? forbidden(
        "A page of another origin may not ask here. If a proxy serves this under another name, say so with the option origin."
      )
    : undefined
}

const isJson = (type = "") => /^application\/json\s*(;\s*charset=("?)utf-8\2\s*)?$/i.test(type)

/** Refuses writes that a form could send. */
export const checkWrite = (asked: Asked): Refusal => {
  if (isRead(asked)) return undefined
  if (asked.headers["x-effect-integration"] === undefined) {
    return forbidden(
      "Whoever changes something sends the header x-effect-integration: 1, which no form of another site can."
    )
  }
  if (asked.method !== "DELETE" && !isJson(asked.headers["content-type"])) {
    return httpProblem(415, "Bodies are JSON: send content-type: application/json.")
  }
  return undefined
}

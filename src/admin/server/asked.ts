/**
 * A request as the server in front of this one had it: of the web, or of Node.
 *
 * @internal
 */
import type { IncomingMessage } from "node:http"
import type { HttpServerRequest } from "effect/http"
import type { AskedBy } from "../security/authentication.ts"

/** What is known of a request before its body is read. */
export interface Asked {
  readonly method: string
  /** Below the base path, with the query: begins with a slash, but for the base path itself. */
  readonly path: string
  /** As it came to the first server that is known, with the query. */
  readonly address: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly host: string | undefined
  readonly isHttps: boolean
  readonly bearer: string | undefined
  readonly cookies: ReadonlyArray<string>
  /** How the cookie of its session is called. */
  readonly cookieName: string
}

const isNodeRequest = (value: unknown): value is IncomingMessage =>
  typeof value === "object" && value !== null && "rawHeaders" in value && "socket" in value

/** Adapters of Node's servers keep the request that they made one of the web from. */
export const nodeRequestOf = ({ source }: HttpServerRequest.HttpServerRequest): IncomingMessage | undefined => {
  const found: unknown = (source as { runtime?: { node?: { req?: unknown } } }).runtime?.node?.req ?? source
  return isNodeRequest(found) ? found : undefined
}

/** Whether it is for the API to answer, for health or metrics; what is not is for whoever is elsewhere. */
export const isOfApi = ({ path }: Pick<Asked, "path">) => /^\/(api|health|metrics)(?=[/?]|$)/.test(path)

const known = /^\/(api\/v1\/.|health\/.|metrics(?=\?|$))/

/** What Express, and servers like it, have left of an address; undefined if they have taken nothing off. */
const takenOff = (url: string, address: string): string | undefined => {
  if (address === url) return undefined
  if (address.endsWith(url)) return url
  // They make "/" of nothing.
  return /^\/(\?|$)/.test(url) && address.endsWith(url.slice(1)) ? url.slice(1) : undefined
}

/** The path below the base path; servers may have taken that off. */
const below = (basePath: string, url: string): string => {
  const isBelow = url.startsWith(basePath) && /^([/?]|$)/.test(url.slice(basePath.length))
  const rest = isBelow ? url.slice(basePath.length) : url
  return known.test(rest) || !known.test(url) ? rest : url
}

const addressOf = (request: HttpServerRequest.HttpServerRequest): string => {
  const { originalUrl } = (nodeRequestOf(request) ?? {}) as { readonly originalUrl?: unknown }
  return typeof originalUrl === "string" ? originalUrl : request.url
}

const originOf = (request: HttpServerRequest.HttpServerRequest) => {
  const { url = "" } = request.source as { readonly url?: string }
  return URL.canParse(url) ? new URL(url) : undefined
}

/** Empty for a token that cannot be one; other schemes are the application's. */
const bearerOf = (authorization = "") =>
  /^bearer\b/i.test(authorization) ? (/^bearer +(\S+)$/i.exec(authorization)?.[1] ?? "") : undefined

const cookiesOf = (header: string, name: string) =>
  header.split(";").flatMap((each) => {
    const [key, value] = each.split("=", 2)
    return key?.trim() === name && value !== undefined ? [value.trim()] : []
  })

/** Cookies are shared by all ports of a host: two servers must not take each other's. */
const cookieNameOf = (host: string | undefined, basePath: string) =>
  `effect_integration_session${`_${/:(\d+)$/.exec(host ?? "")?.[1] ?? ""}${basePath}`.replace(/[^\w]/g, "_")}`

/** @param origin - where browsers see this, if a proxy says another host */
export const askedOf = (
  request: HttpServerRequest.HttpServerRequest,
  basePath: string,
  origin: URL | undefined
): Asked => {
  const headers = request.headers
  const seen = originOf(request)
  const host = headers.host ?? seen?.host
  const cookieName = cookieNameOf(origin?.host ?? host, basePath)
  const address = addressOf(request)
  return {
    method: request.method,
    path: takenOff(request.url, address) ?? below(basePath, request.url),
    address,
    headers,
    host,
    isHttps: (origin ?? seen)?.protocol === "https:" || /^https\b/i.test(headers["x-forwarded-proto"] ?? ""),
    bearer: bearerOf(headers.authorization),
    cookies: cookiesOf(headers.cookie ?? "", cookieName),
    cookieName
  }
}

/** The same for an application that says who asks. */
export const askedBy = (request: HttpServerRequest.HttpServerRequest): AskedBy => {
  const headers = new Headers()
  for (const [name, value] of Object.entries(request.headers)) headers.append(name, value)
  return {
    method: request.method,
    url: request.originalUrl,
    headers,
    source: nodeRequestOf(request) ?? request.source
  }
}

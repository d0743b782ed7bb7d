/** Requests to the administration, as those send them who may and those who may not. */
import { Redacted } from "effect"
import { HttpApi } from "effect/http-api"
import { AdminServer, Api, type HandlerOptions, type Role, type Token } from "../../src/admin.ts"
import { makeFakeAdmin } from "./hostileAdmin.ts"

export const secrets: Readonly<Record<Role, string>> = {
  viewer: "viewer-token-0123456789",
  operator: "operator-token-0123456789",
  admin: "admin-token-0123456789"
}

export const tokens: ReadonlyArray<Token> = Object.entries(secrets).map(([role, token]) => ({
  token: Redacted.make(token),
  name: `a ${role}`,
  role: role as Role
}))

export interface Endpoint {
  readonly name: string
  readonly method: string
  readonly path: string
}

/** All endpoints that there are, so that none can be forgotten. */
export const endpoints = (): ReadonlyArray<Endpoint> => {
  const found: Array<Endpoint> = []
  HttpApi.reflect(Api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint, group }) => {
      const name = group.topLevel ? endpoint.identifier : `${group.identifier}.${endpoint.identifier}`
      found.push({ name, method: endpoint.method, path: endpoint.path })
    }
  })
  return found
}

const bodies: Readonly<Record<string, unknown>> = {
  "deadLetters.check": { payload: "{}", attemptCount: 1, gaveUpAt: "2026-01-01T00:00:00.000Z" },
  "deadLetters.edit": { payload: "{}", attemptCount: 1, gaveUpAt: "2026-01-01T00:00:00.000Z" },
  "operations.preview": { kind: "requeue", filter: {} },
  "operations.start": { kind: "requeue", filter: {} },
  "settings.put": { value: 1 },
  "session.begin": { token: secrets.admin }
}

const queries: Readonly<Record<string, string>> = {
  "statistics.series": "?from=2026-01-01&to=2026-01-02",
  "statistics.consumers": "?from=2026-01-01&to=2026-01-02",
  "statistics.flows": "?from=2026-01-01&to=2026-01-02",
  "statistics.gauges": "?from=2026-01-01&to=2026-01-02&consumer=a",
  "events.received": "?consumer=a",
  "links.list": "?module=a&entityType=b&entityId=c",
  "links.graph": "?module=a&entityType=b&entityId=c",
  "links.life": "?module=a&entityType=b&entityId=c"
}

const origin = "http://localhost:4400"

export const requestOf = (path: string, init: RequestInit = {}) => new Request(`${origin}${path}`, init)

export const asUser = (token: string) => ({ authorization: `Bearer ${token}` })

export const writing = { "content-type": "application/json", "x-effect-integration": "1" }

/** A request that an endpoint takes. */
export const validRequest = ({ method, name, path }: Endpoint, headers: Record<string, string> = {}, base = "") => {
  const url = `${base}${path.replace(/:\w+/g, "1")}${queries[name] ?? ""}`
  if (method === "GET") return requestOf(url, { headers })
  if (method === "DELETE") return requestOf(url, { method, headers: { ...writing, ...headers } })
  return requestOf(url, { method, headers: { ...writing, ...headers }, body: JSON.stringify(bodies[name] ?? {}) })
}

/** A server over a fake administration. */
export const serve = (options: Partial<HandlerOptions> = {}, payload?: string | null) => {
  const fake = makeFakeAdmin(payload)
  const { dispose, handler } = AdminServer.toWebHandler({ admin: fake.admin, auth: { tokens }, ...options })
  return { ...fake, handler, dispose }
}

/** What a problem says. */
export const problemOf = async (response: Response) => {
  const body = JSON.parse(await response.text())
  return { status: response.status, type: response.headers.get("content-type"), body }
}

/** The cookie that an answer sets, as it is sent back. */
export const cookieOf = (response: Response) => (response.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? ""

export const signIn = async (
  handler: (request: Request) => Promise<Response>,
  role: Role,
  base = "",
  headers: Record<string, string> = {}
) =>
  cookieOf(
    await handler(
      requestOf(`${base}/api/v1/session`, {
        method: "POST",
        headers: { ...writing, ...headers },
        body: JSON.stringify({ token: secrets[role] })
      })
    )
  )

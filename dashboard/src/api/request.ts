/** Asks the HTTP API, with the types of its definition. */

import { tellTime } from "../words/clock.ts"
import { apiPath } from "./base.ts"
import type { Answer, Asked, Method, Path } from "./wire.ts"

interface Told {
  readonly status: number
  readonly title: string
  readonly detail: string
  readonly issues?: ReadonlyArray<{ readonly path: string; readonly message: string }>
}

/** Why nothing came of a request: a problem as the server told it, or that it could not be reached (status 0). */
export class Problem extends Error {
  readonly status: number
  readonly title: string
  readonly issues: ReadonlyArray<{ readonly path: string; readonly message: string }>
  /** What was asked, as `GET /overview`. */
  readonly request: string
  /** When it was asked, in milliseconds of `performance.now()`. */
  askedAt = performance.now()

  constructor(request: string, { detail, issues = [], status, title }: Told) {
    super(detail)
    this.request = request
    this.status = status
    this.title = title
    this.issues = issues
  }

  get isUnreachable() {
    return this.status === 0
  }
}

const textOf = (value: unknown) => (typeof value === "string" ? value : JSON.stringify(value))

const queryOf = (query: object | undefined) => {
  const text = new URLSearchParams()
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value === undefined) continue
    for (const each of Array.isArray(value) ? value : [value]) text.append(key, textOf(each))
  }
  return text.size === 0 ? "" : `?${text}`
}

const placed = (path: string, params: Readonly<Record<string, string>> = {}) =>
  path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(params[name] ?? ""))

const unreachable = (request: string) =>
  new Problem(request, {
    status: 0,
    title: "Not reached",
    detail: "The server did not answer. It may have ended, or the network may be down."
  })

/** A question that is not answered so long, in milliseconds, is not waited for any more. */
const patience = 30_000

/** As the page of a proxy, or an answer that was cut. */
const notUnderstood = (request: string) =>
  new Problem(request, {
    status: 0,
    title: "Not understood",
    detail: "What answered is not the administration, or its answer was cut: something may stand between."
  })

const problemOf = async (request: string, response: Response) => {
  const told = (await response.json().catch(() => undefined)) as Partial<Told> | undefined
  return new Problem(request, {
    status: response.status,
    title: told?.title ?? response.statusText,
    detail: told?.detail ?? `The answer was ${response.status} without a reason.`,
    ...(told?.issues === undefined ? {} : { issues: told.issues })
  })
}

const requestOf = (method: Method, payload: unknown, signal: AbortSignal | undefined): RequestInit => ({
  method,
  credentials: "same-origin",
  headers:
    method === "GET"
      ? { accept: "application/json" }
      : { accept: "application/json", "content-type": "application/json", "x-effect-integration": "1" },
  ...(payload === undefined ? {} : { body: JSON.stringify(payload) }),
  ...(signal === undefined ? {} : { signal })
})

/**
 * @param asked - `params` of the path, `query`, `payload`
 * @throws Problem
 */
export const request = async <M extends Method, P extends Path<M>>(
  method: M,
  path: P,
  asked: Asked<M, P>,
  signal?: AbortSignal
): Promise<Answer<M, P>> => {
  const { params, payload, query } = asked as {
    readonly params?: Readonly<Record<string, string>>
    readonly query?: object
    readonly payload?: unknown
  }
  const name = `${method} ${placed(path, params)}`
  const askedAt = performance.now()
  const url = `${apiPath}${placed(path, params)}${queryOf(query)}`
  // A change may have been made although nothing answers: whoever waits for it decides.
  const ends = method === "GET" ? [AbortSignal.timeout(patience), ...(signal === undefined ? [] : [signal])] : []
  const ended = ends.length === 0 ? signal : AbortSignal.any(ends)
  const response = await fetch(url, requestOf(method, payload, ended)).catch((error: unknown) => {
    throw signal?.aborted === true ? error : unreachable(name)
  })
  tellTime(response.headers.get("date"))
  if (!response.ok) throw Object.assign(await problemOf(name, response), { askedAt })
  if (response.status === 204) return undefined as Answer<M, P>
  return (await response.json().catch((error: unknown) => {
    throw signal?.aborted === true ? error : notUnderstood(name)
  })) as Answer<M, P>
}

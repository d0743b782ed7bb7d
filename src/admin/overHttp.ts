/**
 * The administration of a process that runs elsewhere, over HTTP.
 *
 * @internal
 */
import { Effect, Redacted, Stream } from "effect"
import { HttpClient, HttpClientRequest, HttpClientResponse } from "effect/http"
import { HttpApiClient } from "effect/http-api"
import type { AdminService } from "./adminService.ts"
import { Api } from "./api/api.ts"
import { HealthReport } from "./model/diagnosis.ts"
import { isProblem, type Problem, Unavailable } from "./problems.ts"

/** Where the process is, and who asks. @since 0.1.0 */
export interface HttpOptions {
  /** Where the administration is mounted, as `http://localhost:4400/integration`. */
  readonly url: string
  /** One of its tokens; default none, as a server on the loopback interface may want none. */
  readonly token?: Redacted.Redacted<string> | undefined
}

/** What is at the bottom of an error: `connect ECONNREFUSED 127.0.0.1:4400` rather than that something was not transported. */
const causeOf = (error: unknown): string => {
  const { cause, code, message, reason } = Object(error)
  const below = cause ?? reason?.cause
  if (below !== undefined && below !== error) return causeOf(below)
  return String(message === "" || message === undefined ? (code ?? error) : message)
}

const unavailable = (url: string, error: unknown) =>
  new Unavailable({
    detail: `${url} did not answer as an effect-integration administration does: ${causeOf(error)}. Is the process running, and is this where its administration is mounted?`
  })

/** Says of the server that it must not be asked by a page of another site. */
const asTool = HttpClientRequest.setHeader("x-effect-integration", "1")

const baseOf = ({ url }: HttpOptions) => url.replace(/\/+$/, "")

const clientOf = ({ token, url }: HttpOptions) =>
  HttpApiClient.make(Api, {
    baseUrl: baseOf({ url }),
    transformClient: HttpClient.mapRequest((request) => {
      const marked = asTool(request)
      return token === undefined ? marked : HttpClientRequest.bearerToken(marked, Redacted.value(token))
    })
  })

/** Whom another process takes one for. */
export const sessionOverHttp = Effect.fnUntraced(function* (options: HttpOptions) {
  const client = yield* clientOf(options)
  return yield* Effect.mapError(
    client.session.get(),
    (error): Problem => (isProblem(error) ? error : unavailable(baseOf(options), error))
  )
})

/** Asks another process. */
export const overHttp = Effect.fnUntraced(function* (options: HttpOptions) {
  const base = baseOf(options)
  const client = yield* clientOf(options)
  const failed = (error: unknown): Problem => (isProblem(error) ? error : unavailable(base, error))
  const ask = <A, E>(answer: Effect.Effect<A, E>): Effect.Effect<A, Problem> => Effect.mapError(answer, failed)
  const http = yield* HttpClient.HttpClient
  const healthAt = (address: string) =>
    http.get(address).pipe(
      Effect.flatMap(HttpClientResponse.schemaBodyJson(HealthReport)),
      Effect.catch((error) =>
        Effect.succeed<HealthReport>({
          isHealthy: false,
          reasons: [{ id: "process", isHealthy: false, detail: unavailable(base, error).detail }]
        })
      )
    )
  const { consumers, deadLetters, errorGroups, events, links, operations, settings, statistics } = client
  const admin: AdminService = {
    overview: ask(client.overview()),
    live: Stream.unwrap(ask(client.live())).pipe(Stream.mapError(failed)),
    statistics: {
      series: (query) => ask(statistics.series({ query })),
      consumers: (query) => ask(statistics.consumers({ query })),
      flows: (query) => ask(statistics.flows({ query })),
      gauges: (query) => ask(statistics.gauges({ query }))
    },
    events: {
      find: (query) => ask(events.find({ query })),
      get: (id) => ask(events.get({ params: { id } })),
      received: (id, query) => ask(events.received({ params: { id }, query })),
      lineage: (id, query = {}) => ask(events.lineage({ params: { id }, query }))
    },
    errorGroups: {
      list: (query) => ask(errorGroups.list({ query })),
      get: (id) => ask(errorGroups.get({ params: { id } })),
      change: (id, payload) => ask(errorGroups.change({ params: { id }, payload }))
    },
    deadLetters: {
      list: (query) => ask(deadLetters.list({ query })),
      get: (id) => ask(deadLetters.get({ params: { id } })),
      requeue: (id, payload) => ask(deadLetters.requeue({ params: { id }, payload })),
      check: (id, payload) => ask(deadLetters.check({ params: { id }, payload })),
      edit: (id, payload) => ask(deadLetters.edit({ params: { id }, payload })),
      discard: (id, payload) => ask(deadLetters.discard({ params: { id }, payload }))
    },
    operations: {
      list: (query) => ask(operations.list({ query })),
      get: (id) => ask(operations.get({ params: { id } })),
      preview: (payload) => ask(operations.preview({ payload })),
      start: (payload) => ask(operations.start({ payload })),
      stop: (id, payload) => ask(operations.stop({ params: { id }, payload }))
    },
    consumers: {
      list: ask(consumers.list()),
      get: (consumer) => ask(consumers.get({ params: { consumer } })),
      pause: (consumer, payload) => ask(consumers.pause({ params: { consumer }, payload })),
      resume: (consumer, payload) => ask(consumers.resume({ params: { consumer }, payload })),
      retire: (consumer, payload) => ask(consumers.retire({ params: { consumer }, payload }))
    },
    links: {
      list: (query) => ask(links.list({ query })),
      graph: (query) => ask(links.graph({ query })),
      life: (query) => ask(links.life({ query }))
    },
    contracts: ask(client.contracts()),
    replicas: ask(client.replicas()),
    settings: {
      list: ask(settings.list()),
      put: (key, payload) => ask(settings.put({ params: { key }, payload })),
      history: (key) => ask(settings.history({ params: { key } }))
    },
    audit: (query) => ask(client.audit({ query })),
    doctor: ask(client.doctor()),
    health: {
      live: healthAt(`${base}/health/live`),
      ready: ({ maxLagMillis } = {}) =>
        healthAt(`${base}/health/ready${maxLagMillis === undefined ? "" : `?maxLagMillis=${maxLagMillis}`}`)
    },
    // Whoever refuses is at the other end.
    noteRefusal: () => Effect.void
  }
  return admin
})

/**
 * What becomes of requests that no endpoint has answered: problems that say what to do, and nothing of what is inside.
 *
 * @internal
 */
import { Cause, Effect, SchemaIssue } from "effect"
import { HttpServerError, type HttpServerResponse } from "effect/http"
import { HttpApi, HttpApiError } from "effect/http-api"
import { Api } from "../api/api.ts"
import { Invalid, NotFound } from "../problems.ts"
import { httpProblem, refusal } from "./answers.ts"
import type { Asked } from "./asked.ts"

interface Route {
  readonly method: string
  readonly path: RegExp
}

const routesOf = (): ReadonlyArray<Route> => {
  const routes: Array<Route> = []
  HttpApi.reflect(Api, {
    onGroup: () => {},
    onEndpoint: ({ endpoint }) => {
      const path = new RegExp(`^${endpoint.path.replace(/:\w+/g, "[^/]+")}$`)
      routes.push({ method: endpoint.method, path })
    }
  })
  return [...routes, { method: "GET", path: /^\/api\/v1\/openapi\.json$|^\/metrics$|^\/health\/(live|ready)$/ }]
}

const routes = routesOf()

/** There is no such thing here, or not with this method. */
export const unknownRoute = ({ method, path }: Asked): HttpServerResponse.HttpServerResponse => {
  const [plain = ""] = path.split("?", 1)
  const allowed = routes.filter((route) => route.path.test(plain)).map((route) => route.method)
  if (allowed.length === 0 || allowed.includes(method)) {
    return refusal(new NotFound({ detail: "There is no such address. What there is, says /api/v1/openapi.json." }))
  }
  const allow = [...new Set(allowed.flatMap((each) => (each === "GET" ? ["GET", "HEAD"] : [each])))].join(", ")
  return httpProblem(405, `${method} is not answered here, but ${allow}.`, { allow })
}

const places: Readonly<Record<string, string>> = { Params: "path", Query: "query", Headers: "headers", Payload: "body" }

const formatted = SchemaIssue.makeFormatterStandardSchemaV1()

const keyOf = (segment: PropertyKey | { readonly key: PropertyKey }) =>
  String(typeof segment === "object" ? segment.key : segment)

/** What is wrong with a request at which place, and what is expected there. */
const invalid = (place: string, issue: SchemaIssue.Issue) => {
  const issues = formatted(issue).issues.map(({ message, path = [] }) => ({
    path: [place, ...path.map(keyOf)].join("."),
    message
  }))
  const told = issues.slice(0, 5).map(({ message, path }) => `${path}: ${message}`)
  return refusal(new Invalid({ detail: `${told.join("; ")}. Nothing was changed.`, issues: issues.slice(0, 50) }))
}

const internal = (cause: Cause.Cause<unknown>, { method, path }: Asked) =>
  Effect.as(
    Effect.logError(`The administration could not answer ${method} ${path.split("?", 1)[0]}`, cause),
    httpProblem(500, "Something went wrong in the process that serves this; its log says what.")
  )

/** The answer to a request that failed. An interruption stays one. */
export const answerFailure = (asked: Asked) => (cause: Cause.Cause<unknown>) => {
  if (Cause.hasInterruptsOnly(cause)) return Effect.failCause(cause as Cause.Cause<never>)
  const error = Cause.squash(cause)
  if (HttpApiError.HttpApiSchemaError.is(error)) {
    const place = places[error.kind]
    if (place !== undefined) return Effect.succeed(invalid(place, error.cause.issue))
  }
  if (HttpServerError.isHttpServerError(error) && error.reason._tag === "RouteNotFound") {
    return Effect.succeed(unknownRoute(asked))
  }
  return internal(cause, asked)
}

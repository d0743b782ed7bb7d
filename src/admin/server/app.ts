/**
 * The administration as one function from requests to answers. The only file that puts its parts together.
 *
 * @internal
 */
import { Clock, Deferred, Effect, type Scope } from "effect"
import { HttpServerRequest, HttpServerResponse } from "effect/http"
import type { AdminService } from "../adminService.ts"
import { Invalid, isProblem } from "../problems.ts"
import type { Asking } from "../security/authentication.ts"
import { notingRefusals } from "../security/refusals.ts"
import { makeCheck } from "../security/secured.ts"
import { refusal, withHeaders } from "./answers.ts"
import { type Asked, askedBy, askedOf, isOfApi } from "./asked.ts"
import { CurrentRequest, currentAsking, currentUser } from "./current.ts"
import type { Elsewhere } from "./elsewhere.ts"
import { makeEndpoints } from "./endpoints.ts"
import { answerFailure } from "./failures.ts"
import { checkHost, checkMethod, checkSite, checkWrite, isRead } from "./gate.ts"
import { makeHealth, metrics } from "./health.ts"
import { openApi } from "./openApi.ts"
import type { Serving } from "./options.ts"
import { readBody } from "./requestBody.ts"
import { makeTurns } from "./turns.ts"

type Response = HttpServerResponse.HttpServerResponse

/** Answers whatever there is, and never fails. */
export type App = Effect.Effect<Response, never, HttpServerRequest.HttpServerRequest | Scope.Scope>

const everybody: Asking = { user: { name: "anybody", role: "admin" }, by: "nothing" }

/** Who asks; undefined if nobody knows. */
const askingOf = (request: HttpServerRequest.HttpServerRequest, asked: Asked, { authentication }: Serving) =>
  Effect.gen(function* () {
    if (authentication === undefined) return everybody
    const known = authentication.bySecrets(asked.bearer, asked.cookies, yield* Clock.currentTimeMillis)
    if (known !== undefined) return known
    return yield* authentication.byApplication(askedBy(request)).pipe(
      Effect.timeout("10 seconds"),
      Effect.tapError((error) =>
        Effect.logWarning("The application could not say who asks for its administration", error)
      ),
      Effect.orElseSucceed(() => undefined)
    )
  })

const isSignIn = ({ method, path }: Asked) => method === "POST" && path === "/api/v1/session"

/** Whose turn it is. Those who sign in are one; where everybody may come in, nobody is told from others. */
const turnOf = (asking: Asking | undefined) => (asking?.by === "nothing" ? undefined : (asking?.user.name ?? ""))

const isAt = ({ path }: Asked, place: string) => path === place || path.startsWith(`${place}?`)

/** The answer that somebody failed with; what else failed goes on. */
const answerRefusal = (failure: unknown) => {
  if (HttpServerResponse.isHttpServerResponse(failure)) return Effect.succeed(failure)
  if (!isProblem(failure)) return Effect.fail(failure)
  return Effect.succeed(refusal(failure, failure.status === 401 ? wantsUser : {}))
}

const wantsUser = { "www-authenticate": 'Bearer realm="effect-integration"' }

/** The request as endpoints see it: below the base path, with all of its body, and with nothing else of what was sent. */
const inside = (asked: Asked, body: Buffer) => {
  const url = `http://localhost${asked.path}`
  if (!asked.path.startsWith("/") || !URL.canParse(url)) return undefined
  const headers = {
    "content-type": "application/json",
    ...(isRead(asked) ? {} : { "content-length": `${body.length}` })
  }
  return HttpServerRequest.fromWeb(
    new Request(url, { method: asked.method, headers, ...(isRead(asked) ? {} : { body: new Uint8Array(body) }) })
  )
}

const unreadable = refusal(new Invalid({ detail: "This address cannot be read.", issues: [] }))

/**
 * As long as the scope is open; streams end with it.
 *
 * @param elsewhere - answers what is not the API's
 */
export const makeApp = Effect.fnUntraced(function* (admin: AdminService, given: Serving, elsewhere: Elsewhere) {
  const serving = { ...given, policy: notingRefusals(admin, given.policy) }
  const ending = yield* Deferred.make<void>()
  const endpoints = yield* makeEndpoints(admin, serving, Deferred.await(ending))
  // Added last, so that it comes first.
  yield* Effect.addFinalizer(() => Deferred.succeed(ending, undefined))
  const health = yield* makeHealth(admin, serving.health)
  const inTurn = makeTurns(serving.maxConcurrent)
  const description = openApi(serving.basePath)

  /** Whoever comes gets these. */
  const open = (asked: Asked): Effect.Effect<Response> | undefined => {
    if (!isRead(asked)) return undefined
    if (isAt(asked, "/health/live") || isAt(asked, "/health/ready")) return health(asked.path)
    return isAt(asked, "/metrics") && serving.metrics === "open" ? metrics : undefined
  }

  const answerUser = Effect.fnUntraced(function* (
    request: HttpServerRequest.HttpServerRequest,
    asked: Asked,
    asking: Asking | undefined
  ) {
    if (isRead(asked) && isAt(asked, "/api/v1/openapi.json")) return description
    if (isRead(asked) && isAt(asked, "/metrics") && serving.metrics === "protected") {
      yield* makeCheck(serving.policy, currentUser)("statistics.read")
      return yield* metrics
    }
    const body = isRead(asked) ? Buffer.alloc(0) : yield* readBody(request, asked)
    const inner = inside(asked, body)
    if (inner === undefined) return unreadable
    return yield* inTurn(turnOf(asking), Effect.provideService(endpoints, HttpServerRequest.HttpServerRequest, inner))
  })

  const answer = Effect.fnUntraced(function* (request: HttpServerRequest.HttpServerRequest, asked: Asked) {
    const free = open(asked)
    if (free !== undefined) return yield* free
    const asking = yield* askingOf(request, asked, serving)
    const fromElsewhere = checkSite(asked, asking, serving) ?? checkWrite(asked)
    if (fromElsewhere !== undefined) return fromElsewhere
    return yield* Effect.gen(function* () {
      if (!isSignIn(asked)) yield* currentAsking
      return yield* answerUser(request, asked, asking)
    }).pipe(Effect.provideService(CurrentRequest, { asked, asking }))
  })

  const app: App = Effect.gen(function* () {
    const request = yield* HttpServerRequest.HttpServerRequest
    const asked = askedOf(request, serving.basePath, serving.origin)
    const refused = checkMethod(asked) ?? checkHost(asked, serving)
    if (refused !== undefined) return withHeaders(refused)
    if (!isOfApi(asked)) return elsewhere(asked)
    // Servers do not interrupt what they have begun: who has left is not worked for.
    const answered = yield* Effect.interruptible(answer(request, asked)).pipe(
      Effect.catch((failure) => answerRefusal(failure)),
      Effect.catchCause(answerFailure(asked))
    )
    return withHeaders(answered)
  })
  return app
})

/**
 * Signing in and out, and who one is.
 *
 * @internal
 */
import { Clock, Effect, Schema } from "effect"
import { HttpServerResponse } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { type Action, actions, suffices } from "../access.ts"
import { Api } from "../api/api.ts"
import { Session } from "../api/session.ts"
import { Invalid, Unauthenticated } from "../problems.ts"
import type { Asking } from "../security/authentication.ts"
import { CurrentRequest, currentAsking } from "./current.ts"
import type { Serving } from "./options.ts"

const encode = Schema.encodeSync(Schema.toCodecJson(Session))

const actionsOf = ({ user }: Asking) => Object.keys(actions).filter((action) => suffices(user.role, action as Action))

const told = (asking: Asking, { environment, policy }: Serving): Session => {
  const sight = policy.sightOf(asking.user)
  return {
    name: asking.user.name,
    role: asking.user.role,
    actions: actionsOf(asking),
    visibility: sight.visibility,
    isRedacted: sight.hidden.length > 0,
    environment: environment ?? null,
    expiresAt: asking.session === undefined ? null : new Date(asking.session.expiresAt)
  }
}

/**
 * Without a path, which is then that of the API as the browser sees it: proxies may have put it below a path that nobody here knows, and
 * nothing else at the same host is sent the secret.
 */
const cookieOptions = (isHttps: boolean) => ({ httpOnly: true, sameSite: "strict", secure: isHttps }) as const

const noTokens = new Invalid({
  detail: "There are no tokens to sign in with here: who asks is known in another way, or not asked for.",
  issues: []
})

const begin = (serving: Serving, token: string) =>
  Effect.gen(function* () {
    const { authentication } = serving
    const current = yield* CurrentRequest
    if (authentication === undefined || current === undefined || !authentication.hasTokens) return yield* noTokens
    const user = authentication.byToken(token)
    if (user === undefined) return yield* new Unauthenticated({ detail: "This token is not known here." })
    // What was known before is no session any more, wherever it came from.
    for (const each of current.asked.cookies) authentication.sessions.end(each)
    const { secret, session } = authentication.sessions.begin(user, yield* Clock.currentTimeMillis)
    const answer = HttpServerResponse.jsonUnsafe(encode(told({ user, by: "session", session }, serving)))
    return HttpServerResponse.setCookieUnsafe(answer, current.asked.cookieName, secret, {
      ...cookieOptions(current.asked.isHttps),
      expires: new Date(session.expiresAt)
    })
  })

const end = (serving: Serving) =>
  Effect.map(currentAsking, ({ asked }) => {
    for (const each of asked.cookies) serving.authentication?.sessions.end(each)
    const answer = HttpServerResponse.empty({ status: 204 })
    return HttpServerResponse.expireCookieUnsafe(answer, asked.cookieName, cookieOptions(asked.isHttps))
  })

/** Answers to the endpoints of sessions. */
export const sessionHandlers = (serving: Serving) =>
  HttpApiBuilder.group(Api, "session", (handlers) =>
    handlers
      .handle("get", () => Effect.map(currentAsking, ({ asking }) => told(asking, serving)))
      .handle("begin", ({ payload }) => begin(serving, payload.token))
      .handle("end", () => end(serving))
  )

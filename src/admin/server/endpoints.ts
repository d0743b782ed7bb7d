/**
 * The endpoints of the HTTP API for whoever asks, answered by one administration.
 *
 * @internal
 */
import { Context, Effect, Layer, Scope, Stream } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { Admin } from "../Admin.ts"
import type { AdminService } from "../adminService.ts"
import { Api } from "../api/api.ts"
import { Unavailable } from "../problems.ts"
import { makeCheck, secured } from "../security/secured.ts"
import { CurrentRequest, currentAsking, currentUser, Watch, whileSignedIn } from "./current.ts"
import { handlers } from "./handlers.ts"
import type { Serving } from "./options.ts"
import { sharedLive } from "./sampler.ts"
import { sessionHandlers } from "./session.ts"

const tooMany = new Unavailable({ detail: "As many watch live figures as may: close another page, and try again." })

const makeWatch = (admin: AdminService, serving: Serving, ending: Effect.Effect<void>) => {
  const check = makeCheck(serving.policy, currentUser)
  let watching = 0
  const enter = Effect.suspend(() => {
    if (watching >= serving.maxWatchers) return Effect.fail(tooMany)
    watching++
    return Effect.void
  })
  const leave = Effect.sync(() => {
    watching--
  })
  const counted = Stream.unwrap(
    Effect.as(
      Effect.acquireRelease(enter, () => leave),
      sharedLive(admin)
    )
  )
  const open = Effect.gen(function* () {
    yield* check("overview.read")
    const { asking } = yield* currentAsking
    if (watching >= serving.maxWatchers) return yield* tooMany
    return counted.pipe(whileSignedIn(serving.authentication, asking), Stream.haltWhen(ending))
  })
  return Layer.succeed(Watch, { open })
}

const routerConfig = {
  // Too long a part of a path is for its schema to refuse, which says so.
  maxParamLength: 16_384,
  // One address for each endpoint, so that whoever else looks at paths sees the same.
  caseSensitive: true,
  ignoreDuplicateSlashes: false,
  ignoreTrailingSlash: false
}

/**
 * Behind a router of their own: one that is there already knows other routes, or those of another mount.
 *
 * @param ending - streams end when it does
 */
export const makeEndpoints = Effect.fnUntraced(function* (
  admin: AdminService,
  serving: Serving,
  ending: Effect.Effect<void>
) {
  const check = makeCheck(serving.policy, currentUser)
  const routes = HttpApiBuilder.layer(Api).pipe(
    Layer.provide([handlers, sessionHandlers(serving)]),
    Layer.provide(Layer.succeed(Admin, secured(admin, serving.policy, check))),
    Layer.provide(makeWatch(admin, serving, ending)),
    Layer.provide(HttpServer.layerServices),
    Layer.provideMerge(HttpRouter.layer),
    Layer.provide(Layer.succeed(HttpRouter.RouterConfig, routerConfig))
  )
  const scope = yield* Scope.Scope
  const built = yield* Layer.buildWithMemoMap(routes, Layer.makeMemoMapUnsafe(), scope).pipe(
    // Endpoints keep what is there when they are made: that is not who will ask.
    Effect.updateContext((context: Context.Context<never>) => Context.omit(CurrentRequest)(context))
  )
  return Context.get(built, HttpRouter.HttpRouter).asHttpEffect()
})

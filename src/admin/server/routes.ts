/**
 * The administration among the routes of an application's own Effect server.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import { HttpMiddleware, HttpRouter } from "effect/http"
import { Admin } from "../Admin.ts"
import { makeApp } from "./app.ts"
import { type Elsewhere, nothingElsewhere } from "./elsewhere.ts"
import { type AdminServerOptions, mounted } from "./options.ts"
import { checked } from "./serverErrors.ts"

/** Below the root there are other things, which the router prefers; a path with all below it is there without a slash, too. */
const pathsOf = (basePath: string, isAll: boolean): ReadonlyArray<`/${string}`> => {
  if (basePath === "") return isAll ? ["/*"] : ["/api/v1/*", "/health/*", "/metrics"]
  return [`/${basePath.slice(1)}/*`]
}

/** Adds everything below the base path to the router that is there. */
export const routes = (options: AdminServerOptions, elsewhere?: Elsewhere) =>
  Layer.effectDiscard(
    Effect.gen(function* () {
      const admin = yield* Admin
      const serving = yield* checked(() => mounted(options))
      const router = yield* HttpRouter.HttpRouter
      // Whoever watches asks often: that is not for the application's log.
      const app = HttpMiddleware.withLoggerDisabled(yield* makeApp(admin, serving, elsewhere ?? nothingElsewhere))
      for (const path of pathsOf(serving.basePath, elsewhere !== undefined)) yield* router.add("*", path, app)
    })
  )

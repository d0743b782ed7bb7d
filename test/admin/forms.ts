/** The forms that the administration has: asked in process, and over HTTP by a server on the loopback interface. */
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServer } from "effect/http"
import { HttpApiBuilder } from "effect/http-api"
import { serve } from "srvx/node"
import { Admin } from "../../src/admin/Admin.ts"
import { Api } from "../../src/admin/api/api.ts"
import { handlers } from "../../src/admin/server/handlers.ts"

/** `Admin` of a server that answers with the one in the context. */
const overHttp: Layer.Layer<Admin, never, Admin> = Layer.unwrap(
  Effect.gen(function* () {
    const admin = yield* Admin
    const routes = HttpApiBuilder.layer(Api).pipe(
      Layer.provide(handlers),
      Layer.provide(Layer.succeed(Admin, admin)),
      Layer.provide(HttpServer.layerServices)
    )
    const { handler } = yield* Effect.acquireRelease(
      Effect.sync(() => HttpRouter.toWebHandler(routes, { disableLogger: true })),
      ({ dispose }) => Effect.promise(dispose)
    )
    const server = yield* Effect.acquireRelease(
      Effect.promise(async () =>
        serve({ fetch: (request) => handler(request), hostname: "127.0.0.1", port: 0, silent: true }).ready()
      ),
      (server) => Effect.promise(() => server.close(true))
    )
    return Admin.layerHttp({ url: server.url ?? "" })
  })
)

export const forms = [
  { form: "in process", layer: Admin.layer },
  { form: "over HTTP", layer: Layer.provide(overHttp, Admin.layer) }
] as const

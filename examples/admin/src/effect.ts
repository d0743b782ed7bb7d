/** Among the routes of an Effect server. */
import { Layer } from "effect"
import { HttpRouter, HttpServer, HttpServerResponse } from "effect/http"
import { AdminServer } from "effect-integration/AdminServer"
import { serve } from "srvx/node"
import { AdminLive, auth, type Running } from "./administration.js"

const routes = Layer.mergeAll(
  HttpRouter.add("GET", "/", HttpServerResponse.text("the application")),
  AdminServer.routes({ basePath: "/ops", auth })
).pipe(Layer.provide(AdminLive), Layer.provide(HttpServer.layerServices))

/** With @effect/platform-node: `HttpRouter.serve(routes).pipe(Layer.provide(NodeHttpServer.layer(createServer, { port })))`. */
export const start = async (): Promise<Running> => {
  const { dispose, handler } = HttpRouter.toWebHandler(routes, { disableLogger: true })
  const server = serve({ fetch: (request) => handler(request), port: 0, hostname: "127.0.0.1", silent: true })
  await server.ready()
  return { url: `${server.url}ops`, stop: () => Promise.all([dispose(), server.close(true)]) }
}

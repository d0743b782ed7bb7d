/** In an application of Hono, on Node; it is the same on Bun and Deno. */
import { AdminServer } from "effect-integration/AdminServer"
import { Hono } from "hono"
import { serve } from "srvx/node"
import { AdminLive, auth, type Running } from "./administration.js"

export const start = async (): Promise<Running> => {
  const { dispose, handler } = AdminServer.toWebHandler({ admin: AdminLive, basePath: "/ops", auth })
  const app = new Hono()
  app.get("/", (context) => context.text("the application"))
  app.all("/ops/*", (context) => handler(context.req.raw))
  const server = serve({ fetch: (request) => app.fetch(request), port: 0, hostname: "127.0.0.1", silent: true })
  await server.ready()
  return { url: `${server.url}ops`, stop: () => Promise.all([dispose(), server.close(true)]) }
}

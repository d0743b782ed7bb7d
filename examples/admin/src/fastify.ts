/** In an application of Fastify, which has read and parsed the body before its handlers. */
import { AdminServer } from "effect-integration/AdminServer"
import { fastify } from "fastify"
import { AdminLive, auth, type Running } from "./administration.js"

export const start = async (): Promise<Running> => {
  const { dispose, handler } = AdminServer.toNodeHandler({ admin: AdminLive, basePath: "/ops", auth })
  const app = fastify()
  app.get("/", () => "the application")
  app.all("/ops/*", (request, reply) => {
    reply.hijack()
    handler(Object.assign(request.raw, { body: request.body }), reply.raw)
  })
  const url = await app.listen({ port: 0, host: "127.0.0.1" })
  return { url: `${url}/ops`, stop: () => dispose().then(() => app.close()) }
}

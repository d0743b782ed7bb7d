/** The dashboard in an application of Express: the page, and the administration that it asks. */
import type { AddressInfo } from "node:net"
import { Dashboard } from "effect-integration/Dashboard"
import express from "express"
import { AdminLive, auth, type Running } from "./administration.js"

export const start = async (): Promise<Running> => {
  const { dispose, handler } = Dashboard.toNodeHandler({ admin: AdminLive, basePath: "/ops", auth })
  const app = express()
  app.use(express.json())
  app.get("/", (_, response) => response.send("the application"))
  app.use("/ops", handler)
  const server = app.listen(0, "127.0.0.1")
  await new Promise((resolve) => server.once("listening", resolve))
  const stop = async () => {
    await dispose()
    server.closeAllConnections()
    server.close()
  }
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/ops`, stop }
}

/** What is stopped while it starts does not wait for its database. */
import { once } from "node:events"
import { type AddressInfo, createServer } from "node:net"
import { assert, it } from "vitest"
import { Errors } from "../../src/index.ts"
import { createIntegration } from "../../src/promise.ts"
import { createServices } from "../../src/services.ts"

const waitForDatabase = "10 minutes"

/** A server that takes connections and ends them, as one does whose database is not up yet. */
const unready = async (use: (url: string, asked: Promise<unknown>) => Promise<void>) => {
  const server = createServer((socket) => socket.destroy())
  server.listen(0, "127.0.0.1")
  await once(server, "listening")
  const { port } = server.address() as AddressInfo
  await use(`postgres://app@127.0.0.1:${port}/app`, once(server, "connection"))
  server.close()
}

const isRefused = async (started: Promise<void>) => {
  const [result] = await Promise.allSettled([started])
  assert.strictEqual(result.status, "rejected")
  assert.instanceOf((result as PromiseRejectedResult).reason, Errors.IntegrationStopped)
}

it("services", () =>
  unready(async (url, asked) => {
    const services = createServices({ url, waitForDatabase })
    const refused = isRefused(services.start())
    await asked
    await services.stop()
    await refused
  }))

it("an integration", () =>
  unready(async (url, asked) => {
    const integration = createIntegration({ url, waitForDatabase })
    const refused = isRefused(integration.start())
    await asked
    await integration.stop()
    await refused
    await isRefused(integration.start())
  }))

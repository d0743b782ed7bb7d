/** Where it can be mounted: below a path, several times, in servers of the web, of Node and of Effect. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServer, HttpServerResponse } from "effect/http"
import { Admin, AdminServer, CurrentUser } from "../../src/admin.ts"
import { asUser, problemOf, requestOf, secrets, serve, signIn, tokens, writing } from "../support/adminRequests.ts"
import { makeFakeAdmin } from "../support/hostileAdmin.ts"

const admin = asUser(secrets.admin)

describe("below a path", () => {
  it("answers whether or not the server in front takes the path off", async () => {
    const { dispose, handler } = serve({ basePath: "/ops/integration/" })
    const ask = async (path: string) => (await handler(requestOf(path, { headers: admin }))).status
    assert.strictEqual(await ask("/ops/integration/api/v1/overview"), 200)
    assert.strictEqual(await ask("/api/v1/overview"), 200)
    assert.strictEqual(await ask("/ops/integration/health/live"), 200)
    assert.strictEqual(await ask("/ops/integrationx/api/v1/overview"), 404)
    assert.strictEqual(await ask("/other/api/v1/overview"), 404)
    await dispose()
  })

  it.each(["/api", "/api/v1", "/health"])(
    "that is called as one of its own, %s, answers the same",
    async (basePath) => {
      const { dispose, handler } = serve({ basePath })
      const ask = async (path: string) => (await handler(requestOf(path, { headers: admin }))).status
      assert.strictEqual(await ask(`${basePath}/api/v1/overview`), 200)
      assert.strictEqual(await ask("/api/v1/overview"), 200)
      await dispose()
    }
  )

  it("that is none is refused", () => {
    for (const basePath of ["ops", "/a b", "/a/../b?", "/a//b", "https://x"]) {
      assert.throws(() => serve({ basePath }), /basePath/)
    }
  })
})

describe("two in one process", () => {
  it("each answer for their own, and take no sessions of each other", async () => {
    const first = serve({ basePath: "/one" })
    const second = serve({ basePath: "/two", allow: () => false })
    const cookie = await signIn(first.handler, "admin", "/one")
    const ask = async (handler: typeof first.handler, path: string, headers: Record<string, string>) =>
      (await handler(requestOf(path, { headers }))).status
    assert.strictEqual(await ask(first.handler, "/one/api/v1/overview", { cookie }), 200)
    assert.strictEqual(await ask(second.handler, "/two/api/v1/overview", { cookie }), 401)
    assert.strictEqual(await ask(second.handler, "/two/api/v1/overview", { cookie: cookie.replace("one", "two") }), 401)
    assert.strictEqual(await ask(second.handler, "/two/api/v1/overview", admin), 403)
    assert.lengthOf(first.calls, 1)
    assert.lengthOf(second.calls, 0)
    await first.dispose()
    await second.dispose()
  })
})

const onNode = async (listener: (request: IncomingMessage, response: ServerResponse) => unknown) => {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}`, close: () => new Promise((resolve) => server.close(resolve)) }
}

describe("a server of Node", () => {
  const start = { method: "POST", headers: { ...writing, ...admin }, body: '{"kind":"requeue","filter":{}}' }

  it("has it as a handler", async () => {
    const fake = makeFakeAdmin()
    const { dispose, handler } = AdminServer.toNodeHandler({ admin: fake.admin, auth: { tokens } })
    const server = await onNode(handler)
    assert.strictEqual((await fetch(`${server.url}/api/v1/overview`)).status, 401)
    assert.strictEqual((await fetch(`${server.url}/api/v1/overview`, { headers: admin })).status, 200)
    assert.strictEqual((await fetch(`${server.url}/api/v1/operations`, start)).status, 200)
    await dispose()
    await server.close()
  })

  it.each([
    ["parsed", (text: string) => JSON.parse(text)],
    ["read as text", (text: string) => text],
    ["read as bytes", (text: string) => Buffer.from(text)]
  ])("may have %s the body before", async (_, parse) => {
    const fake = makeFakeAdmin()
    const { dispose, handler } = AdminServer.toNodeHandler({ admin: fake.admin, auth: { tokens } })
    const server = await onNode(async (request, response) => {
      const parts: Array<Buffer> = []
      for await (const part of request) parts.push(part)
      return handler(Object.assign(request, { body: parse(Buffer.concat(parts).toString()) }), response)
    })
    assert.strictEqual((await fetch(`${server.url}/api/v1/operations`, start)).status, 200)
    assert.deepStrictEqual(
      fake.calls.map(({ given }) => given),
      [[{ kind: "requeue", filter: {} }]]
    )
    await dispose()
    await server.close()
  })

  it("hands its own request to the application that says who asks", async () => {
    const fake = makeFakeAdmin()
    const authenticate = ({ source }: { readonly source: unknown }) =>
      (source as { readonly session?: { readonly user: string } }).session === undefined
        ? undefined
        : ({ name: "ada", role: "viewer" } as const)
    const { dispose, handler } = AdminServer.toNodeHandler({ admin: fake.admin, auth: { authenticate } })
    const server = await onNode((request, response) =>
      handler(
        request.url?.includes("replicas") ? Object.assign(request, { session: { user: "ada" } }) : request,
        response
      )
    )
    assert.strictEqual((await fetch(`${server.url}/api/v1/replicas`)).status, 200)
    assert.strictEqual((await fetch(`${server.url}/api/v1/overview`)).status, 401)
    await dispose()
    await server.close()
  })
})

describe("an Effect router", () => {
  const routesWith = (fake: ReturnType<typeof makeFakeAdmin>) =>
    Layer.mergeAll(
      AdminServer.routes({ basePath: "/ops", auth: { tokens } }),
      AdminServer.routes({ basePath: "/closed", auth: { tokens }, allow: () => Effect.succeed(false) }),
      HttpRouter.add("GET", "/hello", HttpServerResponse.text("hello")),
      HttpRouter.add("GET", "/api/v1/overview", HttpServerResponse.text("of the application"))
    ).pipe(
      Layer.provide(Layer.succeed(Admin, fake.admin)),
      // Whoever starts the application is not who asks.
      Layer.provide(Layer.succeed(CurrentUser, { name: "the one who started it", role: "admin" })),
      Layer.provide(HttpServer.layerServices)
    )

  it("has it beside its own routes, as often as is wanted", async () => {
    const fake = makeFakeAdmin()
    const { dispose, handler } = HttpRouter.toWebHandler(routesWith(fake), { disableLogger: true })
    const ask = (path: string, headers: Record<string, string> = {}) => handler(requestOf(path, { headers }))
    assert.strictEqual(await (await ask("/hello")).text(), "hello")
    assert.strictEqual(await (await ask("/api/v1/overview")).text(), "of the application")
    assert.strictEqual((await ask("/ops/api/v1/overview")).status, 401)
    assert.strictEqual((await ask("/ops/api/v1/overview", admin)).status, 200)
    assert.strictEqual((await ask("/closed/api/v1/overview", admin)).status, 403)
    assert.strictEqual((await problemOf(await ask("/ops/nothing", admin))).type, "application/problem+json")
    const long = encodeURIComponent("finance/".repeat(40))
    assert.strictEqual((await ask(`/ops/api/v1/consumers/${long}`, admin)).status, 200)
    const answer = await handler(
      requestOf("/ops/api/v1/operations", {
        method: "POST",
        headers: { ...writing, ...admin },
        body: '{"kind":"requeue","filter":{}}'
      })
    )
    assert.strictEqual(answer.status, 200)
    assert.deepStrictEqual([...new Set(fake.calls.map(({ user }) => user.name))], ["a admin"])
    await dispose()
  })

  it.effect("does not get it without auth", () =>
    Effect.gen(function* () {
      const routes = AdminServer.routes({ basePath: "/ops" }).pipe(
        Layer.provide(Layer.succeed(Admin, makeFakeAdmin().admin)),
        Layer.provide(HttpRouter.layer)
      )
      const error = yield* Effect.flip(Effect.scoped(Layer.build(routes)))
      assert.strictEqual(error._tag, "AdminUnprotected")
    })
  )
})

describe("an administration that is not there yet", () => {
  it("is said to be so, and asked for again", async () => {
    let times = 0
    const fake = makeFakeAdmin()
    const { dispose, handler } = AdminServer.toWebHandler({
      auth: { tokens },
      admin: () => (times++ === 0 ? Promise.reject(new Error("postgres://secret@host")) : Promise.resolve(fake.admin))
    })
    const first = await problemOf(await handler(requestOf("/api/v1/overview", { headers: admin })))
    assert.strictEqual(first.status, 503)
    assert.notInclude(JSON.stringify(first.body), "secret")
    assert.strictEqual((await handler(requestOf("/api/v1/overview", { headers: admin }))).status, 200)
    await dispose()
  })

  it("may be a layer, which ends with the handler", async () => {
    const fake = makeFakeAdmin()
    const ended: Array<string> = []
    const layer = Layer.effect(
      Admin,
      Effect.acquireRelease(Effect.succeed(fake.admin), () => Effect.sync(() => ended.push("ended")))
    )
    const { dispose, handler } = AdminServer.toWebHandler({ auth: { tokens }, admin: layer })
    assert.strictEqual((await handler(requestOf("/api/v1/overview", { headers: admin }))).status, 200)
    assert.lengthOf(ended, 0)
    await dispose()
    assert.deepStrictEqual(ended, ["ended"])
  })
})

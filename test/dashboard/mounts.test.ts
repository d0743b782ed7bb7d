/** The dashboard as a server of its own, and in others: of Node, with their own ways with paths, and of Effect. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { connect } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { HttpRouter, HttpServer, HttpServerResponse } from "effect/http"
import { onTestFinished } from "vitest"
import { Admin, AdminServer } from "../../src/admin.ts"
import { builtFolder } from "../../src/dashboard/files.ts"
import { listenWith, nodeHandlerWith, routesWith, webHandlerWith } from "../../src/dashboard/served.ts"
import type { ListenOptions } from "../../src/dashboard.ts"
import { asUser, cookieOf, requestOf, secrets, tokens, writing } from "../support/adminRequests.ts"
import { asBrowser, assets, loadedBy, makeBuild } from "../support/dashboards.ts"
import { makeFakeAdmin } from "../support/hostileAdmin.ts"

const listening = (options: Partial<ListenOptions> = {}) =>
  Effect.suspend(() => listenWith(makeBuild(), { port: 0, ...options })).pipe(
    Effect.provideService(Admin, makeFakeAdmin().admin)
  )

/** What a socket gets for a path that no client would send. */
const raw = (port: number, path: string, head = "", host = `localhost:${port}`) =>
  Effect.callback<{ readonly status: number; readonly text: string }>((resume) => {
    const socket = connect(port, "127.0.0.1", () =>
      socket.write(`GET ${path} HTTP/1.1\r\nhost: ${host}\r\naccept: text/html\r\n${head}connection: close\r\n\r\n`)
    )
    let text = ""
    socket.on("data", (data) => {
      text += data.toString("latin1")
    })
    socket.on("error", () => {})
    socket.on("close", () =>
      resume(Effect.succeed({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 400), text }))
    )
    return Effect.sync(() => socket.destroy())
  })

const get = (url: string, init: RequestInit = {}) =>
  Effect.promise(() => fetch(url, { headers: asBrowser, redirect: "manual", ...init }))

/** Asks for a page and all that it loads. */
const looksRight = async (address: string) => {
  const answer = await fetch(address, { headers: asBrowser })
  assert.strictEqual(answer.status, 200, address)
  assert.include(answer.headers.get("content-security-policy") ?? "", "script-src 'self'")
  const loaded = loadedBy(await answer.text(), answer.url)
  assert.lengthOf(loaded, 3)
  for (const each of loaded) {
    const { headers, status } = await fetch(each)
    assert.strictEqual(status, 200, each)
    assert.match(headers.get("content-type") ?? "", /javascript|css/)
  }
}

describe("a server of its own", () => {
  it.live("shows the page, its assets, and answers the API", () =>
    Effect.gen(function* () {
      const { host, port, url } = yield* listening()
      assert.strictEqual(url, `http://127.0.0.1:${port}`)
      assert.strictEqual(host, "127.0.0.1")
      for (const path of ["", "/", "/events", "/events/1"]) yield* Effect.promise(() => looksRight(url + path))
      assert.strictEqual((yield* get(`${url}/api/v1/overview`)).status, 200)
      const compressed = yield* get(`${url}/assets/index-Ab12_-cd.js`)
      assert.strictEqual(compressed.headers.get("content-encoding"), "gzip")
      assert.strictEqual(yield* Effect.promise(() => compressed.text()), assets["index-Ab12_-cd.js"])
      const head = yield* get(`${url}/events`, { method: "HEAD" })
      assert.isAbove(Number(head.headers.get("content-length")), 100)
    }).pipe(Effect.scoped)
  )

  it.live("has below its base path what it has, and sends those there who ask without a slash", () =>
    Effect.gen(function* () {
      const { url } = yield* listening({ basePath: "/ops/integration", auth: { tokens } })
      yield* Effect.promise(() => looksRight(url))
      yield* Effect.promise(() => looksRight(`${url}/events/1`))
      const answer = yield* get(url)
      assert.deepStrictEqual([answer.status, answer.headers.get("location")], [308, "integration/"])
      assert.strictEqual((yield* get(`${url}/api/v1/overview`)).status, 401)
    }).pipe(Effect.scoped)
  )

  it.live("gives no file but those of the build, however it is asked for", () =>
    Effect.gen(function* () {
      const { port } = yield* listening()
      const ways = [
        "..",
        "%2e%2e",
        "%2E%2e",
        ".%2e",
        "..%2f",
        "..%5c",
        "..\\",
        "%c0%ae%c0%ae",
        "....//",
        "..%00",
        "..;"
      ]
      const paths = [
        ...ways.flatMap((way) => [
          `/assets/${way}/secret.txt`,
          `/assets/${way}/${way}/secret.txt`,
          `/${way}/secret.txt`
        ]),
        "/assets/deep/../../secret.txt",
        "/assets/index-Zz34yy56.css%00.txt",
        "/assets//secret.txt",
        "/assets/./../secret.txt",
        "/secret.txt",
        "/assets/../../../../../../etc/passwd",
        "/assets//etc/passwd",
        "/assets/file:///etc/passwd"
      ]
      for (const path of paths) {
        const { status, text } = yield* raw(port, path)
        assert.notInclude(text, "a secret", path)
        assert.notInclude(text, "root:", path)
        // Servers may have resolved the path: what it then leads to is the page, or nothing.
        if (status === 200) assert.include(text, '<div id="root">', path)
        else assert.include([400, 404], status, path)
      }
      // The same ways without a file at their end: what is there is found.
      assert.strictEqual((yield* raw(port, "/assets/index-Zz34yy56.css")).status, 200)
    }).pipe(Effect.scoped)
  )

  it.live("answers no other name that leads to it", () =>
    Effect.gen(function* () {
      const { port } = yield* listening()
      for (const path of ["/", "/events/1", "/assets/index-Zz34yy56.css"]) {
        assert.strictEqual((yield* raw(port, path)).status, 200)
        assert.strictEqual((yield* raw(port, path, "", `evil.example:${port}`)).status, 403)
        assert.strictEqual((yield* raw(port, path, "", `localhost:${port + 1}`)).status, 403)
      }
    }).pipe(Effect.scoped)
  )

  it.live("does not start where others reach it unless it is said who may come in, nor without its page", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip(listening({ host: "0.0.0.0" }))
      assert.strictEqual(error._tag, "AdminUnprotected")
      const missing = yield* Effect.flip(
        listenWith(new URL("nothing/", builtFolder), { port: 0 }).pipe(
          Effect.provideService(Admin, makeFakeAdmin().admin)
        )
      )
      assert.strictEqual(missing._tag, "DashboardNotBuilt")
    }).pipe(Effect.scoped)
  )
})

const onNode = async (listener: (request: IncomingMessage, response: ServerResponse) => unknown) => {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const nodeHandler = (basePath?: string) => {
  const { dispose, handler } = nodeHandlerWith(makeBuild(), {
    admin: makeFakeAdmin().admin,
    auth: { tokens },
    basePath
  })
  onTestFinished(() => dispose())
  return handler
}

/** What `app.use(mount, handler)` of Express does with a path. */
const used =
  (mount: string, handler: ReturnType<typeof nodeHandler>) => (request: IncomingMessage, response: ServerResponse) => {
    const originalUrl = request.url ?? ""
    const rest = originalUrl.slice(mount.length)
    return handler(Object.assign(request, { originalUrl, url: rest.startsWith("/") ? rest : `/${rest}` }), response)
  }

describe("a server of Node", () => {
  it.each([
    ["leaves the path as it is", "/ops", nodeHandler],
    ["takes it off, and says what it was", "/ops", (basePath: string) => used(basePath, nodeHandler(basePath))],
    ["takes off what nobody here knows", "/x/ops", (basePath: string) => used(basePath, nodeHandler())],
    ["takes off what a screen is called, too", "/events", (basePath: string) => used(basePath, nodeHandler(basePath))]
  ])("that %s has it", async (_, basePath, make) => {
    const url = (await onNode(make(basePath))) + basePath
    for (const path of ["", "?range=1h", "/", "/events", "/events/123", "/events/a%2Fb"]) await looksRight(url + path)
    const redirected = await fetch(`${url}?range=1h`, { redirect: "manual" })
    assert.strictEqual(redirected.status, 308)
    assert.match(redirected.headers.get("location") ?? "", /^\w+\/\?range=1h$/)
    assert.strictEqual((await fetch(`${url}/api/v1/overview`)).status, 401)
    const body = JSON.stringify({ token: secrets.operator })
    const begun = await fetch(`${url}/api/v1/session`, { method: "POST", headers: writing, body })
    assert.strictEqual(begun.status, 200)
    const session = await fetch(`${url}/api/v1/session`, { headers: { cookie: cookieOf(begun) } })
    assert.strictEqual(JSON.parse(await session.text()).role, "operator")
  })

  it("that takes the path off and says nothing of it has it below a slash", async () => {
    const handler = nodeHandler("/ops")
    const url = await onNode((request, response) => {
      request.url = (request.url ?? "").replace(/^\/ops/, "") || "/"
      return handler(request, response)
    })
    for (const path of ["/ops/", "/ops/events/123"]) await looksRight(url + path)
  })

  it("that has parameters in its paths sends nobody elsewhere", async () => {
    const handler = nodeHandler()
    const url = await onNode((request, response) => used(request.url ?? "", handler)(request, response))
    for (const path of ["/https:evil.example", "/\\\\evil.example", "//evil.example:80", "/java%0ascript:x"]) {
      const { port } = new URL(url)
      const { status, text } = await Effect.runPromise(raw(Number(port), path))
      assert.strictEqual(status, 404, path)
      assert.notMatch(text, /^location:/im, path)
    }
  })
})

describe("an Effect router", () => {
  const handlerOf = (basePath?: string) => {
    const routes = Layer.mergeAll(
      routesWith(makeBuild(), { basePath, auth: { tokens } }),
      HttpRouter.add("GET", "/hello", HttpServerResponse.text("hello"))
    ).pipe(Layer.provide(Layer.succeed(Admin, makeFakeAdmin().admin)), Layer.provide(HttpServer.layerServices))
    const { dispose, handler } = HttpRouter.toWebHandler(routes, { disableLogger: true })
    onTestFinished(() => dispose())
    return (path: string, headers: Record<string, string> = {}) =>
      handler(requestOf(path, { headers: { ...asBrowser, ...headers } }))
  }

  it("has it below a path, beside its own routes", async () => {
    const ask = handlerOf("/ops")
    assert.strictEqual((await ask("/ops")).headers.get("location"), "ops/")
    assert.strictEqual((await ask("/ops/")).status, 200)
    assert.include(await (await ask("/ops/events/1")).text(), 'src="../assets/index-Ab12_-cd.js"')
    assert.strictEqual((await ask("/ops/assets/index-Zz34yy56.css")).status, 200)
    assert.strictEqual((await ask("/ops/api/v1/overview")).status, 401)
    assert.strictEqual((await ask("/ops/api/v1/overview", asUser(secrets.viewer))).status, 200)
    assert.strictEqual(await (await ask("/hello")).text(), "hello")
    assert.strictEqual((await ask("/other")).status, 404)
  })

  it("has it where no other route is", async () => {
    const ask = handlerOf()
    assert.strictEqual((await ask("/")).status, 200)
    assert.strictEqual((await ask("/events/1")).status, 200)
    assert.strictEqual((await ask("/health/live")).status, 200)
    assert.strictEqual((await ask("/api/v1/overview", asUser(secrets.viewer))).status, 200)
    assert.strictEqual(await (await ask("/hello")).text(), "hello")
  })
})

describe("options", () => {
  it("that would protect nothing are refused, as those of AdminServer", () => {
    const { admin } = makeFakeAdmin()
    assert.throws(() => webHandlerWith(makeBuild(), { admin }), /without auth/)
    assert.throws(() => nodeHandlerWith(makeBuild(), { admin, auth: { tokens }, basePath: "ops" }), /basePath/)
    const misspelt: object = { admin, auth: { tokens }, redacted: ["a"] }
    assert.throws(() => webHandlerWith(makeBuild(), misspelt as { admin: typeof admin }), /redacted/)
  })

  it("leave the administration without a page where there is none", async () => {
    const { dispose, handler } = AdminServer.toWebHandler({ admin: makeFakeAdmin().admin, auth: { tokens } })
    for (const path of ["/", "/events", "/assets/index-Zz34yy56.css"]) {
      const answer = await handler(requestOf(path, { headers: asBrowser }))
      assert.strictEqual(answer.status, 404)
      assert.strictEqual(answer.headers.get("content-type"), "application/problem+json")
    }
    await dispose()
  })
})

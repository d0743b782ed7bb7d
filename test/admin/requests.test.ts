/** What requests must be like: sent by who means them, of a size, and of a form. */
import { assert, describe, it } from "@effect/vitest"
import { HttpApi } from "effect/http-api"
import { Api } from "../../src/admin.ts"
import {
  asUser,
  endpoints,
  problemOf,
  requestOf,
  secrets,
  serve,
  signIn,
  validRequest,
  writing
} from "../support/adminRequests.ts"
import { script } from "../support/hostileAdmin.ts"

const writes = endpoints().filter(({ method }) => method !== "GET")

const admin = asUser(secrets.admin)

describe("a page of another site", () => {
  it.each(writes)("cannot have a browser do $name with the cookie of who is signed in", async (each) => {
    const { calls, dispose, handler } = serve()
    const cookie = await signIn(handler, "admin")
    const forged: ReadonlyArray<Record<string, string>> = [
      { origin: "https://evil.example" },
      { origin: "null" },
      { origin: "http://localhost:4401" },
      { origin: "http://localhost:4400.evil.example" },
      { origin: "http://evil.example#http://localhost:4400" },
      { origin: "not an origin" },
      { "sec-fetch-site": "cross-site" },
      { "sec-fetch-site": "same-site" },
      { "sec-fetch-site": "none" },
      { "sec-fetch-site": "cross-site", origin: "http://localhost:4400" }
    ]
    for (const headers of forged) {
      const { status } = await problemOf(await handler(validRequest(each, { cookie, ...headers })))
      assert.strictEqual(status, 403, JSON.stringify(headers))
    }
    assert.lengthOf(calls, 0)
    await dispose()
  })

  it.each(writes.filter(({ method }) => method !== "DELETE"))("cannot send a form to $name", async (each) => {
    const { calls, dispose, handler } = serve()
    const cookie = await signIn(handler, "admin")
    const send = async (headers: Record<string, string>) => {
      const valid = validRequest(each)
      const body = await valid.text()
      return handler(new Request(valid.url, { method: each.method, body, headers: { cookie, ...headers } }))
    }
    for (const type of [
      "application/x-www-form-urlencoded",
      "multipart/form-data; boundary=x",
      "text/plain",
      "text/plain; application/json",
      "application/json, text/plain",
      "application/jsonp"
    ]) {
      assert.strictEqual((await send({ "content-type": type, "x-effect-integration": "1" })).status, 415, type)
    }
    // A form can send no header of its own.
    assert.strictEqual((await send({ "content-type": "application/json" })).status, 403)
    assert.lengthOf(calls, 0)
    assert.strictEqual((await send({ ...writing, "content-type": "Application/JSON; charset=UTF-8" })).status, 200)
    await dispose()
  })

  it("reads nothing, and opens no stream, where a browser says that it asks", async () => {
    const { calls, dispose, handler } = serve({ auth: "open" })
    for (const path of ["/api/v1/overview", "/api/v1/live", "/api/v1/openapi.json", "/metrics"]) {
      const answer = await handler(requestOf(path, { headers: { "sec-fetch-site": "cross-site" } }))
      assert.strictEqual(answer.status, 403)
    }
    assert.lengthOf(calls, 0)
    await dispose()
  })

  it("is not told by any answer that it may", async () => {
    const { dispose, handler } = serve()
    const headers = {
      origin: "https://evil.example",
      "access-control-request-method": "POST",
      "access-control-request-headers": "x-effect-integration"
    }
    const asked = [
      requestOf("/api/v1/operations", { method: "OPTIONS", headers }),
      requestOf("/api/v1/overview", { headers: { ...admin, origin: "https://evil.example" } })
    ]
    for (const request of asked) {
      const answer = await handler(request)
      const cors = [...answer.headers.keys()].filter((name) => name.startsWith("access-control"))
      assert.deepStrictEqual(cors, [])
    }
    await dispose()
  })

  it("is told from a proxy that serves it under another name, by the option origin", async () => {
    const { dispose, handler } = serve({ origin: "https://ops.example" })
    const pause = writes.find(({ name }) => name === "consumers.pause") ?? assert.fail("no such endpoint")
    const cookie = (await signIn(handler, "admin", "", { origin: "https://ops.example" })) || assert.fail("no cookie")
    const send = (origin: string) => handler(validRequest(pause, { cookie, origin }))
    assert.strictEqual((await send("https://ops.example")).status, 200)
    assert.strictEqual((await send("http://ops.example")).status, 403)
    assert.strictEqual((await send("http://localhost:4400")).status, 403)
    await dispose()
  })
})

describe("a tool with a token", () => {
  it.each(writes)("may send $name from anywhere: no browser adds a token by itself", async (each) => {
    if (each.name === "session.begin") return
    const { dispose, handler } = serve()
    const answer = await handler(validRequest(each, { ...admin, origin: "https://tools.example" }))
    assert.include([200, 204], answer.status)
    await dispose()
  })

  it("is not let in by a right cookie beside a wrong token", async () => {
    const { dispose, handler } = serve()
    const cookie = await signIn(handler, "admin")
    const answer = await handler(requestOf("/api/v1/overview", { headers: { cookie, ...asUser("wrong-0123456789") } }))
    assert.strictEqual(answer.status, 401)
    await dispose()
  })
})

describe("a name that leads here", () => {
  const hostsOf = (options: Parameters<typeof serve>[0]) => {
    const { dispose, handler } = serve(options)
    const ask = async (host: string) =>
      (await handler(new Request("http://localhost:4400/api/v1/overview", { headers: { host } }))).status
    return { ask, dispose }
  }

  it("is refused unless it is known, where nobody has to sign in", async () => {
    const { ask, dispose } = hostsOf({ auth: "open", allowedHosts: ["ops.example", "other.example:8443"] })
    for (const host of [
      "localhost",
      "localhost:4400",
      "127.0.0.1:1",
      "[::1]:4400",
      "OPS.example:9",
      "other.example:8443"
    ]) {
      assert.strictEqual(await ask(host), 200, host)
    }
    for (const host of [
      "evil.example",
      "evil.example:4400",
      "localhost.evil.example",
      "127.0.0.1.evil.example",
      "localhost:4400@evil.example",
      "other.example:8444",
      "evil-ops.example",
      "localhost, evil.example",
      ""
    ]) {
      assert.strictEqual(await ask(host), 403, host)
    }
    await dispose()
  })
})

describe("what cannot be", () => {
  const ask = async (path: string, init: RequestInit = {}) => {
    const { calls, dispose, handler } = serve()
    const answer = await handler(requestOf(path, { ...init, headers: { ...writing, ...admin, ...init.headers } }))
    const told = await problemOf(answer)
    await dispose()
    return { ...told, calls, headers: answer.headers }
  }

  it.each([
    ["/api/v1/events?limit=0", "query.limit"],
    ["/api/v1/events?limit=201", "query.limit"],
    ["/api/v1/events?limit=ten", "query.limit"],
    ["/api/v1/events?limit=1e309", "query.limit"],
    ["/api/v1/events?since=yesterday", "query.since"],
    ["/api/v1/events?budget=200001", "query.budget"],
    ["/api/v1/events?status=lost", "query.status"],
    [`/api/v1/events?text=${"x".repeat(1024)}`, "query.text"],
    [`/api/v1/events?after=${"x".repeat(513)}`, "query.after"],
    [`/api/v1/consumers/${"x".repeat(1024)}`, "path.consumer"],
    ["/api/v1/statistics?from=2026-01-01", "query.to"],
    ["/api/v1/links?module=a&entityType=b&entityId=c&hops=4", "query.hops"]
  ])("in %s is told with its place, and what is expected", async (path, place) => {
    const { body, calls, status, type } = await ask(path)
    assert.strictEqual(status, 400)
    assert.strictEqual(type, "application/problem+json")
    assert.strictEqual(body.type, "urn:effect-integration:problem:invalid")
    assert.isTrue(body.issues[0].path.startsWith(place), JSON.stringify(body))
    assert.include(body.detail, place)
    assert.lengthOf(calls, 0)
  })

  it.each([
    ["{", "body"],
    ["", "body"],
    ["null", "body"],
    ["[]", "body"],
    ['{"kind":"replay","filter":{}}', "body.kind"],
    ['{"kind":"requeue","filter":{"deliveryIds":"1"}}', "body.filter.deliveryIds"],
    ['{"kind":"requeue","filter":{},"canary":2}', "body.canary"]
  ])("in the body %s is told with its place", async (body, place) => {
    const told = await ask("/api/v1/operations", { method: "POST", body })
    assert.strictEqual(told.status, 400)
    assert.isTrue(told.body.issues[0].path.startsWith(place), JSON.stringify(told.body))
    assert.lengthOf(told.calls, 0)
  })

  it.each([
    "/",
    "/api",
    "/api/v2/overview",
    "/api/v1",
    "/api/v1/nothing",
    "/api/v1/../../etc/passwd",
    "/api/v1/%2e%2e/%2e%2e/etc/passwd",
    "/api/v1/..%2f..%2fetc%2fpasswd",
    "/api/v1/events/%zz",
    "/api/v1/events/%00/../../x",
    "/health",
    "/health/other",
    "//evil.example/api/v1/overview",
    "//api/v1/overview",
    "/api//v1/overview",
    "/api/v1/overview/",
    "/API/V1/overview"
  ])("at %s is a problem, and no page", async (path) => {
    const { body, calls, status, type } = await ask(path)
    assert.include([400, 404], status, JSON.stringify(body))
    assert.strictEqual(type, "application/problem+json")
    assert.lengthOf(calls, 0)
  })

  it.each([
    ["POST", "/api/v1/overview", "GET, HEAD"],
    ["DELETE", "/api/v1/consumers/a", "GET, HEAD"],
    ["GET", "/api/v1/consumers/a/pause", "POST"],
    ["PUT", "/api/v1/session", "GET, HEAD, POST, DELETE"],
    ["POST", "/health/live", "GET, HEAD"],
    ["POST", "/metrics", "GET, HEAD"],
    ["PROPFIND", "/api/v1/overview", "GET, HEAD, POST, PUT, PATCH, DELETE"],
    ["OPTIONS", "/api/v1/overview", "GET, HEAD, POST, PUT, PATCH, DELETE"]
  ])("%s %s says which methods there are", async (method, path, allow) => {
    const { headers, status, type } = await ask(path, { method, ...(method === "GET" ? {} : { body: "{}" }) })
    assert.strictEqual(status, 405)
    assert.strictEqual(type, "application/problem+json")
    assert.strictEqual(headers.get("allow"), allow)
  })
})

describe("names with any characters", () => {
  it.each(["finance/billing", "a b", "a%2fb", "../admin", "ü.ö", "a?b#c", "*", script])(
    "%s are what they are",
    async (name) => {
      const { calls, dispose, handler } = serve()
      const answer = await handler(requestOf(`/api/v1/consumers/${encodeURIComponent(name)}`, { headers: admin }))
      assert.strictEqual(answer.status, 200)
      assert.deepStrictEqual(
        calls.map(({ given }) => given),
        [[name]]
      )
      await dispose()
    }
  )
})

describe("answers", () => {
  it.each(endpoints())("of $name are data, whatever texts are in them, and are kept nowhere", async (each) => {
    const { dispose, handler } = serve()
    const answer = await handler(validRequest(each, admin))
    const type = answer.headers.get("content-type")
    if (answer.status !== 204) {
      assert.strictEqual(type?.split(";")[0], each.name === "live" ? "text/event-stream" : "application/json")
    }
    assert.strictEqual(answer.headers.get("x-content-type-options"), "nosniff")
    assert.strictEqual(answer.headers.get("cache-control"), "no-store")
    assert.strictEqual(answer.headers.get("cross-origin-resource-policy"), "same-origin")
    assert.include(answer.headers.get("content-security-policy") ?? "", "default-src 'none'")
    await answer.body?.cancel()
    await dispose()
  })

  it("that are problems have the same headers, and texts of others as data", async () => {
    const { dispose, handler } = serve()
    for (const request of [
      requestOf("/api/v1/consumers/nobody", { headers: admin }),
      requestOf(`/api/v1/events?status=${encodeURIComponent(script)}`, { headers: admin }),
      requestOf("/api/v1/overview")
    ]) {
      const answer = await handler(request)
      assert.isAtLeast(answer.status, 400)
      assert.strictEqual(answer.headers.get("content-type"), "application/problem+json")
      assert.strictEqual(answer.headers.get("x-content-type-options"), "nosniff")
      JSON.parse(await answer.text())
    }
    await dispose()
  })

  it("to HEAD have no body", async () => {
    const { dispose, handler } = serve()
    const answer = await handler(requestOf("/api/v1/overview", { method: "HEAD", headers: admin }))
    assert.strictEqual(answer.status, 200)
    assert.strictEqual(await answer.text(), "")
    await dispose()
  })

  it("to what breaks inside tell nothing of it", async () => {
    const { admin: broken, dispose, handler } = serve({ admin: () => Promise.resolve(brokenAdmin) })
    const brokenAdmin = { ...broken, doctor: undefined as never }
    const { body, status } = await problemOf(await handler(requestOf("/api/v1/doctor", { headers: admin })))
    assert.strictEqual(status, 500)
    assert.notMatch(JSON.stringify(body), /TypeError|undefined|\.ts/)
    await dispose()
  })
})

describe("what is not in the API's table", () => {
  it.each(["/api/v1/openapi.json", "/metrics"])("%s wants a user", async (path) => {
    const { dispose, handler } = serve()
    assert.strictEqual((await handler(requestOf(path))).status, 401)
    assert.strictEqual((await handler(requestOf(path, { headers: asUser("wrong-token-0123456789") }))).status, 401)
    assert.strictEqual((await handler(requestOf(path, { headers: asUser(secrets.viewer) }))).status, 200)
    await dispose()
  })

  it("describes every endpoint where it is mounted", async () => {
    const { dispose, handler } = serve({ basePath: "/ops" })
    const answer = await handler(requestOf("/ops/api/v1/openapi.json", { headers: admin }))
    const described = JSON.parse(await answer.text())
    assert.deepStrictEqual(described.servers, [{ url: "/ops" }])
    const paths = Object.entries(described.paths).flatMap(([path, methods]) =>
      Object.keys(methods as object).map((method) => `${method.toUpperCase()} ${path}`)
    )
    assert.sameMembers(
      paths,
      endpoints().map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`)
    )
    assert.isTrue(HttpApi.isHttpApi(Api))
    await dispose()
  })

  it("shows metrics to anybody only if that is said, and none if they are off", async () => {
    const open = serve({ metrics: "open" })
    const answer = await open.handler(requestOf("/metrics"))
    assert.strictEqual(answer.status, 200)
    assert.include(answer.headers.get("content-type") ?? "", "text/plain; version=0.0.4")
    const off = serve({ metrics: "off" })
    assert.strictEqual((await off.handler(requestOf("/metrics", { headers: admin }))).status, 404)
    await open.dispose()
    await off.dispose()
  })

  it("tells anybody whether it is well", async () => {
    const { dispose, handler } = serve()
    for (const path of ["/health/live", "/health/ready", "/health/ready?maxLagMillis=5"]) {
      const answer = await handler(requestOf(path))
      assert.strictEqual(answer.status, 200)
      assert.isTrue(JSON.parse(await answer.text()).isHealthy)
    }
    await dispose()
  })
})

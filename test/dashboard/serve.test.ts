/** The page and its assets: what is answered, with which headers, and what is not. */
import { gunzipSync } from "node:zlib"
import { assert, describe, it } from "@effect/vitest"
import { readFiles } from "../../src/dashboard/files.ts"
import { DashboardNotBuilt } from "../../src/dashboard.ts"
import { asUser, problemOf, requestOf, secrets, signIn, writing } from "../support/adminRequests.ts"
import { asBrowser, assets, loadedBy, serveDashboard } from "../support/dashboards.ts"

const nonceOf = (answer: Response) =>
  /'nonce-([^']+)'/.exec(answer.headers.get("content-security-policy") ?? "")?.[1] ?? ""

const pageOf = async (answer: Response) => {
  assert.strictEqual(answer.status, 200)
  assert.strictEqual(answer.headers.get("content-type"), "text/html; charset=utf-8")
  return answer.text()
}

describe("the page", () => {
  it("says what it may load, and nobody may keep or frame it", async () => {
    const { handler } = serveDashboard()
    const answer = await handler(requestOf("/", { headers: asBrowser }))
    const nonce = nonceOf(answer)
    assert.deepStrictEqual(Object.fromEntries(answer.headers), {
      "cache-control": "no-store",
      "content-length": answer.headers.get("content-length") ?? "",
      "content-security-policy": `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonce}'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
      "content-type": "text/html; charset=utf-8",
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-resource-policy": "same-origin",
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
      "x-frame-options": "DENY"
    })
    const html = await pageOf(answer)
    assert.strictEqual(html.split(`nonce="${nonce}"`).length, 5)
    assert.notInclude(html, "__CSP_NONCE__")
  })

  it("has a nonce that nobody can know before", async () => {
    const { handler } = serveDashboard()
    const nonces = await Promise.all(Array.from({ length: 50 }, async () => nonceOf(await handler(requestOf("/")))))
    assert.strictEqual(new Set(nonces).size, 50)
    for (const nonce of nonces) assert.isAtLeast(Buffer.from(nonce, "base64").length, 16)
  })

  it("is there for every address that a browser is sent to, and loads its assets from there", async () => {
    const { handler } = serveDashboard({ basePath: "/ops/integration" })
    for (const path of ["/", "/events", "/events/", "/events/123?tab=story", "/a/b/c", "/dead-letters/x%2Fy", "//a"]) {
      const address = `http://localhost:4400/ops/integration${path}`
      const html = await pageOf(await handler(new Request(address, { headers: asBrowser })))
      const loaded = loadedBy(html, address)
      assert.lengthOf(loaded, 3)
      for (const each of loaded) {
        assert.match(each, /^http:\/\/localhost:4400\/ops\/integration\/assets\//, path)
        assert.strictEqual((await handler(new Request(each))).status, 200)
      }
    }
  })

  it("is the same behind proxies that take off or put before a path, of which nobody here knows", async () => {
    const { handler } = serveDashboard()
    const html = await pageOf(await handler(requestOf("/events/123", { headers: asBrowser })))
    for (const each of loadedBy(html, "https://ops.example/tools/integration/events/123")) {
      assert.match(each, /^https:\/\/ops\.example\/tools\/integration\/assets\//)
    }
  })

  it("has nothing of the address in it", async () => {
    const { handler } = serveDashboard()
    const script = "<script>alert(1)</script>"
    for (const path of [
      `/${script}`,
      `/${encodeURIComponent(script)}`,
      `/?q=${script}`,
      "/x\"onload='y",
      "/__CSP_NONCE__"
    ]) {
      const html = await pageOf(await handler(requestOf(path, { headers: asBrowser })))
      assert.notInclude(html, "alert")
      assert.notInclude(html, "onload")
      assert.notInclude(html, "__CSP_NONCE__")
    }
  })

  it("is not made long by a long address", async () => {
    const { handler } = serveDashboard()
    assert.strictEqual((await handler(requestOf("/a".repeat(17), { headers: asBrowser }))).status, 200)
    assert.strictEqual((await handler(requestOf("/a".repeat(18), { headers: asBrowser }))).status, 404)
  })

  it("is found by its path without a slash, wherever that is, and stays at its host", async () => {
    const { handler } = serveDashboard({ basePath: "/ops/integration" })
    const answer = await handler(requestOf("/ops/integration?range=1h", { headers: asBrowser }))
    assert.strictEqual(answer.status, 308)
    assert.strictEqual(answer.headers.get("location"), "integration/?range=1h")
    assert.strictEqual(
      new URL(answer.headers.get("location") ?? "", "https://ops.example/tools/ops/integration").href,
      "https://ops.example/tools/ops/integration/?range=1h"
    )
    for (const path of ["//evil.example", "/\\evil.example", "/%2f%2fevil.example/.."]) {
      assert.isNull((await handler(requestOf(path, { headers: asBrowser }))).headers.get("location"))
    }
  })

  it("is not what anything but a page is asked for, nor for anything else than reading", async () => {
    const { calls, handler } = serveDashboard()
    for (const accept of ["application/json", "image/avif,*/*;q=0.8", "*/*"]) {
      const answer = await problemOf(await handler(requestOf("/favicon.ico", { headers: { accept } })))
      assert.deepStrictEqual([answer.status, answer.type], [404, "application/problem+json"])
    }
    for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
      for (const path of ["/", "/events", "/assets/index-Zz34yy56.css"]) {
        const answer = await handler(requestOf(path, { method, headers: { ...asBrowser, ...asUser(secrets.admin) } }))
        assert.strictEqual(answer.status, 405)
        assert.strictEqual(answer.headers.get("allow"), "GET, HEAD")
      }
    }
    assert.strictEqual((await handler(requestOf("/", { method: "OPTIONS" }))).status, 405)
    assert.lengthOf(calls, 0)
  })

  it("has headers only for HEAD", async () => {
    const { handler } = serveDashboard()
    for (const path of ["/events/1", "/assets/index-Zz34yy56.css"]) {
      const answer = await handler(requestOf(path, { method: "HEAD", headers: asBrowser }))
      assert.strictEqual(answer.status, 200)
      assert.isTrue(answer.headers.has("content-security-policy"))
      assert.strictEqual(await answer.text(), "")
    }
  })

  it("is shown to whoever comes from a page of another site, who follows a link", async () => {
    const { handler } = serveDashboard()
    const headers = { ...asBrowser, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" }
    assert.strictEqual((await handler(requestOf("/events/1", { headers }))).status, 200)
  })

  it("is answered by this server's names only", async () => {
    const { handler } = serveDashboard({ auth: "open" })
    for (const path of ["/", "/events", "/assets/index-Zz34yy56.css"]) {
      assert.strictEqual(
        (await handler(new Request(`http://localhost:4400${path}`, { headers: asBrowser }))).status,
        200
      )
      assert.strictEqual((await handler(new Request(`http://evil.example${path}`, { headers: asBrowser }))).status, 403)
    }
  })
})

describe("the API beside it", () => {
  it("is what it is without: closed, with problems instead of pages", async () => {
    const { handler } = serveDashboard({ basePath: "/ops" })
    const ask = (path: string, headers: Record<string, string> = {}) =>
      handler(requestOf(`/ops${path}`, { headers: { ...asBrowser, ...headers } }))
    assert.strictEqual((await ask("/api/v1/overview")).status, 401)
    assert.strictEqual((await ask("/api/v1/overview", asUser(secrets.viewer))).status, 200)
    assert.strictEqual((await ask("/health/live")).status, 200)
    assert.strictEqual((await ask("/metrics")).status, 401)
    for (const path of ["/api", "/api/v2/overview", "/api/v1/nothing", "/health", "/health/other"]) {
      const { status, type } = await problemOf(await ask(path, asUser(secrets.viewer)))
      assert.deepStrictEqual([status, type], [404, "application/problem+json"], path)
    }
  })

  it("knows who has signed in there, below any path", async () => {
    for (const basePath of ["", "/ops", "/a/b"]) {
      const { handler } = serveDashboard({ basePath, environment: "production" })
      const cookie = await signIn(handler, "operator", basePath)
      const answer = await handler(requestOf(`${basePath}/api/v1/session`, { headers: { cookie } }))
      const { environment, role } = JSON.parse(await answer.text())
      assert.deepStrictEqual([role, environment], ["operator", "production"])
    }
  })

  it("does not take a session that came with a page of another site", async () => {
    const { handler } = serveDashboard()
    const cookie = await signIn(handler, "admin")
    const headers = { ...writing, cookie, "sec-fetch-site": "cross-site" }
    assert.strictEqual((await handler(requestOf("/api/v1/overview", { headers }))).status, 403)
  })
})

describe("an asset", () => {
  const types: Readonly<Record<string, string>> = {
    "index-Ab12_-cd.js": "text/javascript; charset=utf-8",
    "index-Zz34yy56.css": "text/css; charset=utf-8",
    "logo-00aa11bb.svg": "image/svg+xml",
    "index-Ab12_-cd.js.map": "application/json",
    "dots-12345678.png": "image/png",
    "deep/other-12345678.js": "text/javascript; charset=utf-8"
  }

  it.each(Object.entries(types))("%s is what it is, and kept for good", async (name, type) => {
    const { handler } = serveDashboard()
    const answer = await handler(requestOf(`/assets/${name}`))
    assert.strictEqual(answer.status, 200)
    assert.strictEqual(answer.headers.get("content-type"), type)
    assert.strictEqual(answer.headers.get("cache-control"), "public, max-age=31536000, immutable")
    assert.strictEqual(answer.headers.get("x-content-type-options"), "nosniff")
    assert.strictEqual(answer.headers.get("cross-origin-resource-policy"), "same-origin")
    assert.isNull(answer.headers.get("content-encoding"))
    assert.strictEqual(Buffer.from(await answer.arrayBuffer()).toString("latin1"), assets[name])
  })

  it("is compressed for whoever reads that", async () => {
    const { handler } = serveDashboard()
    const ask = (accepted: string, name = "index-Ab12_-cd.js") =>
      handler(requestOf(`/assets/${name}`, { headers: { "accept-encoding": accepted } }))
    for (const accepted of ["gzip", "gzip, deflate, br, zstd", "br;q=1.0, GZIP;q=0.5", "*"]) {
      const answer = await ask(accepted)
      assert.strictEqual(answer.headers.get("content-encoding"), "gzip", accepted)
      assert.strictEqual(answer.headers.get("vary"), "accept-encoding")
      const bytes = Buffer.from(await answer.arrayBuffer())
      assert.isBelow(bytes.length, 1000)
      assert.strictEqual(gunzipSync(bytes).toString(), assets["index-Ab12_-cd.js"])
    }
    for (const accepted of ["", "identity", "br", "gzip;q=0", "gzip;q=0.000, br", "*, gzip;q=0", "*;q=0"]) {
      const answer = await ask(accepted)
      assert.isNull(answer.headers.get("content-encoding"), accepted)
      // Caches in between keep both.
      assert.strictEqual(answer.headers.get("vary"), "accept-encoding")
      assert.strictEqual(await answer.text(), assets["index-Ab12_-cd.js"])
    }
    assert.isNull((await ask("gzip", "dots-12345678.png")).headers.get("content-encoding"))
  })

  it("that is not there is a problem, which nobody keeps", async () => {
    const { handler } = serveDashboard()
    for (const name of ["", "index-old.js", "deep", "deep/", "toString", "__proto__", "index-Ab12_-cd.js/"]) {
      const answer = await handler(requestOf(`/assets/${name}`, { headers: asBrowser }))
      assert.strictEqual(answer.headers.get("cache-control"), "no-store")
      const { status, type } = await problemOf(answer)
      assert.deepStrictEqual([status, type], [404, "application/problem+json"], name)
    }
  })

  it("is found by its query, which is of no account", async () => {
    const { handler } = serveDashboard()
    assert.strictEqual((await handler(requestOf("/assets/index-Zz34yy56.css?v=1"))).status, 200)
  })
})

describe("a build that is not there", () => {
  it("is said to be missing, with what to do", () => {
    const folder = new URL("file:///nowhere/dist/dashboard/static/")
    const error = (() => {
      try {
        return readFiles(folder)
      } catch (error) {
        return error
      }
    })()
    assert.instanceOf(error, DashboardNotBuilt)
    assert.include(error.message, "/nowhere/dist/dashboard/static/")
    assert.match(error.message, /In the repository: npm run build\. In an application: install .* again; .* external/)
  })
})

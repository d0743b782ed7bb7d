/** Signing in with a token: what a session is, and when it ends. */
import { readFileSync } from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import { Redacted } from "effect"
import { makeSessions } from "../../src/admin/security/sessions.ts"
import {
  asUser,
  cookieOf,
  problemOf,
  requestOf,
  secrets,
  serve,
  signIn,
  tokens,
  writing
} from "../support/adminRequests.ts"

const begin = (token: string, headers: Record<string, string> = {}) =>
  requestOf("/api/v1/session", { method: "POST", headers: { ...writing, ...headers }, body: JSON.stringify({ token }) })

const end = (cookie: string) => requestOf("/api/v1/session", { method: "DELETE", headers: { ...writing, cookie } })

const overview = (cookie: string) => requestOf("/api/v1/overview", { headers: { cookie } })

describe("a session", () => {
  it("says who one is, what one may, and where", async () => {
    const { dispose, handler } = serve({ environment: "production", redact: ["a"] })
    const cookie = await signIn(handler, "operator")
    const told = JSON.parse(await (await handler(requestOf("/api/v1/session", { headers: { cookie } }))).text())
    assert.strictEqual(told.name, "a operator")
    assert.strictEqual(told.role, "operator")
    assert.strictEqual(told.environment, "production")
    assert.strictEqual(told.visibility, "full")
    assert.isTrue(told.isRedacted)
    assert.include(told.actions, "deadLetters.requeue")
    assert.notInclude(told.actions, "deadLetters.discard")
    assert.isString(told.expiresAt)
    await dispose()
  })

  it("is kept from scripts and other sites, and sent to the API that has set it only", async () => {
    const { dispose, handler } = serve({ basePath: "/ops" })
    const request = begin(secrets.viewer)
    const plain = await handler(new Request(request.url.replace("/api", "/ops/api"), request))
    const attributes = (plain.headers.get("set-cookie") ?? "").split("; ").slice(1).toSorted()
    assert.includeMembers(attributes, ["HttpOnly", "SameSite=Strict"])
    assert.notInclude(attributes, "Secure")
    // By default it is sent to the API that has set it, below whatever path browsers see that.
    assert.notInclude(attributes.join(), "Path")
    const tls = await handler(
      new Request("https://ops.example/ops/api/v1/session", {
        method: "POST",
        headers: writing,
        body: JSON.stringify({ token: secrets.viewer })
      })
    )
    assert.include(tls.headers.get("set-cookie") ?? "", "Secure")
    const proxied = begin(secrets.viewer, { "x-forwarded-proto": "https, http" })
    assert.include((await handler(proxied)).headers.get("set-cookie") ?? "", "Secure")
    assert.notInclude(await plain.text(), secrets.viewer)
    await dispose()
  })

  it("has a secret that nobody could have known before: none that was brought becomes one", async () => {
    const { dispose, handler } = serve()
    const fixed = "effect_integration_session_4400=chosen-by-somebody-else"
    const first = cookieOf(await handler(begin(secrets.admin, { cookie: fixed })))
    assert.notStrictEqual(first, fixed)
    assert.strictEqual((await handler(overview(fixed))).status, 401)
    const second = cookieOf(await handler(begin(secrets.viewer, { cookie: first })))
    assert.notStrictEqual(second, first)
    // Who signs in as somebody else is not both.
    assert.strictEqual((await handler(overview(first))).status, 401)
    assert.strictEqual((await handler(overview(second))).status, 200)
    await dispose()
  })

  it("ends for good when one signs out", async () => {
    const { dispose, handler } = serve()
    const cookie = await signIn(handler, "admin")
    const other = await signIn(handler, "admin")
    const answer = await handler(end(cookie))
    assert.strictEqual(answer.status, 204)
    assert.include(answer.headers.get("set-cookie") ?? "", "effect_integration_session_4400=;")
    assert.strictEqual((await handler(overview(cookie))).status, 401)
    assert.strictEqual((await handler(overview(other))).status, 200)
    await dispose()
  })

  it("is not begun with a wrong token, or where there are none", async () => {
    const { dispose, handler } = serve()
    for (const token of ["", "wrong", `${secrets.admin} `, secrets.admin.toUpperCase()]) {
      const answer = await handler(begin(token))
      assert.isNull(answer.headers.get("set-cookie"))
      assert.strictEqual((await problemOf(answer)).status, 401)
    }
    for (const token of ["x".repeat(1024), "\u0000"]) {
      assert.strictEqual((await handler(begin(token))).status, 400)
    }
    const own = serve({ auth: { authenticate: () => undefined } })
    assert.strictEqual((await own.handler(begin(secrets.admin))).status, 400)
    await dispose()
    await own.dispose()
  })

  it("is found beside other cookies, and not in the name of another", async () => {
    const { dispose, handler } = serve()
    const cookie = await signIn(handler, "admin")
    const stale = "effect_integration_session_4400=old"
    assert.strictEqual((await handler(overview(`a=b; ${stale}; ${cookie}; c`))).status, 200)
    assert.strictEqual((await handler(overview(`x${cookie}`))).status, 401)
    await dispose()
  })

  it("ends by itself", async () => {
    const { dispose, handler } = serve({ auth: { tokens, sessionDuration: "1 millis" } })
    const cookie = await signIn(handler, "admin")
    while ((await handler(overview(cookie))).status === 200);
    assert.strictEqual((await handler(overview(cookie))).status, 401)
    await dispose()
  })

  it("is one of a number that does not grow", () => {
    const sessions = makeSessions(1000, 3)
    const made = [0, 1, 2, 3].map((now) => sessions.begin({ name: "a", role: "viewer" }, now))
    assert.deepStrictEqual(
      made.map(({ secret }) => sessions.find(secret, 10) !== undefined),
      [false, true, true, true]
    )
    assert.deepStrictEqual(
      made.map(({ session }) => sessions.isOpen(session, 10)),
      [false, true, true, true]
    )
    assert.isUndefined(sessions.find(made[1]?.secret ?? "", 1001))
    // Those that ran out make room before any that has not.
    sessions.begin({ name: "b", role: "viewer" }, 1002)
    assert.isDefined(sessions.find(made[3]?.secret ?? "", 1002))
  })

  it("ends for one more of the same user, and for nobody else's", () => {
    const sessions = makeSessions(1000)
    const admin = sessions.begin({ name: "ana", role: "admin" }, 0)
    const viewer = Array.from({ length: 1001 }, () => sessions.begin({ name: "eve", role: "viewer" }, 0))
    assert.isDefined(sessions.find(admin.secret, 0))
    assert.lengthOf(
      viewer.filter(({ secret }) => sessions.find(secret, 0) !== undefined),
      50
    )
    assert.isDefined(sessions.find(viewer.at(-1)?.secret ?? "", 0))
  })

  it("ends for one more where all are taken, of whoever has most", () => {
    const sessions = makeSessions(1000, 3)
    const admin = sessions.begin({ name: "ana", role: "admin" }, 0)
    const eves = [1, 2].map((now) => sessions.begin({ name: "eve", role: "viewer" }, now))
    sessions.begin({ name: "bo", role: "viewer" }, 3)
    assert.isDefined(sessions.find(admin.secret, 4))
    assert.deepStrictEqual(
      eves.map(({ secret }) => sessions.find(secret, 4) !== undefined),
      [false, true]
    )
  })

  it("does not outlive a wrong duration", () => {
    for (const sessionDuration of ["0 millis", "Infinity"] as const) {
      assert.throws(() => serve({ auth: { tokens, sessionDuration } }), /sessionDuration/)
    }
  })
})

describe("tokens", () => {
  it("are compared in a time that tells nothing of them", () => {
    const source = readFileSync(new URL("../../src/admin/security/secrets.ts", import.meta.url), "utf8")
    assert.match(source, /for \(const each of candidates\) if \(timingSafeEqual\(/)
    assert.notMatch(source, /return each|break/)
    for (const file of ["authentication.ts", "sessions.ts"]) {
      const other = readFileSync(new URL(`../../src/admin/security/${file}`, import.meta.url), "utf8")
      assert.notMatch(
        other,
        /[!=]== (token|secret|bearer)\b|(?<!typeof )\b(token|secret|bearer) [!=]== (?!undefined)/,
        file
      )
    }
  })

  it("of any length are taken, each as its own", async () => {
    const long = "é".repeat(500)
    const given = [
      { token: Redacted.make(long), name: "long", role: "viewer" as const },
      { token: Redacted.make(secrets.admin), name: "short", role: "admin" as const }
    ]
    const { dispose, handler } = serve({ auth: { tokens: given } })
    const told = JSON.parse(await (await handler(begin(long))).text())
    assert.strictEqual(told.name, "long")
    const answer = await handler(requestOf("/api/v1/session", { headers: asUser(secrets.admin) }))
    assert.strictEqual(JSON.parse(await answer.text()).name, "short")
    await dispose()
  })
})

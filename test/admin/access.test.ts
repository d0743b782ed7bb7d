/** Who may come in, and do what: tried at every endpoint that there is. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { type Action, AdminServer, actions, type Role, roles } from "../../src/admin.ts"
import { asUser, endpoints, problemOf, requestOf, secrets, serve, validRequest } from "../support/adminRequests.ts"

/** The action behind each endpoint. One that is not here is a new one: say what it needs. */
const actionOf: Readonly<Record<string, Action | "nobody" | "anybody">> = {
  overview: "overview.read",
  live: "overview.read",
  contracts: "contracts.read",
  replicas: "replicas.read",
  audit: "audit.read",
  doctor: "doctor.run",
  "statistics.series": "statistics.read",
  "statistics.consumers": "statistics.read",
  "statistics.flows": "statistics.read",
  "statistics.gauges": "statistics.read",
  "events.find": "events.read",
  "events.get": "events.read",
  "events.lineage": "events.read",
  "events.received": "events.read",
  "errorGroups.list": "errorGroups.read",
  "errorGroups.get": "errorGroups.read",
  "errorGroups.change": "errorGroups.change",
  "deadLetters.list": "deadLetters.read",
  "deadLetters.get": "deadLetters.read",
  "deadLetters.requeue": "deadLetters.requeue",
  "deadLetters.check": "deadLetters.edit",
  "deadLetters.edit": "deadLetters.edit",
  "deadLetters.discard": "deadLetters.discard",
  "operations.list": "operations.read",
  "operations.get": "operations.read",
  "operations.preview": "operations.read",
  "operations.start": "operations.requeue",
  "operations.stop": "operations.stop",
  "consumers.list": "consumers.read",
  "consumers.get": "consumers.read",
  "consumers.pause": "consumers.pause",
  "consumers.resume": "consumers.resume",
  "consumers.retire": "consumers.retire",
  "links.list": "links.read",
  "links.graph": "links.read",
  "links.life": "links.read",
  "settings.list": "settings.read",
  "settings.put": "settings.change",
  "settings.history": "settings.read",
  "session.get": "anybody",
  "session.begin": "nobody",
  "session.end": "anybody"
}

const needs = (name: string): Role => {
  const action = actionOf[name]
  return action === undefined || action === "nobody" || action === "anybody" ? "viewer" : actions[action]
}

const weaker = (role: Role) => roles.slice(0, roles.indexOf(role))

describe("every endpoint", () => {
  const all = endpoints()

  it("is known here with what it needs", () => {
    assert.deepStrictEqual(all.map(({ name }) => name).toSorted(), Object.keys(actionOf).toSorted())
  })

  it.each(all)(
    "$name lets nobody in without a token, or with a wrong one, and asks nothing of the database",
    async (each) => {
      const { calls, dispose, handler } = serve()
      if (actionOf[each.name] === "nobody") return
      const wrong = [
        {},
        asUser("wrong-token-0123456789"),
        asUser(`${secrets.admin}x`),
        asUser(secrets.admin.slice(0, -1)),
        { authorization: secrets.admin },
        { authorization: "Bearer" },
        { authorization: `Basic ${btoa(`admin:${secrets.admin}`)}` },
        { cookie: `effect_integration_session_4400=${secrets.admin}` },
        { cookie: "effect_integration_session_4400=" }
      ]
      for (const headers of wrong) {
        const { body, status, type } = await problemOf(await handler(validRequest(each, headers)))
        assert.strictEqual(status, 401, JSON.stringify(headers))
        assert.strictEqual(type, "application/problem+json")
        assert.strictEqual(body.type, "urn:effect-integration:problem:unauthenticated")
      }
      assert.lengthOf(calls, 0)
      await dispose()
    }
  )

  it.each(all)("$name refuses a weaker role, and lets in one that is enough, as who it is", async (each) => {
    const role = needs(each.name)
    const { calls, dispose, handler } = serve()
    for (const weak of weaker(role)) {
      const { body, status } = await problemOf(await handler(validRequest(each, asUser(secrets[weak]))))
      assert.strictEqual(status, 403)
      assert.include(body.detail, role)
    }
    assert.lengthOf(calls, 0)
    const answer = await handler(validRequest(each, asUser(secrets[role])))
    assert.include([200, 204], answer.status)
    await answer.body?.cancel()
    assert.deepStrictEqual([...new Set(calls.map(({ user }) => user.name))], calls.length === 0 ? [] : [`a ${role}`])
    await dispose()
  })

  it.each(all.filter(({ name }) => (actionOf[name] ?? "").includes(".")))(
    "$name asks the application's rule, which forbids what the role would do for; that is told",
    async (each) => {
      const asked: Array<string> = []
      const refused: Array<string> = []
      const { calls, dispose, handler } = serve({
        allow: (user, action) => {
          asked.push(`${user.name}: ${action}`)
          return Promise.resolve(false)
        },
        refused: (user, action) => {
          refused.push(`${user.name}: ${action}`)
        }
      })
      const answer = await handler(validRequest(each, asUser(secrets.admin)))
      assert.strictEqual(answer.status, 403)
      assert.deepStrictEqual(asked, [`a admin: ${actionOf[each.name]}`])
      assert.deepStrictEqual(refused, asked)
      assert.lengthOf(calls, 0)
      await dispose()
    }
  )
})

describe("a rule of the application", () => {
  const pause = { name: "consumers.pause", method: "POST", path: "/api/v1/consumers/:consumer/pause" }

  it("that fails allows nothing, and tells nothing of why", async () => {
    const { calls, dispose, handler } = serve({ allow: () => Promise.reject(new Error("the secret of the rule")) })
    const { body, status } = await problemOf(await handler(validRequest(pause, asUser(secrets.admin))))
    assert.strictEqual(status, 500)
    assert.notInclude(JSON.stringify(body), "secret of the rule")
    assert.lengthOf(calls, 0)
    await dispose()
  })

  it("cannot give more than the role, and only true is true", async () => {
    const all = serve({ allow: () => true })
    assert.strictEqual((await all.handler(validRequest(pause, asUser(secrets.viewer)))).status, 403)
    const odd = serve({ allow: () => "no" as unknown as boolean })
    assert.strictEqual((await odd.handler(validRequest(pause, asUser(secrets.admin)))).status, 403)
    await all.dispose()
    await odd.dispose()
  })

  it("is told what it is about", async () => {
    const targets: Array<string> = []
    const { dispose, handler } = serve({
      allow: (_, __, target) => {
        targets.push(target)
        return true
      }
    })
    await handler(validRequest(pause, asUser(secrets.admin)))
    const headers = { ...asUser(secrets.admin), "content-type": "application/json", "x-effect-integration": "1" }
    const start = (filter: object) =>
      handler(
        requestOf("/api/v1/operations", { method: "POST", headers, body: JSON.stringify({ kind: "requeue", filter }) })
      )
    await start({ consumer: "billing" })
    await start({})
    assert.deepStrictEqual(targets, ["1", "billing", "*"])
    await dispose()
  })
})

describe("discarding many", () => {
  it("needs an admin, where requeueing needs an operator", async () => {
    const { dispose, handler } = serve()
    const start = (kind: string, role: Role) =>
      handler(
        requestOf("/api/v1/operations", {
          method: "POST",
          headers: { ...asUser(secrets[role]), "content-type": "application/json", "x-effect-integration": "1" },
          body: JSON.stringify({ kind, filter: {} })
        })
      )
    assert.strictEqual((await start("requeue", "operator")).status, 200)
    assert.strictEqual((await start("discard", "operator")).status, 403)
    assert.strictEqual((await start("discard", "admin")).status, 200)
    await dispose()
  })
})

describe("the application's own users", () => {
  const mount = (authenticate: (request: { readonly headers: Headers }) => unknown) =>
    serve({ auth: { authenticate: authenticate as never } })

  it("come in as the application says, and nobody else", async () => {
    const { calls, dispose, handler } = mount(({ headers }) =>
      headers.get("x-user") === "ada" ? Promise.resolve({ name: "ada", role: "operator" }) : undefined
    )
    const overview = (headers: Record<string, string>) => handler(requestOf("/api/v1/overview", { headers }))
    assert.strictEqual((await overview({ "x-user": "ada" })).status, 200)
    assert.strictEqual((await overview({ "x-user": "eve" })).status, 401)
    assert.deepStrictEqual(
      calls.map(({ user }) => user),
      [{ name: "ada", role: "operator" }]
    )
    await dispose()
  })

  it("may come of an effect", async () => {
    const { dispose, handler } = mount(() => Effect.succeed({ name: "ada", role: "viewer" }))
    assert.strictEqual((await handler(requestOf("/api/v1/overview"))).status, 200)
    await dispose()
  })

  it.each([
    ["a role that there is not", () => ({ name: "eve", role: "root" })],
    ["a role of Object's prototype", () => ({ name: "eve", role: "constructor" })],
    ["no role", () => ({ name: "eve" })],
    ["null", () => null],
    ["true", () => true],
    ["an error", () => Promise.reject(new Error("down"))],
    [
      "an exception",
      () => {
        throw new Error("down")
      }
    ]
  ])("are nobody if it answers with %s", async (_, answer) => {
    const { calls, dispose, handler } = mount(answer)
    assert.strictEqual((await handler(requestOf("/api/v1/overview"))).status, 401)
    assert.lengthOf(calls, 0)
    await dispose()
  })
})

describe("a server without auth", () => {
  it("is not mounted, and says what to do", () => {
    const { admin } = serve()
    for (const auth of [undefined, {}, { tokens: [] }]) {
      assert.throws(() => AdminServer.toWebHandler({ admin, auth }), /without auth.*tokens/s)
    }
  })

  it("takes no tokens that could be guessed, or belong to two", () => {
    const { admin } = serve()
    const mount = (...all: ReadonlyArray<string>) =>
      AdminServer.toWebHandler({
        admin,
        auth: { tokens: all.map((token) => ({ token: token as never, name: "a", role: "viewer" as const })) }
      })
    assert.throws(() => mount("short"), /16 characters/)
    assert.throws(() => mount(secrets.admin, secrets.admin), /each token once/)
  })
})

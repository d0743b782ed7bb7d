/** The administration is the same in all of them: closed without a token, and there with one. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Running, token } from "../dist/administration.js"
import * as alone from "../dist/alone.js"
import * as effect from "../dist/effect.js"
import * as express from "../dist/express.js"
import * as fastify from "../dist/fastify.js"
import * as hono from "../dist/hono.js"
import * as nest from "../dist/nest.js"

const servers = { alone, effect, express, fastify, hono, nest }

const authorization = `Bearer ${token}`

describe.each(Object.entries(servers))("in %s", (name, { start }) => {
  let running: Running
  beforeAll(async () => {
    running = await start()
  })
  afterAll(() => running.stop())

  const ask = (path: string, init: RequestInit = {}) => fetch(`${running.url}${path}`, init)

  it("nobody comes in without a token", async () => {
    const answer = await ask("/api/v1/overview")
    expect(answer.status).toBe(401)
    expect(answer.headers.get("content-type")).toBe("application/problem+json")
  })

  it("a token shows the overview", async () => {
    const answer = await ask("/api/v1/overview", { headers: { authorization } })
    expect(answer.status).toBe(200)
    expect(await answer.json()).toMatchObject({ store: "memory" })
  })

  it("what is written arrives", async () => {
    const headers = { authorization, "content-type": "application/json", "x-effect-integration": "1" }
    const body = JSON.stringify({ kind: "requeue", filter: { consumer: "finance/billing" } })
    const answer = await ask("/api/v1/operations/preview", { method: "POST", headers, body })
    // There is no such consumer: it is named as it was sent.
    expect(answer.status).toBe(404)
    expect(((await answer.json()) as { detail: string }).detail).toContain("finance/billing")
  })

  it("names with a slash arrive as they are", async () => {
    const answer = await ask("/api/v1/settings/a%2Fb/history", { headers: { authorization } })
    expect([200, 404]).toContain(answer.status)
    expect((await ask("/api/v1/settings/a/b/history", { headers: { authorization } })).status).toBe(404)
  })

  it("live figures stream, until nobody watches", async () => {
    const controller = new AbortController()
    const answer = await ask("/api/v1/live", { headers: { authorization }, signal: controller.signal })
    const { value } = (await answer.body?.getReader().read()) ?? {}
    expect(new TextDecoder().decode(value)).toContain("data: {")
    controller.abort()
  })

  it("one signs in for a cookie of this API", async () => {
    const headers = { "content-type": "application/json", "x-effect-integration": "1" }
    const answer = await ask("/api/v1/session", { method: "POST", headers, body: JSON.stringify({ token }) })
    const cookie = answer.headers.get("set-cookie") ?? ""
    // By default it is sent to where it came from.
    expect(cookie).not.toContain("Path=")
    const session = await ask("/api/v1/session", { headers: { cookie: cookie.split(";")[0] ?? "" } })
    expect(await session.json()).toMatchObject({ name: "ops", role: "operator" })
  })

  it("the rest of the application is as it was", async () => {
    if (name === "alone") return
    expect(await (await fetch(new URL("/", running.url))).text()).toBe("the application")
  })
})

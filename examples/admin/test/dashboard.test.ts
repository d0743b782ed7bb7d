/** The page is the same in all of them: at every address below its path, with its policy, its files, and the API beside it. */
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type Running, token } from "../dist/administration.js"
import * as express from "../dist/expressDashboard.js"
import * as nest from "../dist/nestDashboard.js"

const html = { accept: "text/html,*/*;q=0.8" }

describe.each(Object.entries({ express, nest }))("the dashboard in %s", (_, { start }) => {
  let running: Running
  beforeAll(async () => {
    running = await start()
  })
  afterAll(() => running.stop())

  const ask = (path: string, init: RequestInit = {}) => fetch(`${running.url}${path}`, { headers: html, ...init })

  it.each(["", "/", "/events", "/events/123?tab=story"])(
    "is a page at %j with a policy, whose files are there",
    async (path) => {
      const answer = await ask(path)
      expect(answer.status).toBe(200)
      const policy = answer.headers.get("content-security-policy") ?? ""
      expect(policy).toMatch(/^default-src 'none'; script-src 'self'; style-src 'self' 'nonce-[^']{24}';/)
      const page = await answer.text()
      expect(page).not.toContain("__CSP_NONCE__")
      const files = [...page.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, file = ""]) => new URL(file, answer.url))
      expect(files.some(({ pathname }) => pathname.endsWith(".js"))).toBe(true)
      for (const file of files) {
        expect(file.href.startsWith(`${running.url}/assets/`)).toBe(true)
        const asset = await fetch(file)
        expect(asset.status).toBe(200)
        expect(asset.headers.get("cache-control")).toContain("immutable")
      }
    }
  )

  it("is found without a slash at the end of its path", async () => {
    const answer = await ask("", { redirect: "manual" })
    expect([answer.status, answer.headers.get("location")]).toEqual([308, "ops/"])
  })

  it("has the API beside it, for whoever has signed in", async () => {
    expect((await ask("/api/v1/overview")).status).toBe(401)
    const headers = { "content-type": "application/json", "x-effect-integration": "1" }
    const begun = await ask("/api/v1/session", { method: "POST", headers, body: JSON.stringify({ token }) })
    const cookie = (begun.headers.get("set-cookie") ?? "").split(";", 1)[0] ?? ""
    const overview = await ask("/api/v1/overview", { headers: { cookie } })
    expect(await overview.json()).toMatchObject({ store: "memory" })
  })

  it("gives no file that is not part of it", async () => {
    expect((await ask("/assets/nothing.js")).status).toBe(404)
    expect((await ask("/assets/..%2f..%2fpackage.json")).status).toBe(404)
  })

  it("leaves the rest of the application as it was", async () => {
    expect(await (await fetch(new URL("/", running.url))).text()).toBe("the application")
  })
})

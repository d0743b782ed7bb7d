/** More than can be answered at once, and what a process says of how it is. */
import { assert, describe, it } from "@effect/vitest"
import { Deferred, Effect } from "effect"
import type { HealthReport, Role } from "../../src/admin.ts"
import { asUser, problemOf, requestOf, secrets, serve, signIn } from "../support/adminRequests.ts"

const overview = (user: Role = "viewer") => requestOf("/api/v1/overview", { headers: asUser(secrets[user]) })

describe("requests", () => {
  it("wait for their turn, few at once; more than can wait are sent away, and health is told meanwhile", async () => {
    const gate = Deferred.makeUnsafe<void>()
    let atOnce = 0
    let most = 0
    const { admin: fake } = serve()
    const held = Effect.suspend(() => {
      most = Math.max(most, ++atOnce)
      return Effect.andThen(Deferred.await(gate), fake.overview)
    }).pipe(Effect.ensuring(Effect.sync(() => atOnce--)))
    const { dispose, handler } = serve({ admin: { ...fake, overview: held }, auth: "open", maxConcurrent: 2 })
    const waiting = Array.from({ length: 18 }, () => handler(overview()))
    let last = await handler(overview())
    while (last.status !== 503) last = await handler(overview())
    assert.strictEqual(last.headers.get("retry-after"), "1")
    assert.strictEqual((await problemOf(last)).type, "application/problem+json")
    assert.strictEqual((await handler(requestOf("/health/live"))).status, 200)
    assert.strictEqual((await handler(requestOf("/health/ready"))).status, 200)
    Deferred.doneUnsafe(gate, Effect.void)
    assert.deepStrictEqual([...new Set((await Promise.all(waiting)).map(({ status }) => status))], [200])
    assert.strictEqual(most, 2)
    assert.strictEqual((await handler(overview())).status, 200)
    await dispose()
  })

  it("of one user leave room for others, among those that wait and those that are worked on", async () => {
    const { admin: fake } = serve()
    const slow = { ...fake, events: { ...fake.events, find: () => Effect.never } }
    const { dispose, handler } = serve({ admin: slow, maxConcurrent: 8 })
    const controller = new AbortController()
    const search = () =>
      handler(requestOf("/api/v1/events", { headers: asUser(secrets.viewer), signal: controller.signal }))
    const searches = Array.from({ length: 18 }, () => search().catch(() => undefined))
    const more = await search()
    assert.strictEqual(more.status, 503)
    assert.include((await problemOf(more)).body.detail, "your requests")
    // Others are neither sent away, nor do they wait for those of the viewer.
    assert.strictEqual((await handler(overview("operator"))).status, 200)
    assert.isNotEmpty(await signIn(handler, "admin"))
    controller.abort()
    await Promise.all(searches)
    assert.strictEqual((await handler(overview())).status, 200)
    await dispose()
  })

  it("that the client gave up make room", async () => {
    const { admin: fake } = serve()
    let isHeld = false
    const held = Effect.suspend(() => {
      isHeld = true
      return Effect.never
    }).pipe(
      Effect.ensuring(
        Effect.sync(() => {
          isHeld = false
        })
      )
    )
    const { dispose, handler } = serve({ admin: { ...fake, overview: held }, maxConcurrent: 1 })
    const controller = new AbortController()
    void handler(new Request(overview(), { signal: controller.signal })).catch(() => {})
    while (!isHeld) await new Promise((resolve) => setTimeout(resolve, 5))
    controller.abort()
    const other = requestOf("/api/v1/replicas", { headers: asUser(secrets.viewer) })
    assert.strictEqual((await handler(other)).status, 200)
    assert.isFalse(isHeld)
    await dispose()
  })
})

const report = (isHealthy: boolean): HealthReport => ({
  isHealthy,
  reasons: [{ id: "store", isHealthy, detail: "as it is" }]
})

describe("health", () => {
  it("is what the process says, and asked once a second at most however many ask", async () => {
    const asked: Array<unknown> = []
    const { dispose, handler } = serve({
      health: {
        live: Effect.succeed(report(true)),
        ready: (options) =>
          Effect.sync(() => {
            asked.push(options)
            return report(false)
          })
      }
    })
    assert.strictEqual((await handler(requestOf("/health/live"))).status, 200)
    const answers = await Promise.all(Array.from({ length: 50 }, () => handler(requestOf("/health/ready"))))
    assert.deepStrictEqual([...new Set(answers.map(({ status }) => status))], [503])
    assert.deepStrictEqual(JSON.parse((await answers[0]?.text()) ?? ""), report(false))
    assert.deepStrictEqual(asked, [{}])
    await handler(requestOf("/health/ready?maxLagMillis=60000"))
    await handler(requestOf("/health/ready?maxLagMillis=drop%20table"))
    assert.deepStrictEqual(asked, [{}, { maxLagMillis: 60_000 }])
    await dispose()
  })

  it("is asked once for all limits of a second, and names no consumer to those whom nobody knows", async () => {
    let asked = 0
    const detail = 'The oldest delivery of consumer "finance.secret" has been due for 5 seconds.'
    const lagging = Effect.sync((): HealthReport => {
      asked++
      return { isHealthy: false, reasons: [{ id: "lag", isHealthy: false, detail, lagMillis: 5000 }] }
    })
    const { dispose, handler } = serve({ health: { live: lagging, ready: () => lagging } })
    const limits = Array.from({ length: 100 }, (_, n) => n * 100)
    const answers = await Promise.all(limits.map((n) => handler(requestOf(`/health/ready?maxLagMillis=${n}`))))
    assert.deepStrictEqual(
      answers.map(({ status }) => status),
      limits.map((limit) => (limit >= 5000 ? 200 : 503))
    )
    assert.strictEqual(asked, 1)
    assert.notInclude(await answers[0]?.text(), "secret")
    await dispose()
  })

  it("that cannot be found out is none, and tells nothing of why", async () => {
    const { admin: fake } = serve()
    const failing = Effect.die(new Error("postgres://secret@host"))
    const broken = { ...fake, health: { live: failing, ready: () => failing } }
    const { dispose, handler } = serve({ admin: broken })
    const answer = await handler(requestOf("/health/ready"))
    assert.strictEqual(answer.status, 503)
    assert.notInclude(await answer.text(), "secret")
    await dispose()
  })
})

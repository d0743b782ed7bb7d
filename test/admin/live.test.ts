/** Live figures: for who watches, as long as somebody does, and not more often than is needed. */
import { assert, describe, it } from "@effect/vitest"
import { AdminServer } from "../../src/admin.ts"
import { asUser, problemOf, requestOf, secrets, serve, signIn, tokens, writing } from "../support/adminRequests.ts"

const live = (headers: Record<string, string>, init: RequestInit = {}) =>
  requestOf("/api/v1/live", { headers, ...init })

const viewer = asUser(secrets.viewer)

const readerOf = (response: Response) => {
  const reader = response.body?.getReader() ?? assert.fail("no body")
  return {
    next: async () => {
      const { done, value } = await reader.read()
      return done ? undefined : new TextDecoder().decode(value)
    },
    leave: () => reader.cancel()
  }
}

const until = async (holds: () => boolean) => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5))
}

describe("live figures", () => {
  it("are read once for all who watch, wherever it is mounted, and not once the last has left", async () => {
    const { admin, dispose, handler, samplers } = serve()
    const other = AdminServer.toWebHandler({ admin, auth: { tokens } })
    const watchers = await Promise.all(
      [handler, handler, other.handler].map(async (each) => readerOf(await each(live(viewer))))
    )
    for (const each of watchers) assert.match((await each.next()) ?? "", /^event: message\ndata: \{|^data: \{/)
    assert.deepStrictEqual(samplers, { running: 1, begun: 1 })
    await watchers[0]?.leave()
    await watchers[1]?.leave()
    assert.strictEqual(samplers.running, 1)
    await watchers[2]?.leave()
    await until(() => samplers.running === 0)
    const again = readerOf(await handler(live(viewer)))
    await again.next()
    assert.deepStrictEqual(samplers, { running: 1, begun: 2 })
    await again.leave()
    await until(() => samplers.running === 0)
    await dispose()
    await other.dispose()
  })

  it("come once a second at most, though there are more", async () => {
    const { dispose, handler } = serve()
    const watcher = readerOf(await handler(live(viewer)))
    const times: Array<number> = []
    while (times.length < 3) {
      const at = /"at":"([^"]+)"/.exec((await watcher.next()) ?? "")?.[1]
      if (at !== undefined) times.push(Date.parse(at))
    }
    // The source has one each 10 ms.
    assert.isAtLeast((times[2] ?? 0) - (times[1] ?? 0), 500)
    await watcher.leave()
    await dispose()
  })

  it("end when the client is gone", async () => {
    const { dispose, handler, samplers } = serve()
    const controller = new AbortController()
    const watcher = readerOf(await handler(live(viewer, { signal: controller.signal })))
    await watcher.next()
    controller.abort()
    await until(() => samplers.running === 0)
    await dispose()
  })

  it("end with the session they were opened in", async () => {
    const { dispose, handler, samplers } = serve()
    const cookie = await signIn(handler, "viewer")
    const watcher = readerOf(await handler(live({ cookie })))
    await watcher.next()
    await handler(requestOf("/api/v1/session", { method: "DELETE", headers: { ...writing, cookie } }))
    while ((await watcher.next()) !== undefined);
    await until(() => samplers.running === 0)
    await dispose()
  })

  it("end with what serves them", async () => {
    const { dispose, handler, samplers } = serve()
    const watcher = readerOf(await handler(live(viewer)))
    await watcher.next()
    await dispose()
    while ((await watcher.next()) !== undefined);
    await until(() => samplers.running === 0)
  })

  it("are for a number of watchers, and a place that is free again is given again", async () => {
    const { dispose, handler, samplers } = serve({ maxWatchers: 2 })
    const watchers = [readerOf(await handler(live(viewer))), readerOf(await handler(live(viewer)))]
    for (const each of watchers) await each.next()
    const { body, status } = await problemOf(await handler(live(viewer)))
    assert.strictEqual(status, 503)
    assert.include(body.detail, "close another page")
    await watchers[0]?.leave()
    await until(() => samplers.running === 1)
    let third = await handler(live(viewer))
    while (third.status === 503) third = await handler(live(viewer))
    const reader = readerOf(third)
    assert.isString(await reader.next())
    await reader.leave()
    await watchers[1]?.leave()
    await dispose()
  })

  it("that nobody reads take no place", async () => {
    const { dispose, handler, samplers } = serve({ maxWatchers: 1 })
    for (let time = 0; time < 3; time++) {
      const answer = await handler(live(viewer, { method: "HEAD" }))
      assert.strictEqual(answer.status, 200)
    }
    const watcher = readerOf(await handler(live(viewer)))
    assert.isString(await watcher.next())
    await watcher.leave()
    await until(() => samplers.running === 0)
    await dispose()
  })
})

/** What PostgreSQL does not have can be told before it is asked. */
import { assert, describe, it } from "@effect/vitest"
import { asUser, problemOf, requestOf, secrets, serve, writing } from "../support/adminRequests.ts"

const headers = asUser(secrets.admin)

describe("what the database does not have", () => {
  it.each([
    "/dead-letters?consumer=%00",
    "/dead-letters?eventName=%00",
    "/dead-letters?errorTag=a%00b",
    "/audit?who=%00",
    "/audit?target=%00",
    "/audit?since=-271821-04-20T00:00:00.000Z",
    "/events?until=-271821-04-20T00:00:00.000Z",
    "/events?since=%2B275760-09-13T00:00:00.000Z",
    "/statistics?from=0000-12-31T00:00:00.000Z&to=2026-01-01"
  ])("is refused in %s", async (path) => {
    const { calls, dispose, handler } = serve()
    const { body, status } = await problemOf(await handler(requestOf(`/api/v1${path}`, { headers })))
    assert.strictEqual(status, 400, JSON.stringify(body))
    assert.match(body.detail, /U\+0000|years 1 to 9999/)
    assert.lengthOf(calls, 0)
    await dispose()
  })

  it.each([
    { filter: { consumer: "a\u0000b" } },
    { filter: {}, reason: "\ud800" },
    { filter: {}, cutOff: "+275760-09-13T00:00:00.000Z" }
  ])("is refused in the body %j", async (asked) => {
    const { calls, dispose, handler } = serve()
    const body = JSON.stringify({ kind: "requeue", ...asked })
    const request = requestOf("/api/v1/operations", { method: "POST", body, headers: { ...writing, ...headers } })
    assert.strictEqual((await handler(request)).status, 400)
    assert.lengthOf(calls, 0)
    await dispose()
  })
})

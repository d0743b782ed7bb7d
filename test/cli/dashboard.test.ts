/** `dashboard` as a process: what it serves, whom it takes one for, when it does not begin, and how it ends. */
import { userInfo } from "node:os"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { afterAll, assert, beforeAll, describe, inject, it } from "vitest"
import { run } from "../support/commandLine.ts"
import { asBrowser, installProgram, loadedBy } from "../support/dashboards.ts"
import { clientFor, uniqueSchema } from "../support/databases.ts"
import { fakeAdmin, serveAdmin } from "../support/scriptedAdmin.ts"

const timeout = 30_000

const schema = uniqueSchema()

const token = "the-right-token-0123"

const { admin, calls } = fakeAdmin()

let served: Awaited<ReturnType<typeof serveAdmin>>

let process: string

beforeAll(async () => {
  served = await serveAdmin(admin, token)
  process = served.url.replace(/\/$/, "")
  await run(["migrate", "--schema", schema], { env: { DATABASE_URL: inject("postgresUrl") } })
}, timeout)

afterAll(async () => {
  await served.close()
  await Effect.runPromise(
    SqlClient.SqlClient.use((sql) => sql`DROP SCHEMA ${sql(schema)} CASCADE`).pipe(Effect.provide(clientFor("public")))
  )
})

const urlIn = (out: string) => /^The dashboard is at (http:\/\/\S+)$/m.exec(out)?.[1] ?? ""

const json = async (answer: Response) => JSON.parse(await answer.text())

/** Serves until it was looked at, and is ended by a signal. */
const looking = (
  given: ReadonlyArray<string>,
  look: (url: string) => Promise<void>,
  { env = {}, signal = "SIGINT" }: { readonly env?: Record<string, string>; readonly signal?: NodeJS.Signals } = {}
) =>
  run(["dashboard", "--port", "0", ...given], {
    env,
    node: installProgram(),
    interruptAt: /\n/,
    before: async (out) => {
      await look(urlIn(out))
      return signal
    }
  })

describe("over a database", { timeout }, () => {
  it.each(["SIGINT", "SIGTERM"] as const)("shows the page and answers it, until %s", async (signal) => {
    let seen = ""
    const look = async (url: string) => {
      seen = url
      assert.match(url, /^http:\/\/127\.0\.0\.1:\d+$/)
      const page = await fetch(`${url}/events/1`, { headers: asBrowser })
      for (const each of loadedBy(await page.text(), page.url)) assert.strictEqual((await fetch(each)).status, 200)
      const session = await json(await fetch(`${url}/api/v1/session`))
      assert.deepStrictEqual([session.name, session.role], [userInfo().username, "admin"])
      assert.strictEqual((await json(await fetch(`${url}/api/v1/overview`))).store, "postgresql")
      assert.strictEqual((await fetch(`${url}/metrics`)).status, 404)
      // Somebody still watches when it ends.
      const live = await fetch(`${url}/api/v1/live`)
      await live.body?.getReader().read()
    }
    const env = { DATABASE_URL: inject("postgresUrl") }
    const ended = await looking(["--schema", schema], look, { env, signal })
    assert.deepStrictEqual(ended, { code: 130, out: `The dashboard is at ${seen}\n`, err: "" })
    await fetch(seen).then(
      () => assert.fail("it still listens"),
      () => undefined
    )
  })

  it("notes in the audit who has started it", async () => {
    const look = async (url: string) => {
      const headers = { "content-type": "application/json", "x-effect-integration": "1", origin: url }
      const body = JSON.stringify({ value: 7, reason: "a try" })
      const answer = await fetch(`${url}/api/v1/settings/maxAttempts`, { method: "PUT", headers, body })
      assert.strictEqual(answer.status, 200, await answer.text())
      const [entry] = (await json(await fetch(`${url}/api/v1/audit`))).items
      assert.strictEqual(entry.who, userInfo().username)
    }
    const ended = await looking(["--url", inject("postgresUrl"), "--schema", schema], look)
    assert.strictEqual(ended.code, 130)
  })

  it("says that its tables are not there", async () => {
    const given = ["dashboard", "--port", "0", "--url", inject("postgresUrl"), "--schema", uniqueSchema()]
    const { code, err, out } = await run(given, { node: installProgram() })
    assert.deepStrictEqual([code, err], [2, ""])
    assert.match(out, /^The tables are at version 0/)
  })
})

describe("over a process", { timeout }, () => {
  it("asks it with the rights of the token, and says so", async () => {
    const look = async (url: string) => {
      assert.strictEqual((await fetch(`${url}/`, { headers: asBrowser })).status, 200)
      const remote = await json(
        await fetch(`${process}/api/v1/session`, { headers: { authorization: `Bearer ${token}` } })
      )
      assert.deepStrictEqual(await json(await fetch(`${url}/api/v1/session`)), remote)
      const overview = await json(await fetch(`${url}/api/v1/overview`))
      assert.lengthOf(overview.consumers, 3)
      const headers = { "content-type": "application/json", "x-effect-integration": "1" }
      const paused = await fetch(`${url}/api/v1/consumers/crm.mail/pause`, { method: "POST", headers, body: "{}" })
      assert.strictEqual(paused.status, 200)
      assert.strictEqual(calls.at(-1)?.[0], "consumers.pause")
      assert.notInclude(await (await fetch(`${url}/`)).text(), token)
    }
    const ended = await looking(["--url", process], look, { env: { EFFECT_INTEGRATION_TOKEN: token } })
    assert.strictEqual(ended.code, 130)
    assert.include(ended.err, `of the process at ${process}, as `)
    assert.notInclude(ended.out + ended.err, token)
  })

  it("does not begin where nobody knows the token, or nothing answers", async () => {
    const ask = (...given: ReadonlyArray<string>) =>
      run(["dashboard", "--port", "0", ...given], { node: installProgram() })
    const wrong = await ask("--url", process, "--token", "the-wrong-token-0123")
    assert.deepStrictEqual([wrong.code, wrong.out], [1, ""])
    assert.include(wrong.err, "Give --token, or set EFFECT_INTEGRATION_TOKEN.")
    const nothing = await ask("--url", "http://127.0.0.1:9/ops")
    assert.deepStrictEqual([nothing.code, nothing.out], [1, ""])
    assert.include(nothing.err, "http://127.0.0.1:9/ops did not answer")
  })
})

describe("does not begin", { timeout }, () => {
  const refused = async (given: ReadonlyArray<string>, isBuilt = true) => {
    const { code, err, out } = await run(["dashboard", "--url", process, "--token", token, ...given], {
      node: installProgram(isBuilt)
    })
    assert.deepStrictEqual([code, out], [1, ""])
    return err
  }

  it("where others would reach it", async () => {
    for (const host of ["0.0.0.0", "::", "192.0.2.1", "ops.example"]) {
      assert.match(await refused(["--host", host]), /can be reached from other machines.*docs\/dashboard\.md/)
    }
  })

  it("on a port that is taken, or is none", async () => {
    const { port } = new URL(process)
    assert.include(await refused(["--port", port]), "Another program listens there")
    assert.include(await refused(["--port", "65536"]), "a whole number from 0 to 65535")
  })

  it("without its page", async () => {
    assert.match(await refused(["--port", "0"], false), /page is not in .*npm run build/)
  })
})

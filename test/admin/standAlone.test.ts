/** A server of its own: where it listens, whom it answers, and what slow and large requests get. */
import { connect } from "node:net"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted, Stream } from "effect"
import { Admin, AdminServer, type ListenOptions } from "../../src/admin.ts"
import { asUser, secrets, tokens, writing } from "../support/adminRequests.ts"
import { makeFakeAdmin } from "../support/hostileAdmin.ts"

const serverOf = (options: Partial<ListenOptions> = {}, fake = makeFakeAdmin()) =>
  AdminServer.layer({ port: 0, ...options }).pipe(Layer.provide(Layer.succeed(Admin, fake.admin)))

/** What a socket gets for bytes that no client would send. */
const raw = (port: number, text: string) =>
  Effect.callback<string>((resume) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(text))
    let got = ""
    socket.on("data", (data) => {
      got += data.toString()
    })
    socket.on("error", () => {})
    socket.on("close", () => resume(Effect.succeed(got)))
    return Effect.sync(() => socket.destroy())
  })

const request = (url: string, init: RequestInit = {}) => Effect.promise(() => fetch(url, init))

const statusOf = (got: string) => Number(/^HTTP\/1\.1 (\d+)/.exec(got)?.[1])

describe("a server of its own", () => {
  it.live("listens on this machine only, at a free port, and wants nobody to sign in there", () =>
    Effect.gen(function* () {
      const { host, port, url } = yield* AdminServer
      assert.strictEqual(host, "127.0.0.1")
      assert.strictEqual(url, `http://127.0.0.1:${port}`)
      assert.strictEqual((yield* request(`${url}/api/v1/overview`)).status, 200)
      const session = yield* request(`${url}/api/v1/session`)
      assert.strictEqual(JSON.parse(yield* Effect.promise(() => session.text())).role, "admin")
    }).pipe(Effect.provide(serverOf()))
  )

  it.live("answers no other name that leads to it, nor its own with another port", () =>
    Effect.gen(function* () {
      const { port } = yield* AdminServer
      const ask = (host: string) =>
        Effect.map(raw(port, `GET /api/v1/overview HTTP/1.1\r\n${host}connection: close\r\n\r\n`), statusOf)
      for (const name of ["localhost", "127.0.0.1", "[::1]", "LOCALHOST"]) {
        assert.strictEqual(yield* ask(`host: ${name}:${port}\r\n`), 200)
      }
      for (const host of ["evil.example", `evil.example:${port}`, `localhost:${port + 1}`, "localhost"]) {
        assert.strictEqual(yield* ask(`host: ${host}\r\n`), 403, host)
      }
      assert.strictEqual(yield* ask(""), 400)
      assert.include([400, 403], yield* ask(`host: localhost:${port}\r\nhost: evil.example\r\n`))
      const absolute = `GET http://localhost:${port}/api/v1/overview HTTP/1.1\r\nhost: evil.example\r\nconnection: close\r\n\r\n`
      assert.strictEqual(statusOf(yield* raw(port, absolute)), 403)
      const forwarded = `GET /api/v1/overview HTTP/1.1\r\nhost: evil.example\r\nx-forwarded-host: localhost:${port}\r\nconnection: close\r\n\r\n`
      assert.strictEqual(statusOf(yield* raw(port, forwarded)), 403)
    }).pipe(Effect.provide(serverOf()))
  )

  it.live("does not start where others reach it unless it is said who may come in", () =>
    Effect.gen(function* () {
      for (const auth of [undefined, "open", {}, { tokens: [] }] as const) {
        for (const host of ["0.0.0.0", "::", "192.0.2.1", "ops.example", ""]) {
          const error = yield* Effect.flip(Effect.scoped(Layer.build(serverOf({ host, auth }))))
          assert.strictEqual(error._tag, "AdminUnprotected", `${host} ${JSON.stringify(auth)}`)
          assert.match(error.message, /without auth.*tokens.*authenticate/s)
        }
      }
    })
  )

  it.live("does not start open where auth was given, with nothing in it, or misspelt", () =>
    Effect.gen(function* () {
      const refused = (options: object) => Effect.flip(Effect.scoped(Layer.build(serverOf(options))))
      assert.strictEqual((yield* refused({ auth: { tokens: [] } }))._tag, "InvalidOption")
      assert.strictEqual((yield* refused({ auth: {} }))._tag, "InvalidOption")
      assert.include((yield* refused({ auth: { token: [] } })).message, "Did you mean tokens?")
      assert.include((yield* refused({ auht: { tokens } })).message, "Did you mean auth?")
      assert.include(
        (yield* refused({ auth: { tokens }, redacted: ["customer"] })).message,
        "redacted is not supported"
      )
    })
  )

  it.live("starts there with tokens, and lets nobody in without", () =>
    Effect.gen(function* () {
      const { port } = yield* AdminServer
      const url = `http://127.0.0.1:${port}/api/v1/overview`
      assert.strictEqual((yield* request(url)).status, 401)
      assert.strictEqual((yield* request(url, { headers: asUser(secrets.viewer) })).status, 200)
    }).pipe(Effect.provide(serverOf({ host: "0.0.0.0", auth: { tokens } })))
  )

  it.live("says so when the port is taken", () =>
    Effect.gen(function* () {
      const { port } = yield* AdminServer
      const error = yield* Effect.flip(Effect.scoped(Layer.build(Layer.fresh(serverOf({ port })))))
      assert.strictEqual(error._tag, "AdminNotListening")
      assert.include(error.message, "Another program listens there")
    }).pipe(Effect.provide(serverOf()))
  )

  it.live("ends what it streams when it ends, and listens no more", () =>
    Effect.gen(function* () {
      const fake = makeFakeAdmin()
      const { ended, url } = yield* Effect.scoped(
        Effect.gen(function* () {
          const { url } = (yield* Layer.build(serverOf({}, fake))).mapUnsafe.get("effect-integration/AdminServer") as {
            readonly url: string
          }
          const answer = yield* request(`${url}/api/v1/live`)
          const reader = answer.body?.getReader()
          yield* Effect.promise(async () => reader?.read())
          const ended = (async () => {
            while ((await reader?.read())?.done === false);
            return "ended"
          })()
          return { ended, url }
        })
      )
      assert.strictEqual(yield* Effect.promise(() => ended), "ended")
      assert.strictEqual(fake.samplers.running, 0)
      assert.isTrue(
        yield* Effect.promise(() =>
          fetch(url).then(
            () => false,
            () => true
          )
        )
      )
    })
  )

  it.live("is what Admin.layerHttp talks to: the same answers, problems and figures", () =>
    Effect.gen(function* () {
      const { url } = yield* AdminServer
      const remote = yield* Layer.build(Admin.layerHttp({ url, token: Redacted.make(secrets.operator) }))
      yield* Effect.gen(function* () {
        const admin = yield* Admin
        assert.strictEqual((yield* admin.overview).store, "memory")
        assert.strictEqual((yield* admin.consumers.get("finance/billing")).consumer, "<script>alert(1)</script>")
        assert.strictEqual((yield* admin.operations.start({ kind: "requeue", filter: {} })).kind, "requeue")
        const tags = yield* Effect.all([
          Effect.flip(admin.consumers.get("nobody")),
          Effect.flip(admin.operations.start({ kind: "discard", filter: {} })),
          Effect.flip(admin.events.find({ limit: 1, payload: ["customer.email=x"] }))
        ])
        assert.deepStrictEqual(
          tags.map(({ _tag }) => _tag),
          ["NotFound", "Forbidden", "Forbidden"]
        )
        const figures = yield* Stream.runCollect(Stream.take(admin.live, 1))
        assert.lengthOf(figures, 1)
      }).pipe(Effect.provide(remote))
    }).pipe(Effect.scoped, Effect.provide(serverOf({ basePath: "/ops", auth: { tokens }, redact: ["customer"] })))
  )
})

describe("a large request", () => {
  const send = (url: string, method: string, size: number, chunked = false) => {
    const body = JSON.stringify({ payload: "x".repeat(size), attemptCount: 1, gaveUpAt: "2026-01-01T00:00:00.000Z" })
    const stream = new ReadableStream({
      start: (controller) => {
        controller.enqueue(new TextEncoder().encode(body))
        controller.close()
      }
    })
    const init = {
      method,
      headers: { ...writing, ...asUser(secrets.admin) },
      body: chunked ? stream : body,
      duplex: "half"
    }
    return request(url, init as RequestInit)
  }

  it.live("is refused before it is read, or when too much of it was there", () =>
    Effect.gen(function* () {
      const { url } = yield* AdminServer
      const edit = `${url}/api/v1/dead-letters/1`
      assert.strictEqual((yield* send(edit, "PATCH", 8_000_000)).status, 200)
      assert.strictEqual((yield* send(edit, "PATCH", 8_500_000)).status, 400)
      for (const chunked of [false, true]) {
        assert.strictEqual((yield* send(edit, "PATCH", 9_500_000, chunked)).status, 413)
        const answer = yield* send(`${url}/api/v1/operations`, "POST", 1_100_000, chunked)
        assert.strictEqual(answer.status, 413)
        assert.strictEqual(answer.headers.get("content-type"), "application/problem+json")
      }
    }).pipe(Effect.provide(serverOf({ auth: { tokens } })))
  )

  it.live("is not read of somebody whom nobody knows", () =>
    Effect.gen(function* () {
      const { port } = yield* AdminServer
      const head = `POST /api/v1/operations HTTP/1.1\r\nhost: localhost:${port}\r\ncontent-type: application/json\r\nx-effect-integration: 1\r\ncontent-length: 100000000\r\nconnection: close\r\n\r\n{`
      const got = yield* Effect.race(raw(port, head), Effect.as(Effect.sleep("20 seconds"), "nothing"))
      assert.strictEqual(statusOf(got), 401)
    }).pipe(Effect.provide(serverOf({ auth: { tokens } })))
  )

  it.live("of headers is refused by Node", () =>
    Effect.gen(function* () {
      const { port } = yield* AdminServer
      const head = `GET /api/v1/overview HTTP/1.1\r\nhost: localhost:${port}\r\nx: ${"x".repeat(20_000)}\r\n\r\n`
      assert.strictEqual(statusOf(yield* raw(port, head)), 431)
    }).pipe(Effect.provide(serverOf()))
  )
})

describe("a slow request", () => {
  it.live(
    "is ended, and holds up nobody meanwhile",
    () =>
      Effect.gen(function* () {
        const { port, url } = yield* AdminServer
        const host = `host: localhost:${port}\r\n`
        const slow = [
          `GET /api/v1/overview HTTP/1.1\r\n${host}`,
          `POST /api/v1/operations HTTP/1.1\r\n${host}content-type: application/json\r\nx-effect-integration: 1\r\ncontent-length: 10\r\n\r\n{`
        ]
        const all = Array.from({ length: 20 }, () => slow).flat()
        const [got] = yield* Effect.all(
          [
            Effect.all(
              all.map((text) => raw(port, text)),
              { concurrency: "unbounded" }
            ),
            Effect.map(Effect.delay(request(`${url}/api/v1/overview`), "1 second"), ({ status }) =>
              assert.strictEqual(status, 200)
            )
          ],
          { concurrency: "unbounded" }
        )
        assert.deepStrictEqual([...new Set(got.map(statusOf))], [408])
      }).pipe(Effect.provide(serverOf())),
    60_000
  )
})

/** `Integration.run`: how programs start, why they do not, and how they end. */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { inject } from "vitest"
import { OutboxStore, Processor, Publisher } from "../../src/index.ts"
import { Counted } from "../processes/program.ts"
import { start } from "../support/children.ts"
import { inSchema } from "../support/databases.ts"
import { startPostgres } from "../support/postgres.ts"
import { until } from "../support/scenario.ts"

const nobody = "postgres://app:secret@127.0.0.1:1/shop"

it.live("a signal lets running handlers finish, and the exit code is 0", () =>
  inSchema(Effect.void, (env) =>
    Effect.gen(function* () {
      const child = yield* start("launched", env)
      yield* child.message("started")
      const { id } = yield* Publisher.publish(Counted, { n: 1 })
      yield* child.message("begun")
      yield* child.signal("SIGTERM")
      yield* child.message("done")
      assert.strictEqual(yield* child.exit, 0)
      assert.strictEqual((yield* OutboxStore.use((outbox) => outbox.findById(id)))?.status, "processed")
      assert.include(child.output().join("\n"), "SIGTERM: finishing what runs.")
      // Nobody is left to wait for.
      yield* Processor.use((processor) => processor.settled(id))
    })
  )
)

it.live.each([
  [
    "nobody listens",
    (): string => nobody,
    'PostgreSQL cannot be reached at 127.0.0.1:1, database "shop", as "app": connect ECONNREFUSED 127.0.0.1:1. Is it running, and do host and port of the PgClient lead there?'
  ],
  [
    "there is no such database",
    (): string => inject("postgresUrl").replace(/\/[^/]*$/, "/nothing"),
    'database "nothing" does not exist. Nothing was tried again, as this does not pass by itself'
  ],
  [
    "it is another kind of database",
    (): string => "mysql://app@127.0.0.1/shop",
    'Unsupported connection URL protocol: "mysql:"'
  ]
] as const)("a start that fails since %s says so in one line, and the exit code is 1", ([, url, expected]) =>
  Effect.gen(function* () {
    // What does not pass is told at once, however long somebody would wait.
    const child = yield* start("launched", { TEST_URL: url(), TEST_WAIT: url() === nobody ? "0 millis" : "1 hour" })
    assert.strictEqual(yield* child.exit, 1)
    const [line, ...others] = child.output()
    assert.isEmpty(others)
    assert.strictEqual(child.errors(), "")
    assert.include(line, `This program ends: StoreError: connect: PostgreSQL cannot be reached at `)
    assert.include(line, expected)
    assert.notInclude(line, "ecret")
  }).pipe(Effect.scoped)
)

it.live("a url that is plain text is named as such, and not told", () =>
  Effect.gen(function* () {
    const child = yield* start("launched", { TEST_URL: nobody, TEST_PLAIN: "yes" })
    assert.strictEqual(yield* child.exit, 1)
    const [line, ...others] = child.output()
    assert.isEmpty(others)
    assert.match(
      line ?? "",
      /This program ends: url or password of PgClient\.layer is a plain string, or Redacted of another copy of effect\. Give Redacted\.make\(url\)\.$/
    )
  }).pipe(Effect.scoped)
)

it.live("a program that is not told to end, or cannot be closed, ends with 1, and says why", () =>
  inSchema(Effect.void, (env) =>
    Effect.gen(function* () {
      const gone = yield* start("launched", { ...env, TEST_PART: "interrupted" })
      assert.strictEqual(yield* gone.exit, 1)
      assert.include(gone.output().join("\n"), "This program ends:")
      const stuck = yield* start("launched", { ...env, TEST_PART: "unclosable" })
      yield* stuck.message("started")
      yield* stuck.signal("SIGTERM")
      // The same one, passed on once more.
      yield* stuck.signal("SIGINT")
      assert.strictEqual(yield* stuck.exit, 1)
      assert.match(stuck.output().join("\n"), /This program ends: .*it does not close/)
    })
  )
)

it.live(
  "a database that starts a moment later is waited for",
  () =>
    Effect.gen(function* () {
      const server = yield* Effect.acquireRelease(
        Effect.promise(() => startPostgres({ fsync: false })),
        ({ stop }) => Effect.promise(stop)
      )
      yield* Effect.promise(() => server.down("stop"))
      const child = yield* start("launched", { TEST_URL: server.url, TEST_WAIT: "60 seconds" })
      const [line] = yield* until(Effect.sync(child.output), (lines) => lines.length > 0)
      assert.include(line, "Trying again for 1m.")
      yield* Effect.promise(server.up)
      yield* child.message("started")
      yield* child.signal("SIGINT")
      assert.strictEqual(yield* child.exit, 0)
    }).pipe(Effect.scoped),
  60_000
)

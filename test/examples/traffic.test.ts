/** The demo with traffic: what there is to be seen, and to be mended, on each store; and that nothing of it stays behind. */
import { type ChildProcess, spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, it } from "@effect/vitest"
import { Effect, Exit, Schedule } from "effect"
import { SqlClient } from "effect/sql"
import { inject } from "vitest"
import { outage, PaymentProvider } from "../../examples/demo/traffic/provider.ts"
import { Admin } from "../../src/admin/Admin.ts"
import { clientFor, uniqueSchema } from "../support/databases.ts"

const main = fileURLToPath(new URL("../../examples/demo/main.ts", import.meta.url))

/** Two starts of the demo, on a machine that has other things to do. */
const timeout = 240_000

interface Demo {
  readonly child: ChildProcess
  readonly output: () => string
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string | null>
}

const start = (env: Record<string, string>, ...flags: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync((): Demo => {
      const child = spawn(process.execPath, [main, ...flags], {
        env: { ...process.env, ...env },
        stdio: ["ignore", "pipe", "pipe"]
      })
      let output = ""
      const read = (data: Buffer) => {
        output += data
      }
      child.stdout.on("data", read)
      child.stderr.on("data", read)
      const ended = new Promise<number | string | null>((resolve) =>
        child.once("close", (code, signal) => resolve(code ?? signal))
      )
      return { child, output: () => output, ended }
    }),
    ({ child }) => Effect.sync(() => child.kill("SIGKILL"))
  )

class NotYet extends Error {}

/** Asks again until it is so, or the process has ended. */
const until = <A, E, R>({ child, output }: Demo, ask: Effect.Effect<A, E, R>, isSo: (answer: A) => boolean) =>
  ask.pipe(
    Effect.flatMap((answer) =>
      isSo(answer) ? Effect.succeed(answer) : Effect.fail(new NotYet(JSON.stringify(answer)))
    ),
    Effect.retry({ schedule: Schedule.spaced("200 millis"), while: () => child.exitCode === null }),
    Effect.mapError((error) => new Error(`${error}\n${output()}`))
  )

const address = (demo: Demo) =>
  Effect.map(
    until(
      demo,
      Effect.sync(() => /http:\/\/127\.0\.0\.1:\d+/.exec(demo.output())?.[0]),
      (url) => url !== undefined
    ),
    (url) => url ?? ""
  )

/** Adds the address to the payload of a letter that could not be sent: requeued, it is. */
const mendLetter = Effect.fnUntraced(function* (demo: Demo) {
  const { deadLetters, events } = yield* Admin
  const first = Effect.map(deadLetters.list({ consumer: "crm.letters" }), ({ items }) => items[0])
  const letter = yield* until(demo, first, (found) => found !== undefined)
  const deliveryId = letter?.deliveryId ?? ""
  const { attemptCount, gaveUpAt, payload } = yield* deadLetters.get(deliveryId)
  const edited = JSON.stringify({ ...JSON.parse(payload ?? ""), billingAddress: "Lisbon" })
  yield* deadLetters.edit(deliveryId, { payload: edited, attemptCount, gaveUpAt })
  yield* until(demo, events.get(letter?.eventId ?? ""), ({ deliveries }) =>
    deliveries.some((delivery) => delivery.deliveryId === deliveryId && delivery.status === "processed")
  )
})

const scenario = Effect.fnUntraced(function* (env: Record<string, string>, signal: NodeJS.Signals) {
  const demo = yield* start(env, "--traffic", "--api", "--port", "0")
  const url = yield* address(demo)
  const seen = Effect.gen(function* () {
    const admin = yield* Admin
    const consumers = Effect.map(admin.consumers.list, (all) => new Map(all.map((each) => [each.consumer, each])))
    yield* until(demo, consumers, (all) => {
      const depth = (consumer: string) => all.get(consumer)?.depth
      return (
        (depth("finance.payments")?.deadLetters ?? 0) >= outage.payments &&
        (depth("operations.warehouse")?.parked ?? 0) > 0 &&
        (depth("crm.reports")?.ready ?? 0) > 0 &&
        (all.get("crm.newsletter")?.pausedAt ?? null) !== null &&
        (depth("crm.newsletter")?.ready ?? 0) > 0 &&
        all.get("finance.credit-checks")?.servedBy.length === 0
      )
    })
    const versions = (yield* admin.contracts).filter(({ eventName }) => eventName === "invoice.issued")
    assert.deepStrictEqual(
      versions.map(({ version }) => version),
      [1, 2]
    )
    const issued = yield* until(
      demo,
      admin.events.find({ name: ["invoice.issued"], consumer: "operations.fulfilment", limit: 200 }),
      ({ found }) => found.some(({ schemaVersion }) => schemaVersion === 1)
    )
    const first = issued.found.find(({ schemaVersion }) => schemaVersion === 1)?.id ?? ""
    const received = yield* admin.events.received(first, { consumer: "operations.fulfilment" })
    assert.deepStrictEqual([received.state, received.receivedVersion], ["upcast", 2])
    assert.match(received.payload ?? "", /"cents":\d+,"currency":"EUR"/)
    yield* mendLetter(demo)
  })
  yield* Effect.provide(seen, Admin.layerHttp({ url }))
  demo.child.kill(signal)
  assert.strictEqual(yield* Effect.promise(() => demo.ended), 0, demo.output())
  assert.isTrue(Exit.isFailure(yield* Effect.exit(Effect.tryPromise(() => fetch(url)))))
})

it.live(
  "in memory, traffic shows what fails and why, and Ctrl-C ends it",
  () => scenario({ DEMO_STORE: "memory" }, "SIGINT").pipe(Effect.scoped),
  timeout
)

it.live(
  "on PGlite too",
  () =>
    Effect.gen(function* () {
      const directory = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "effect-integration-traffic-"))),
        (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
      )
      yield* scenario({ DATABASE_URL: "", DEMO_DATA: join(directory, "data") }, "SIGTERM")
    }).pipe(Effect.scoped),
  timeout
)

it.live(
  "on PostgreSQL too, and again on what is there",
  () => {
    const schema = uniqueSchema()
    return Effect.gen(function* () {
      yield* Effect.addFinalizer(() =>
        SqlClient.SqlClient.use((sql) => Effect.orDie(sql`DROP SCHEMA IF EXISTS ${sql(schema)} CASCADE`))
      )
      const env = { DATABASE_URL: inject("postgresUrl"), DEMO_SCHEMA: schema }
      yield* scenario(env, "SIGTERM")
      yield* scenario(env, "SIGINT")
    }).pipe(Effect.scoped, Effect.provide(clientFor("public")))
  },
  timeout
)

it.live("a port that is taken is said in a sentence, and a flag that is misspelt with what there is", () =>
  Effect.gen(function* () {
    const port = yield* Effect.callback<number>((resume) => {
      const server = createServer().listen(0, "127.0.0.1", () => {
        const at = server.address()
        resume(Effect.succeed(typeof at === "object" && at !== null ? at.port : 0))
      })
      server.unref()
    })
    const taken = yield* start({ DEMO_STORE: "memory" }, "--dashboard", "--api", "--port", String(port))
    assert.strictEqual(yield* Effect.promise(() => taken.ended), 1)
    assert.include(taken.output(), "Another program listens there: give another port, or 0 for a free one.")
    const misspelt = yield* start({ DEMO_STORE: "memory" }, "--trafic")
    assert.strictEqual(yield* Effect.promise(() => misspelt.ended), 2)
    assert.include(misspelt.output(), "npm run demo -- [--traffic | --dashboard] [--api] [--port N]")
  }).pipe(Effect.scoped)
)

it.live("the payment provider is down at first, and then takes what it refused", () =>
  Effect.gen(function* () {
    const provider = yield* PaymentProvider
    const capture = (attempt: number) => provider.capture({ key: "00000001", customer: "C-1001", amount: 12, attempt })
    for (let payment = 1; payment <= outage.payments; payment++) {
      for (let attempt = 1; attempt <= outage.attempts; attempt++) {
        assert.strictEqual((yield* Effect.flip(capture(attempt)))._tag, "PaymentProviderDown")
      }
    }
    yield* capture(1)
  }).pipe(Effect.provide(PaymentProvider.layer))
)

/** The demo of the README: it ends with the same numbers however it was interrupted. */
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { inject } from "vitest"
import { clientFor, uniqueSchema } from "../support/databases.ts"

const main = fileURLToPath(new URL("../../examples/demo/main.ts", import.meta.url))

const final = `
events      30 (29 processed, 1 dead letter, 0 pending)
deliveries  13 processed, 1 dead letter
tasks       9 open, 2 cancelled
links       11
balances    acme 2200, globex 2999, newcomer 500
dead letter INV-08: AmountNotAllowed: an amount of -1 cannot be processed

Look at it in the dashboard: npm run demo -- --dashboard
With three modules at work:  npm run demo -- --traffic
`

/** Runs the demo; kills it when it has printed `killAt`. Returns what it printed. */
const run = (env: Record<string, string>, killAt?: string) =>
  Effect.callback<{ readonly output: string; readonly signal: string | null }>((resume) => {
    const child = spawn(process.execPath, [main], {
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"]
    })
    let output = ""
    const read = (data: Buffer) => {
      output += data
      if (killAt !== undefined && output.includes(killAt)) child.kill("SIGKILL")
    }
    child.stdout.on("data", read)
    child.stderr.on("data", read)
    child.once("close", (_, signal) => resume(Effect.succeed({ output, signal })))
    return Effect.sync(() => child.kill("SIGKILL"))
  })

/** Four starts of the demo, on a machine that has other things to do. */
const timeout = 180_000

const scenario = (env: Record<string, string>) =>
  Effect.gen(function* () {
    const killed = yield* run(env, "invoice INV-09 created")
    assert.strictEqual(killed.signal, "SIGKILL")
    assert.notInclude(killed.output, "events ")
    const continued = yield* run(env)
    assert.include(continued.output, "invoice INV-01 is there already")
    assert.include(continued.output, "invoice INV-12 created")
    assert.isTrue(continued.output.endsWith(final), continued.output)
    const again = yield* run(env)
    assert.include(again.output, "invoice INV-12 is there already")
    assert.isTrue(again.output.endsWith(final), again.output)
  })

it.live(
  "on PGlite, killed in the middle and started again, the demo ends as one that was not",
  () =>
    Effect.gen(function* () {
      const directory = yield* Effect.acquireRelease(
        Effect.sync(() => mkdtempSync(join(tmpdir(), "effect-integration-demo-"))),
        (path) => Effect.sync(() => rmSync(path, { recursive: true, force: true }))
      )
      const uninterrupted = yield* run({ DATABASE_URL: "", DEMO_DATA: join(directory, "whole") })
      assert.isTrue(uninterrupted.output.endsWith(final), uninterrupted.output)
      yield* scenario({ DATABASE_URL: "", DEMO_DATA: join(directory, "killed") })
    }).pipe(Effect.scoped),
  timeout
)

it.live("in memory it ends with the same numbers", () =>
  Effect.gen(function* () {
    const { output } = yield* run({ DEMO_STORE: "memory" })
    assert.isTrue(output.endsWith(final), output)
  })
)

it.live(
  "on PostgreSQL too",
  () => {
    const schema = uniqueSchema()
    return Effect.gen(function* () {
      yield* Effect.addFinalizer(() =>
        SqlClient.SqlClient.use((sql) => Effect.orDie(sql`DROP SCHEMA IF EXISTS ${sql(schema)} CASCADE`))
      )
      yield* scenario({ DATABASE_URL: inject("postgresUrl"), DEMO_SCHEMA: schema })
    }).pipe(Effect.scoped, Effect.provide(clientFor("public")))
  },
  timeout
)

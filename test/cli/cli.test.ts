/** The command line, as its users start it: a process of its own, with an exit code. */
import { execFile } from "node:child_process"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Client } from "pg"
import { assert, describe, inject, it } from "vitest"
import { commandOf } from "../../src/cli/command.ts"
import { clientFor, uniqueSchema } from "../support/databases.ts"

const program = fileURLToPath(new URL("../../src/cli/main.ts", import.meta.url))

interface Ended {
  readonly code: number
  readonly out: string
  readonly err: string
}

const run = (...given: ReadonlyArray<string>) =>
  new Promise<Ended>((resolve) => {
    const env = { ...process.env, DATABASE_URL: inject("postgresUrl") }
    execFile(process.execPath, [program, ...given], { env }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err })
    )
  })

const drop = (schema: string) =>
  Effect.runPromise(
    SqlClient.SqlClient.use((sql) => sql`DROP SCHEMA ${sql(schema)} CASCADE`).pipe(Effect.provide(clientFor("public")))
  )

describe("migrations", () => {
  it("are told, run, and told again", async () => {
    const schema = uniqueSchema()
    const before = await run("status", "--schema", schema)
    assert.strictEqual(before.code, 1)
    assert.match(before.out, /^The tables are at version 0, this code needs \d+\. Pending: 0001_events, .*\.\n$/)
    const ran = await run("migrate", "--schema", schema)
    assert.deepStrictEqual([ran.code, ran.err], [0, ""])
    assert.match(ran.out, /^Ran 0001_events, .*\.\n$/)
    assert.deepStrictEqual(await run("migrate", "--schema", schema), {
      code: 0,
      out: "Nothing was pending.\n",
      err: ""
    })
    const after = await run("status", "--schema", schema)
    assert.strictEqual(after.code, 0)
    assert.match(after.out, /Nothing is pending\.\n$/)
    await drop(schema)
  })

  it("are a script that runs as it is written", async () => {
    const schema = uniqueSchema()
    const { code, out } = await run("sql", "--schema", schema)
    assert.strictEqual(code, 0)
    const client = new Client({ connectionString: inject("postgresUrl") })
    await client.connect()
    await client.query(out)
    await client.end()
    assert.strictEqual((await run("status", "--schema", schema)).code, 0)
    await drop(schema)
  })
})

describe("what cannot be done ends with 1 and a sentence", () => {
  it.each([
    [
      "a server that is not there",
      ["migrate", "--url", "postgres://app:secret@127.0.0.1:1/shop", "--wait", "0"],
      /^StoreError: connect: PostgreSQL cannot be reached at 127\.0\.0\.1:1, database "shop", as "app": connect ECONNREFUSED 127\.0\.0\.1:1\. Is it running, and do host and port of the PgClient lead there\?\n$/
    ],
    [
      "a url that is none",
      ["status", "--url", "nonsense", "--wait", "0"],
      /^StoreError: connect: PostgreSQL cannot be reached at .*: Invalid URL\. .*\n$/
    ],
    [
      "a version that there is none of",
      ["sql", "--from", "99"],
      /^InvalidOption: Option from of Migrations\.sql is 99, expected an integer from 0 to \d+\.\n$/
    ]
  ])("%s", async (_, given, expected) => {
    const { code, err, out } = await run(...given)
    assert.deepStrictEqual([code, out], [1, ""])
    assert.match(err, expected)
    assert.notInclude(err, "secret")
  })
})

it("help and version are told", async () => {
  const help = await run("--help")
  assert.deepStrictEqual([help.code, help.err], [0, ""])
  assert.include(help.out, "effect-integration <command> [options]")
  assert.match((await run("--version")).out, /^\d+\.\d+\.\d+\n$/)
})

it("what is not understood ends with 2, and is told with the usage", async () => {
  const { code, err, out } = await run("migrat")
  assert.deepStrictEqual([code, out], [2, ""])
  assert.match(err, /^There is no command "migrat"\.\n\neffect-integration <command> \[options\]\n/)
})

describe("arguments", () => {
  const problemOf = (given: ReadonlyArray<string>, url?: string) => {
    const command = commandOf(given, { DATABASE_URL: url })
    return command.name === "refused" ? command.problem : command
  }

  it.each([
    [[], "Which command?"],
    [["status"], "Which database? Give --url, or set DATABASE_URL."],
    [["status", "now", "--url", "x"], 'What is "now"? status takes options only.'],
    [["sql", "--url", "x"], "sql has no option --url."],
    [["sql", "--from", "one"], '--from takes a version, not "one".'],
    [["migrate", "--url", "x", "--wait", "-1"], /--wait/],
    [["migrate", "--ulr", "x"], /^Unknown option '--ulr'/]
  ])("%j", (given, expected) => {
    const problem = problemOf(given)
    if (typeof expected === "string") assert.strictEqual(problem, expected)
    else assert.match(String(problem), expected)
  })

  it("what is given comes before the environment", () => {
    assert.deepStrictEqual(problemOf(["status"], "env"), { name: "status", url: "env", wait: 30 })
    assert.deepStrictEqual(problemOf(["migrate", "--url", "x", "--schema", "s", "--wait", "5"], "env"), {
      name: "migrate",
      url: "x",
      schema: "s",
      wait: 5
    })
  })
})

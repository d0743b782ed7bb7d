/** The command line as a process: pipes, signals, what cannot be done, and the tables of a database. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { Effect, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { Client } from "pg"
import { afterAll, assert, beforeAll, describe, inject, it } from "vitest"
import type { Setting } from "../../src/admin/model/consumers.ts"
import { DomainEvent, Integration, Publisher, SubscriptionStore } from "../../src/index.ts"
import { environmentName } from "../../src/settings/definitions.ts"
import { run, runHere } from "../support/commandLine.ts"
import { clientFor, uniqueSchema } from "../support/databases.ts"
import { fakeAdmin, serveAdmin } from "../support/scriptedAdmin.ts"

const timeout = 180_000

const onDatabase = (...given: ReadonlyArray<string>) => runHere(["--url", inject("postgresUrl"), ...given])

const Happened = DomainEvent.define("happened", {
  sourceModule: "tests",
  aggregateType: "Thing",
  aggregateId: ({ id }) => id,
  payload: Schema.Struct({ id: Schema.String })
})

const drop = (schema: string) =>
  Effect.runPromise(
    SqlClient.SqlClient.use((sql) => sql`DROP SCHEMA ${sql(schema)} CASCADE`).pipe(Effect.provide(clientFor("public")))
  )

describe("migrations", { timeout }, () => {
  it("are told, run, and told again", async () => {
    const schema = uniqueSchema()
    const before = await onDatabase("migrate", "--check", "--schema", schema)
    assert.strictEqual(before.code, 2)
    assert.match(
      before.out,
      /^The tables are at version 0, this code needs \d+\. Pending: 0001_events, .*\. Run: .*\n$/
    )
    assert.match(before.out, new RegExp(` migrate --url '?postgres\\S+ --schema ${schema}\\n$`))
    // What needs them says so, instead of looking at tables that are not there.
    const status = await onDatabase("status", "--schema", schema, "--json")
    assert.strictEqual(status.code, 2)
    assert.strictEqual(JSON.parse(status.out).overview, null)
    assert.isNotEmpty(JSON.parse(status.out).migrations.pending)
    const ran = await run(["migrate", "--schema", schema], { env: { DATABASE_URL: inject("postgresUrl") } })
    assert.deepStrictEqual([ran.code, ran.err], [0, ""])
    assert.match(ran.out, /^Ran 0001_events, .*\.\n$/)
    assert.deepStrictEqual(await onDatabase("migrate", "--schema", schema), {
      code: 0,
      out: "Nothing was pending.\n",
      err: ""
    })
    const after = await onDatabase("migrate", "--check", "--schema", schema)
    assert.strictEqual(after.code, 0)
    assert.match(after.out, /Nothing is pending\.\n$/)
    const pruned = await onDatabase("prune", "--older-than", "30d", "--schema", schema, "--yes", "--json")
    assert.deepStrictEqual([pruned.code, JSON.parse(pruned.out)], [0, { removed: 0 }])
    await drop(schema)
  })

  it("what was settled is removed, on the tables of a schema that is named", async () => {
    const schema = uniqueSchema()
    await onDatabase("migrate", "--schema", schema)
    const publish = Effect.forEach(["a", "b", "c"], (id) => Publisher.publish(Happened, { id }))
    await Effect.runPromise(
      publish.pipe(
        Effect.provide(Integration.layer({ schema, migrate: false, settings: { processorEnabled: false } })),
        Effect.provide(clientFor("public"))
      )
    )
    const kept = await onDatabase("prune", "--older-than", "1h", "--schema", schema, "--yes")
    assert.deepStrictEqual([kept.code, kept.out], [0, "Removed 0 events.\n"])
    const none = await onDatabase("prune", "--older-than", "1h", "--schema", schema)
    assert.deepStrictEqual([none.code, none.out], [0, "There is nothing to remove: no event is as you said.\n"])
    const dry = await onDatabase("prune", "--older-than", "0s", "--schema", schema, "--dry-run")
    assert.deepStrictEqual([dry.code, dry.out], [0, "This would remove 3 events.\n"])
    const figures = await onDatabase("prune", "--older-than", "0s", "--schema", schema, "--dry-run", "--json")
    assert.deepStrictEqual(JSON.parse(figures.out), { count: 3, looked: 3, isExact: true })
    const asked = await onDatabase("prune", "--older-than", "0s", "--schema", schema)
    assert.strictEqual(asked.code, 1)
    assert.include(
      asked.err,
      "Add --yes if the answer is yes to: Remove 3 events, with their deliveries and history? They were settled more than 0 ms ago."
    )
    const removed = await onDatabase("prune", "--older-than", "0s", "--schema", schema, "--yes")
    assert.deepStrictEqual([removed.code, removed.out], [0, "Removed 3 events.\n"])
    await drop(schema)
  })

  it("are a script that runs as it is written", async () => {
    const schema = uniqueSchema()
    const { code, out } = await runHere(["migrate", "sql", "--schema", schema])
    assert.strictEqual(code, 0)
    assert.strictEqual((await runHere(["sql", "--schema", schema])).out, out)
    const client = new Client({ connectionString: inject("postgresUrl") })
    await client.connect()
    await client.query(out)
    await client.end()
    assert.strictEqual((await onDatabase("migrate", "--check", "--schema", schema)).code, 0)
    await drop(schema)
  })
})

it("a consumer or a setting that is misspelt is named with the one that was meant, over a database", {
  timeout
}, async () => {
  const schema = uniqueSchema()
  await onDatabase("migrate", "--schema", schema)
  const subscribe = Effect.provide(
    SubscriptionStore.use((store) =>
      store.register([{ consumer: "crm.mail", event: "happened", priority: 0, ordering: "none" }])
    ),
    Integration.layer({ schema, migrate: false, settings: { processorEnabled: false } })
  )
  await Effect.runPromise(Effect.provide(subscribe, clientFor("public")))
  const here = (given: string) => onDatabase(...given.split(" "), "--schema", schema)
  for (const given of [
    "requeue --consumer crm.mial",
    "discard --consumer crm.mial --yes",
    "discard --consumer crm.mial --dry-run"
  ]) {
    const { code, err, out } = await here(`dead-letters ${given}`)
    assert.deepStrictEqual([code, out], [1, ""])
    assert.match(err, /^There is no consumer "crm\.mial"\. Did you mean "crm\.mail"\?/)
  }
  assert.deepStrictEqual(await here("dead-letters discard --consumer crm.mail --yes"), {
    code: 0,
    out: "There is nothing to discard: no dead letter is as you said.\n",
    err: ""
  })
  for (const given of ["set maxAttemps 3", "unset maxAttemps", "history maxAttemps"]) {
    const { code, err, out } = await here(`settings ${given}`)
    assert.deepStrictEqual([code, out], [1, ""])
    assert.match(err, /^There is no setting "maxAttemps"\. Did you mean maxAttempts\?/)
  }
  const refusals = [
    ["events find --payload x", /^--payload is x, expected /],
    ["events find --after x", /^--after is x, expected /],
    ["dead-letters list --error x", /^--error is x, expected the fingerprint of a group of errors\.\n$/],
    ["dead-letters requeue x y --yes", /^The id of a delivery is x, expected /],
    ["settings set maxAttempts 0", /^core\.integration\.outbox\.maxAttempts is 0, expected /],
    [
      "consumers pause nobody",
      /^There is no consumer "nobody"\. Consumers exist from the first registration of a subscriber on\.\n$/
    ]
  ] as const
  for (const [given, expected] of refusals) {
    const { code, err, out } = await here(given)
    assert.deepStrictEqual([code, out], [1, ""])
    assert.match(err, expected)
  }
  await drop(schema)
})

it("whoever looks over a database is no process of the application: no row, and none of its options", {
  timeout
}, async () => {
  const schema = uniqueSchema()
  await onDatabase("migrate", "--schema", schema)
  const list = ["settings", "list", "--json", "--url", inject("postgresUrl"), "--schema", schema]
  const env = { [environmentName("maxAttempts")]: "9", [environmentName("retentionHours")]: "24" }
  const sourcesOf = async () => {
    const settings: ReadonlyArray<Setting> = JSON.parse((await run(list, { env })).out)
    return settings.filter(({ source }) => source !== "default").map(({ key, source, value }) => [key, source, value])
  }
  assert.deepStrictEqual(await sourcesOf(), [])
  await onDatabase("settings", "set", "maxAttempts", "7", "--schema", schema)
  assert.deepStrictEqual(await sourcesOf(), [["core.integration.outbox.maxAttempts", "stored", 7]])
  const told = await onDatabase("settings", "--schema", schema)
  assert.include(told.err, "Options and the environment of processes are not seen here")
  const looked = ["status", "doctor", "consumers list", "errors list", "dead-letters requeue --all --yes"]
  for (const given of looked) await onDatabase(...given.split(" "), "--schema", schema)
  const replicas = await Effect.runPromise(
    Effect.provide(
      SqlClient.SqlClient.use((sql) => sql`SELECT id FROM ${sql(`${schema}.integration_replica`)}`),
      clientFor("public")
    )
  )
  assert.deepStrictEqual(replicas, [])
  await drop(schema)
})

describe("what cannot be done ends with 1 and a sentence that says what to do", { timeout }, () => {
  it.each([
    [
      "a server that is not there",
      ["migrate", "--url", "postgres://app:secret@127.0.0.1:1/shop", "--wait", "0"],
      /^PostgreSQL cannot be reached at 127\.0\.0\.1:1, database "shop", as "app": connect ECONNREFUSED 127\.0\.0\.1:1\. Is it running, and is this where --url or DATABASE_URL is to lead\?\n$/
    ],
    [
      "a server that is waited for, which is told once",
      ["errors", "--url", "postgres://app:secret@127.0.0.1:1/shop", "--wait", "1"],
      /^The database does not answer yet\. Trying again for 1s\.\nPostgreSQL cannot be reached at 127\.0\.0\.1:1, [^\n]* is to lead\?\n$/
    ],
    [
      "a database that there is none of",
      ["status", "--url", `${new URL("/missing", inject("postgresUrl"))}`],
      /^PostgreSQL cannot be reached at [^\n]*, database "missing", as [^\n]*: database "missing" does not exist\. Create it, or give another with --url or DATABASE_URL\.\n$/
    ],
    [
      "a user that there is none of",
      ["errors", "--url", inject("postgresUrl").replace(/\/\/[^@]*@/, "//nobody:secret@")],
      /^PostgreSQL cannot be reached at [^\n]*: role "nobody" does not exist\. Give the right user and password with --url or DATABASE_URL, or see in pg_hba\.conf what the server allows\.\n$/
    ],
    [
      "tables that there are none of",
      ["errors", "--url", inject("postgresUrl"), "--schema", "nowhere"],
      /^The integration tables are at version 0, this version needs \d+\. Run: npx effect-integration migrate --url \S+ --schema nowhere\n$/
    ],
    ["no url", ["status"], /^Which database, or which process\? Give --url, or set DATABASE_URL: .*\.\n$/],
    [
      "a url of something else",
      ["doctor", "--url", "mysql://app:secret@host/shop"],
      /^--url, or DATABASE_URL, is not understood/
    ],
    [
      "a process, for what needs a database",
      ["migrate", "--url", "http://localhost:1"],
      /^migrate works on the database itself/
    ],
    [
      "a process that is not there",
      ["errors", "list", "--url", "http://127.0.0.1:1"],
      /^http:\/\/127\.0\.0\.1:1 did not answer as an effect-integration administration does: .*Is the process running/
    ],
    [
      "a version that there is none of",
      ["sql", "--from", "99"],
      /^--from is 99, expected an integer from 0 to \d+\.\n$/
    ],
    ["no age", ["prune", "--url", "postgres://localhost/x"], /^How old\? Give --older-than/],
    [
      "a setting that is none",
      ["settings", "set", "a", "many", "--url", "http://127.0.0.1:1"],
      /^A setting is a number, or true or false, not "many"\.\n$/
    ]
  ])("%s", async (_, given, expected) => {
    const { code, err, out } = await runHere(given)
    assert.deepStrictEqual([code, out], [1, ""])
    assert.match(err, expected)
    assert.notInclude(err, "secret")
    assert.notMatch(err, /^ {4}at /m)
  })
})

describe("what is not understood ends with 1, and the nearest is named", { timeout }, () => {
  it.each([
    [
      "statsu",
      /^Unknown subcommand "statsu" for "effect-integration"\. Did you mean status\?\n\nUsage: effect-integration <subcommand> \[flags\]\nHelp: {2}effect-integration --help\n$/
    ],
    ["events fnid", /^Unknown subcommand "fnid" for "effect-integration events"\. Did you mean find\?/],
    ["status --wach", /^Unrecognized flag: --wach in command effect-integration status\. Did you mean --watch\?/],
    ["events show", /^Missing required argument: id\./],
    [
      "events find --since soon",
      /^Invalid value for flag --since: "soon"\. Expected: a time as 2026-11-27T14:00Z, or how long ago, as 15m, 2h or 7d\./
    ],
    ["events find --limit 1000", /a whole number from 1 to 200, not 1000/],
    ["links Invoice", /an entity as module\/Type\/id, for example finance\/Invoice\/42/],
    ["dead-letters requeue --canary 3 --all", /--canary: "3"/],
    [
      "dead-letters discard --canary 5 --all --dry-run",
      /^Unrecognized flag: --canary in command effect-integration dead-letters discard\./
    ]
  ])("%s", async (given, expected) => {
    const { code, err, out } = await runHere(given.split(" "))
    assert.deepStrictEqual([code, out], [1, ""])
    assert.match(err, expected)
  })
})

describe("over a running process", { timeout }, () => {
  const { admin } = fakeAdmin()
  let served: Awaited<ReturnType<typeof serveAdmin>>

  beforeAll(async () => {
    served = await serveAdmin(admin, "the-right-token-0123")
  })
  afterAll(() => served.close())

  it("a token comes from the option or the environment; a wrong one is refused with a hint", async () => {
    const right = await run(["errors", "list", "--url", served.url], {
      env: { EFFECT_INTEGRATION_TOKEN: "the-right-token-0123" }
    })
    assert.deepStrictEqual([right.code, right.err], [0, ""])
    const wrong = await runHere(["errors", "list", "--url", served.url, "--token", "wrong"])
    assert.deepStrictEqual(wrong, {
      code: 1,
      out: "",
      err: "Nobody knows this token.\nGive --token, or set EFFECT_INTEGRATION_TOKEN.\n"
    })
  })

  const here = (...given: ReadonlyArray<string>) =>
    runHere(["--url", served.url, "--token", "the-right-token-0123", ...given])

  it("commands that are suggested lead to the same place, and show no token or password", async () => {
    const here = ["--url", served.url, "--schema", "a b", "--token", "the-right-token-0123"]
    assert.strictEqual(
      (await runHere(["errors", "show", "77", ...here])).err,
      `Say that its cause is gone: npx effect-integration errors resolve 77 --url ${served.url} --schema 'a b'\n`
    )
    const url = inject("postgresUrl").replace(/\/\/([^:@]*)(:[^@]*)?@/, "//$1:a-secret@")
    const { out } = await run(["migrate", "--check", "--schema", "nowhere", "--url", url], {})
    assert.include(out, " migrate --url ")
    assert.notInclude(out, "a-secret")
    const doctor = await runHere(["doctor", "--json", ...here])
    for (const { command } of JSON.parse(doctor.out).findings) {
      if (command?.startsWith("npx effect-integration ") === true) assert.include(command, ` --url ${served.url} `)
    }
  })

  it("what is not there, and what is refused, is told", async () => {
    assert.deepStrictEqual(await here("events", "show", "nothing"), {
      code: 1,
      out: "",
      err: "There is no event nothing.\n"
    })
    const refused = await here("settings", "set", "maxAttempts", "1000")
    assert.deepStrictEqual([refused.code, refused.err], [1, "maxAttempts is from 1 to 100, not 1000.\n"])
  })

  it("lists say how they go on, or that they are empty, beside the data", async () => {
    const more = await here("dead-letters", "list", "--limit", "1")
    assert.strictEqual(more.err, "There are more: go on with --after cursor-2\n")
    for (const filter of [
      ["--consumer", "nobody"],
      ["--since", "2026-11-27T14:01Z"]
    ]) {
      assert.deepStrictEqual(await here("errors", "list", ...filter), {
        code: 0,
        out: "",
        err: "There are no error groups.\n"
      })
    }
    const over = await here("errors", "show", "77")
    assert.match(over.err, /^Say that its cause is gone: npx effect-integration errors resolve 77\b/)
    assert.include((await here("errors", "--since", "2026-11-27T13:59Z")).out, "crm.mail")
  })

  it("a group by itself lists, with the flags of its list", async () => {
    const [group, list] = [await here("errors", "--open", "--consumer", "x"), await here("errors", "list")]
    assert.deepStrictEqual(group, list)
    assert.deepStrictEqual(await here("consumers"), await here("consumers", "list"))
    assert.match((await here("errors", "shwo")).err, /^Unknown subcommand "shwo" .*Did you mean show\?/)
  })

  it("watching writes a document a line, and ends when it is interrupted", async () => {
    const given = [
      "status",
      "--watch",
      "--every",
      "1s",
      "--json",
      "--url",
      served.url,
      "--token",
      "the-right-token-0123"
    ]
    const { code, out } = await run(given, { interruptAt: /\n.*\n/ })
    assert.strictEqual(code, 130)
    const documents = out.trimEnd().split("\n")
    assert.isAtLeast(documents.length, 2)
    for (const each of documents) assert.strictEqual(JSON.parse(each).overview.consumers.length, 3)
  })

  it("contracts are written to a file, compared, and found to differ", async () => {
    const folder = mkdtempSync(join(tmpdir(), "contracts-"))
    const file = join(folder, "contracts.json")
    try {
      assert.strictEqual((await here("contracts", "check", file)).code, 2)
      const written = await here("contracts", "update", file)
      assert.deepStrictEqual([written.code, written.out], [0, `Wrote 1 version of events to ${file}.\n`])
      const document = JSON.parse(readFileSync(file, "utf8"))
      assert.strictEqual(document.contracts[0].eventName, "invoice.created")
      // Yesterday's payload had a field that is not there any more.
      const [contract] = document.contracts
      const earlier = {
        ...contract,
        jsonSchema: {
          ...contract.jsonSchema,
          properties: { invoiceId: { type: "string" }, amount: { type: "number" } },
          required: ["invoiceId", "amount"]
        },
        golden: [{ invoiceId: "1", amount: 1 }]
      }
      writeFileSync(file, JSON.stringify({ contracts: [earlier, { ...contract, eventName: "order.placed" }] }))
      const checked = await here("contracts", "check", file)
      assert.strictEqual(checked.code, 2)
      assert.match(checked.out, /invoice\.created version 1 at amount: /)
      assert.match(checked.out, /order\.placed version 1 is in the file, and no process has registered it\./)
      const kept = await here("contracts", "update", file, "--json")
      assert.deepStrictEqual([kept.code, JSON.parse(kept.out).written], [2, false])
      const forced = await here("contracts", "update", file, "--force")
      assert.strictEqual(forced.code, 0)
      const now = JSON.parse(readFileSync(file, "utf8")).contracts
      assert.deepStrictEqual(now[0].golden, [{ invoiceId: "1", amount: 1 }])
      assert.strictEqual(now[1].eventName, "order.placed")
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe("operations are followed to their end, which is the exit code", { timeout }, () => {
  it.each([
    ["finished", 0, /finished: 1,204 of 1,204 requeued, 1,204 settled, 0 failed again, 0 open\n$/],
    ["failed-again", 2, /finished: 1,204 of 1,204 requeued, 1,200 settled, 4 failed again, 0 open\n$/],
    ["canary-failed", 1, /canary failed: 5 of 1,204 requeued, 0 settled, 5 failed again, 0 open\n$/]
  ] as const)("%s", async (course, code, expected) => {
    const { close, url } = await serveAdmin(fakeAdmin(course).admin)
    try {
      const ended = await runHere(["dead-letters", "requeue", "--consumer", "crm.mail", "--yes", "--url", url])
      assert.match(ended.out, expected)
      assert.strictEqual(ended.code, code)
      const lines = await runHere(["operations", "watch", "operation-1", "--json", "--url", url])
      assert.strictEqual(JSON.parse(lines.out.trimEnd().split("\n").at(-1) ?? "").total, 1204)
    } finally {
      await close()
    }
  })
})

it("help and version are told by the process", { timeout }, async () => {
  const [help, version] = await Promise.all([run(["--help"]), run(["--version"])])
  assert.deepStrictEqual([help.code, help.err], [0, ""])
  assert.include(help.out, "effect-integration <subcommand> [flags]")
  assert.match(version.out, /^\d+\.\d+\.\d+\n$/)
})

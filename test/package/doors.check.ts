/**
 * One scenario through every door, each a program of a user of that door, with the packed package on PostgreSQL: publish in a
 * transaction, handle once, link, fail and try again, give up, crash and go on.
 */
import { execFile, execFileSync } from "node:child_process"
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import pg from "pg"
import { assert, beforeAll, inject, it } from "vitest"
import { environment } from "./environment.ts"

const repository = join(import.meta.dirname, "../..")

const doors = join(import.meta.dirname, "doors")

/** Packages of an application's own, in the versions that this repository has. */
const own = ["pg", "reflect-metadata", "rxjs", "zod"]

const nest11 = "11.2.10"

const versions: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(join(repository, "package.json"), "utf8")
).devDependencies

const install = (directory: string, ...packages: ReadonlyArray<string>) =>
  execFileSync("npm", ["install", "--prefer-offline", "--no-audit", "--no-fund", "--loglevel=error", ...packages], {
    cwd: directory,
    stdio: ["ignore", "ignore", "inherit"]
  })

const compilerOptions = {
  target: "es2023",
  module: "nodenext",
  strict: true,
  skipLibCheck: true,
  allowJs: true,
  outDir: "compiled",
  types: ["node"]
}

/** Compiles the sources of some doors, which checks their types, too. */
const compile = (directory: string, files: ReadonlyArray<string>, more: object) => {
  const config = join(directory, "tsconfig.json")
  writeFileSync(config, JSON.stringify({ compilerOptions: { ...compilerOptions, ...more }, files }))
  execFileSync(process.execPath, [join(repository, "node_modules/typescript/bin/tsc"), "-p", config], {
    cwd: directory,
    stdio: "inherit"
  })
}

const folder = (name: string) => join(inject("project"), name)

beforeAll(() => {
  const project = inject("project")
  install(project, ...own.map((name) => `${name}@${versions[name]}`), `@types/pg@${versions["@types/pg"]}`)
  for (const [name, type] of [
    ["doors", "module"],
    ["doors11", "commonjs"]
  ] as const) {
    mkdirSync(folder(name))
    cpSync(doors, folder(name), { recursive: true })
    writeFileSync(join(folder(name), "package.json"), JSON.stringify({ name, private: true, type }))
  }
  compile(folder("doors"), ["effect.ts", "decorators.ts"], {})
  const legacy = { experimentalDecorators: true, emitDecoratorMetadata: true, useDefineForClassFields: false }
  compile(folder("doors"), ["nest.ts"], legacy)
  const modules = join(folder("doors11"), "node_modules")
  const versionsOf11 = ["@nestjs/common", "@nestjs/core"].map((name) => `${name}@${nest11}`)
  const peers = ["@effect/sql-pg", "@electric-sql/pglite", "effect", "reflect-metadata", "rxjs"]
  install(folder("doors11"), inject("tarball"), ...versionsOf11, ...peers.map((name) => `${name}@${versions[name]}`))
  assert.isTrue(existsSync(join(modules, "effect-integration")))
  compile(folder("doors11"), ["nest.ts"], legacy)
}, 300_000)

interface Ended {
  readonly code: number
  readonly signal: string | null
  readonly printed: string
}

const play = (directory: string, given: ReadonlyArray<string>, env: Readonly<Record<string, string>>) =>
  new Promise<Ended>((resolve) => {
    const options = { cwd: directory, env: { ...environment(), ...env }, timeout: 60_000 }
    execFile(process.execPath, given, options, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), signal: error?.signal ?? null, printed: out + err })
    )
  })

/** Runs a program twice against a schema of its own; returns what is in its tables. */
const outcomes = async (directory: string, program: string) => {
  const schema = `door_${crypto.randomUUID().replaceAll("-", "")}`
  const server = inject("postgresUrl")
  const client = new pg.Client({ connectionString: server })
  await client.connect()
  await client.query(`CREATE SCHEMA ${schema}`)
  await client.query(`SET search_path = ${schema}`)
  const marker = join(directory, schema)
  const env = { DOOR_URL: `${server}?options=${encodeURIComponent(`-c search_path=${schema}`)}`, DOOR_MARKER: marker }
  const first = await play(directory, [program, "first"], env)
  assert.isTrue(existsSync(marker), first.printed)
  const second = await play(directory, [program, "second"], env)
  const rows = async (statement: string) => (await client.query({ text: statement, rowMode: "array" })).rows
  const found = {
    ends: [first.signal, second.code],
    invoices: await rows("SELECT id FROM invoice ORDER BY id"),
    tasks: await rows("SELECT invoice FROM task ORDER BY invoice"),
    links: await rows("SELECT source_entity_id, target_entity_id FROM integration_link ORDER BY 1"),
    events: await rows("SELECT aggregate_id, status FROM outbox_event ORDER BY 1"),
    attempts: await rows(
      "SELECT e.aggregate_id, i.attempt_count FROM inbox_event i JOIN integration_event e ON e.id = i.outbox_event_id ORDER BY 1"
    )
  }
  await client.query(`DROP SCHEMA ${schema} CASCADE`)
  await client.end()
  rmSync(marker)
  return { found, printed: second.printed }
}

const expected = {
  ends: ["SIGKILL", 0],
  invoices: [["broken"], ["fine"], ["flaky"], ["killer"]],
  tasks: [["fine"], ["flaky"], ["killer"]],
  links: [
    ["fine", "fine"],
    ["flaky", "flaky"],
    ["killer", "killer"]
  ],
  events: [
    ["broken", "dead_letter"],
    ["fine", "processed"],
    ["flaky", "processed"],
    ["killer", "processed"]
  ]
}

it.each([
  ["Effect", "doors", "compiled/effect.js"],
  ["decorators", "doors", "compiled/decorators.js"],
  ["promises in plain JavaScript, with a pool of pg and schemas of zod", "doors", "promises.mjs"],
  ["the reference's names", "doors", "services.mjs"],
  ["NestJS 12", "doors", "compiled/nest.js"],
  ["NestJS 11 in CommonJS", "doors11", "compiled/nest.js"]
] as const)("%s", async (_, directory, program) => {
  const { found, printed } = await outcomes(folder(directory), program)
  const { attempts, ...rest } = found
  assert.deepStrictEqual(rest, expected as unknown as typeof rest, printed)
  const of = Object.fromEntries(attempts)
  assert.deepStrictEqual([of.broken, of.fine, of.flaky], [2, 1, 2])
  // The crash counts or not, as it is known by whom it was.
  assert.include([1, 2], of.killer)
})

it("NestJS is the version that is named", () => {
  const versionIn = (directory: string) =>
    JSON.parse(readFileSync(join(directory, "node_modules/@nestjs/core/package.json"), "utf8")).version
  assert.strictEqual(versionIn(folder("doors11")), nest11)
  assert.strictEqual(versionIn(inject("project")), versions["@nestjs/core"])
})

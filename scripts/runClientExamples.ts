/**
 * Checks and runs every file of `examples/clients` as `runExamples.ts` does those above it, each in a database of its own: with the real
 * clients, on a PostgreSQL that lives as long as this does. Run after `npm run build`; given names (`pg`), it runs those.
 */
import { execFileSync } from "node:child_process"
import { copyFileSync, readdirSync, writeFileSync } from "node:fs"
import { basename, join } from "node:path"
import { fileURLToPath } from "node:url"
import { Client } from "pg"
import { startPostgres } from "../test/support/postgres.ts"
import { exampleProject } from "./exampleProject.ts"

const root = fileURLToPath(new URL("../", import.meta.url))

const examples = readdirSync(join(root, "examples/clients"))
  .filter((name) => name.endsWith(".ts"))
  .filter((name) => process.argv.length === 2 || process.argv.includes(basename(name, ".ts")))
  .map((name) => `examples/clients/${name}`)

const clients = ["pg", "postgres", "knex", "kysely", "drizzle-orm", "prisma", "@prisma/client", "@prisma/adapter-pg"]

const project = exampleProject(...clients, "@types/node", "@types/pg")

const runTool = (file: string, ...given: ReadonlyArray<string>) =>
  execFileSync(process.execPath, [join(root, "node_modules", file), ...given], {
    cwd: project.directory,
    stdio: ["ignore", "ignore", "inherit"],
    // Nothing is asked of Prisma's engine, so any program may stand for it.
    env: { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: "1" }
  })

/** A database for each example. */
const databaseOf = (example: string) => `shop_${basename(example, ".ts")}`

const makeDatabases = async (url: string) => {
  const client = new Client({ connectionString: url })
  await client.connect()
  for (const each of examples) await client.query(`CREATE DATABASE ${databaseOf(each)}`)
  await client.end()
}

const compilerOptions = {
  strict: true,
  module: "NodeNext",
  target: "ES2024",
  types: ["node"],
  skipLibCheck: true,
  noEmit: true,
  allowImportingTsExtensions: true
}

const server = await startPostgres({ fsync: false })
try {
  project.add(...examples)
  writeFileSync(join(project.directory, "tsconfig.json"), JSON.stringify({ compilerOptions, include: ["*.ts"] }))
  copyFileSync(join(root, "examples/clients/schema.prisma"), join(project.directory, "schema.prisma"))
  runTool("prisma/build/index.js", "generate", "--no-hints", "--schema", "schema.prisma")
  runTool("typescript/bin/tsc")
  await makeDatabases(server.url)
  const ran = examples.map((each) =>
    project.runs(each, { DATABASE_URL: server.url.replace(/postgres$/, databaseOf(each)) })
  )
  if (!ran.every(Boolean)) process.exitCode = 1
} finally {
  await server.stop()
  project.remove()
}

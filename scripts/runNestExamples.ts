/**
 * Installs the applications of NestJS in `examples/`, and those of other servers (`admin`), with this package as it would be published, compiles them, and runs their tests; those
 * with a database client of their own get a PostgreSQL. Run after `npm run build`; given names (`nestjs-prisma`), it runs those.
 */
import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { startPostgres } from "../test/support/postgres.ts"
import { packInto } from "./packInto.ts"

const root = fileURLToPath(new URL("../", import.meta.url))

const withServer = ["nestjs-prisma", "nestjs-drizzle"]
const given = process.argv.slice(2)
const names = ["admin", "nestjs", "nestjs11", ...withServer].filter(
  (name) => given.length === 0 || given.includes(name)
)
const directories = names.map((name) => join(root, "examples", name))

// Nothing is asked of Prisma's engine, which it would download: any program may stand for it.
const environment = { ...process.env, PRISMA_SCHEMA_ENGINE_BINARY: process.execPath, CHECKPOINT_DISABLE: "1" }

const run = (directory: string, more: Readonly<Record<string, string>>, command: string, ...given: Array<string>) =>
  execFileSync(command, given, { cwd: directory, env: { ...environment, ...more }, stdio: "inherit", timeout: 300_000 })

for (const directory of directories) run(directory, {}, "npm", "ci", "--no-audit", "--no-fund", "--loglevel", "error")
packInto(...directories.map((directory) => join(directory, "node_modules")))
const server = names.some((name) => withServer.includes(name)) ? await startPostgres({ fsync: false }) : undefined
try {
  for (const [index, directory] of directories.entries()) {
    const name = names[index]!
    run(directory, {}, "npm", "run", "--silent", "build")
    run(directory, withServer.includes(name) ? { DATABASE_URL: server!.url } : {}, "npm", "test", "--silent")
    console.log(`ok      examples/${name}`)
  }
} finally {
  await server?.stop()
}

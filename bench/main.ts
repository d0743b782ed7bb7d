/**
 * `npm run bench`: the benchmarks of the README's table in their short form; `npm run bench -- <name> …`: some of them, at
 * length. `--rounds 5` and `--size 20000` change either; `--side here` (also more than once) leaves out other sides. Uses `DATABASE_URL` if set, else starts a PostgreSQL of its own
 * with fsync on.
 */
import { execFileSync } from "node:child_process"
import { existsSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"
import type { Bench } from "./harness/model.ts"

const directory = dirname(fileURLToPath(import.meta.url))

/** Rows of the table, in its order. */
const usual = [
  "publishOne",
  "publishLists",
  "drainNothing",
  "drainRow",
  "drainBatch",
  "wakeUp",
  "wakeUpOther",
  "idle",
  "growth"
]

/** Those that are only run by name. */
const scale = [
  "processes",
  "consumers",
  "deadLetters",
  "oldTransaction",
  "payloads",
  "memory",
  "contention",
  "embedded"
]

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string" }, size: { type: "string" }, side: { type: "string", multiple: true } }
})
const unknown = positionals.filter((name) => ![...usual, ...scale].includes(name))
if (unknown.length > 0) {
  console.error(`There is no benchmark "${unknown[0]}". There are: ${[...usual, ...scale].join(", ")}.`)
  process.exit(2)
}

if (!existsSync(join(directory, "node_modules"))) {
  console.error("Installing what is compared with …")
  execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: directory, stdio: "inherit" })
}

const { measureAll } = await import("./harness/measure.ts")
const names = positionals.length > 0 ? positionals : usual
const benches = new Map<string, Bench>()
for (const name of names) benches.set(name, (await import(`./${name}.ts`)).default)
await measureAll(benches, {
  isLong: positionals.length > 0,
  rounds: values.rounds === undefined ? undefined : Number(values.rounds),
  size: values.size === undefined ? undefined : Number(values.size),
  sides: values.side
})

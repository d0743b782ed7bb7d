/**
 * `npm run bench`: the benchmarks of docs/performance.md in their short form; `npm run bench -- <name> …`: some of them, at
 * length. `--rounds 5` and `--size 20000` change either; `--side here` (also more than once) leaves out other sides;
 * `--profile` writes a profile of what is timed, and names its hottest spots. Uses `DATABASE_URL` if set, else starts a
 * PostgreSQL of its own with fsync on.
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
  "concurrency",
  "publishIn",
  "drainIn",
  "embedded",
  "telemetry",
  "screens",
  "dashboard",
  "statistics"
]

const refuse = (problem: string): never => {
  console.error(problem)
  process.exit(2)
}

/** What was asked for; refuses options there are none of. */
const asked = () => {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        rounds: { type: "string" },
        size: { type: "string" },
        side: { type: "string", multiple: true },
        profile: { type: "boolean" }
      }
    })
  } catch (error) {
    return refuse(`${error instanceof Error ? error.message : error}\nThere are: --rounds, --size, --side, --profile.`)
  }
}

const { positionals, values } = asked()

/** A positive whole number, if one is given. */
const countOf = (option: "rounds" | "size") => {
  const given = values[option]
  if (given === undefined) return undefined
  const count = Number(given)
  return Number.isInteger(count) && count > 0
    ? count
    : refuse(`--${option} takes a positive whole number, not "${given}".`)
}

const [rounds, size] = [countOf("rounds"), countOf("size")]
const unknown = positionals.find((name) => ![...usual, ...scale].includes(name))
if (unknown !== undefined) {
  refuse(`There is no benchmark "${unknown}". There are: ${[...usual, ...scale].join(", ")}.`)
}

if (!existsSync(join(directory, "node_modules"))) {
  console.error("Installing what is compared with …")
  execFileSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { cwd: directory, stdio: "inherit" })
}

if (values.profile === true) process.env.BENCH_PROFILES = join(directory, "profiles")

const { measureAll } = await import("./harness/measure.ts")
const names = positionals.length > 0 ? positionals : usual
const benches = new Map<string, Bench>()
for (const name of names) benches.set(name, (await import(`./${name}.ts`)).default)
const sides = new Set([...benches.values()].flatMap((bench) => bench.sides.map((side) => side.name)))
const stranger = values.side?.find((name) => !sides.has(name))
if (stranger !== undefined) refuse(`There is no side "${stranger}". There are: ${[...sides].join("; ")}.`)
await measureAll(benches, {
  isLong: positionals.length > 0,
  rounds,
  size,
  sides: values.side
})

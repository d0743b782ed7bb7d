/** Runs benchmarks: sides in turns, round by round, each in a process and a database of its own. */
import { fork } from "node:child_process"
import { readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { fileURLToPath } from "node:url"
import { ManagedRuntime } from "effect"
import { type PostgresServer, startPostgres } from "../../test/support/postgres.ts"
import { clientFor, execute } from "./database.ts"
import type { Bench, Measured, Side } from "./model.ts"
import { type Result, table } from "./table.ts"

export interface Options {
  readonly isLong: boolean
  readonly rounds: number | undefined
  readonly size: number | undefined
  /** Names of the sides that are measured; all if undefined. */
  readonly sides: ReadonlyArray<string> | undefined
}

interface Told {
  readonly measured: Measured
  readonly peakMegabytes: number
}

const patienceMillis = 900_000

const inChild = (bench: string, side: string, url: string, size: number) =>
  new Promise<Told>((resolve, reject) => {
    const path = fileURLToPath(new URL("./child.ts", import.meta.url))
    const child = fork(path, [bench, side, url, String(size)], { stdio: ["ignore", "ignore", "inherit", "ipc"] })
    const timer = setTimeout(() => child.kill("SIGKILL"), patienceMillis)
    let told: Told | undefined
    child.on("message", (message) => {
      told = message as Told
    })
    child.once("exit", (code) => {
      clearTimeout(timer)
      if (told === undefined) reject(new Error(`${bench}, ${side}: ended with exit code ${code}`))
      else resolve(told)
    })
  })

/** A server, and databases on it. */
const openServer = async () => {
  const given = process.env.DATABASE_URL
  const own: PostgresServer | undefined = given ? undefined : await startPostgres({ fsync: true })
  const url = given || (own?.url ?? "")
  const runtime = ManagedRuntime.make(clientFor(url))
  if (own !== undefined) {
    const [row] = (await execute(runtime, "SELECT pg_backend_pid() AS pid")) as ReadonlyArray<{ pid: number }>
    const parent = readFileSync(`/proc/${row?.pid}/stat`, "utf8").split(") ").pop()?.split(" ")[1]
    if (parent !== undefined) process.env.BENCH_SERVER_PID = parent
  }
  const [version] = (await execute(runtime, "SHOW server_version")) as ReadonlyArray<{ server_version: string }>
  let count = 0
  const inDatabase = async <A>(body: (url: string) => Promise<A>) => {
    const name = `bench_${process.pid}_${count++}`
    await execute(runtime, `CREATE DATABASE ${name}`)
    const target = new URL(url)
    target.pathname = `/${name}`
    try {
      return await body(target.href)
    } finally {
      await execute(runtime, `DROP DATABASE ${name} WITH (FORCE)`)
    }
  }
  /** Without visits of autovacuum, which are transactions too, where the server is ours. */
  const undisturbed = async (body: () => Promise<unknown>) => {
    if (own === undefined) return body()
    const change = async (setting: string) => {
      await execute(runtime, `ALTER SYSTEM ${setting}`)
      await execute(runtime, "SELECT pg_reload_conf()")
    }
    await change("SET autovacuum = off")
    return body().finally(() => change("RESET autovacuum"))
  }
  const close = async () => {
    await runtime.dispose()
    await own?.stop()
  }
  return { version: version?.server_version ?? "?", inDatabase, undisturbed, close }
}

const versions = () => {
  const require = createRequire(import.meta.url)
  const of = (name: string) => {
    const path = require.resolve.paths(name)?.map((folder) => `${folder}/${name}/package.json`) ?? []
    for (const file of path) {
      try {
        return `${name} ${JSON.parse(readFileSync(file, "utf8")).version}`
      } catch {}
    }
    return name
  }
  return ["effect", "pg-boss", "graphile-worker"].map(of).join(", ")
}

export const measureAll = async (benches: ReadonlyMap<string, Bench>, options: Options) => {
  const server = await openServer()
  try {
    const date = new Date().toISOString().slice(0, 10)
    console.log(`${date}: PostgreSQL ${server.version}, Node ${process.version}, ${versions()}\n`)
    const results: Array<Result> = []
    for (const [name, bench] of benches) {
      const rounds = options.rounds ?? bench.rounds ?? (options.isLong ? 5 : 3)
      const size = options.size ?? (options.isLong ? bench.size.long : bench.size.short)
      const sides = bench.sides.filter((side) => options.sides?.includes(side.name) ?? true)
      const measured = new Map<Side, Array<Told>>(sides.map((side) => [side, []]))
      const one = async (side: Side, round: number) => {
        process.stderr.write(`${name}: round ${round} of ${rounds}, ${side.name}\n`)
        const told = await server.inDatabase((url) => inChild(name, side.name, url, Math.min(size, side.size ?? size)))
        measured.get(side)?.push(told)
      }
      for (let round = 1; round <= rounds; round++) {
        if (bench.isConcurrent === true)
          await server.undisturbed(() => Promise.all(sides.map((side) => one(side, round))))
        else for (const side of sides) await one(side, round)
      }
      results.push({
        bench,
        size,
        sides: sides.map((side) => ({ side, told: measured.get(side) ?? [] }))
      })
    }
    console.log(table(results))
  } finally {
    await server.close()
  }
}

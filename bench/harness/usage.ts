/** CPU time of this process, and of a PostgreSQL server on this machine (Linux only). */
import { readFileSync } from "node:fs"
import type { Run, Usage } from "./model.ts"
import type { Storage } from "./storage.ts"

const ticksPerSecond = 100

/** CPU seconds of a process; `withEnded`: and of its children that have ended. */
const secondsOf = (pid: number | string, withEnded: boolean) => {
  try {
    // The name, in parentheses, may hold anything; utime is the 14th field.
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ").pop()?.split(" ") ?? []
    const ticks = fields.slice(11, withEnded ? 15 : 13).reduce((sum, field) => sum + Number(field), 0)
    return ticks / ticksPerSecond
  } catch {
    return 0
  }
}

const serverSeconds = (): number | undefined => {
  const postmaster = process.env.BENCH_SERVER_PID
  if (postmaster === undefined) return undefined
  try {
    const children = readFileSync(`/proc/${postmaster}/task/${postmaster}/children`, "utf8").trim().split(" ")
    return children.reduce((sum, pid) => sum + secondsOf(pid, false), secondsOf(postmaster, true))
  } catch {
    return undefined
  }
}

const now = (): Pick<Usage, "client" | "server"> => {
  const { system, user } = process.cpuUsage()
  return { client: (system + user) / 1e6, server: serverSeconds() }
}

/** Times work in a database. */
export const timedIn =
  (storage: Storage): Run["timed"] =>
  async (work) => {
    const written = await storage.written()
    const before = now()
    const began = performance.now()
    await work()
    const seconds = (performance.now() - began) / 1000
    const { client, server } = now()
    return {
      seconds,
      usage: {
        client: client - before.client,
        server: server === undefined || before.server === undefined ? undefined : server - before.server,
        log: (await storage.written()) - written,
        kept: await storage.kept()
      }
    }
  }

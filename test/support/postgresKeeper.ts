/**
 * Runs a PostgreSQL server until standard input closes, then removes its directory: started by `postgres.ts`, so that
 * a killed test run leaves nothing behind.
 */
import { spawn } from "node:child_process"
import { rmSync, statSync } from "node:fs"

const [directory = "", command = "", ...flags] = process.argv.slice(2)
const { gid, uid } = statSync(directory)
const as = process.getuid?.() === 0 ? { uid, gid } : {}
const server = spawn(command, flags, { ...as, cwd: directory, stdio: ["ignore", "ignore", "inherit"] })
const stop = () => server.kill("SIGINT")

process.stdin.resume()
process.stdin.once("end", stop)
process.stdin.once("error", stop)
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop)
// Whoever read the server's log may be gone.
process.stderr.on("error", () => {})

server.once("exit", (code) => {
  rmSync(directory, { recursive: true, force: true })
  process.exit(code ?? 1)
})

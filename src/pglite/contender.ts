/**
 * One contender's claim to a directory: its file, its view of the others, and the heartbeat that shows it lives. What
 * the claims are for, and who gets the lock, is in `directoryLock.ts`.
 *
 * @internal
 */
import { randomUUID } from "node:crypto"
import * as Fs from "node:fs"
import { hostname } from "node:os"
import { join } from "node:path"
import { Worker } from "node:worker_threads"
import { Data, Effect } from "effect"

/** The folder inside a locked directory that belongs to this package. */
export const folderName = ".effect-integration"

/** The files of the lock cannot be read or written. */
export class LockUnusable extends Data.TaggedError("LockUnusable")<{ readonly cause: unknown }> {}

/** How the lock measures time, in milliseconds. */
export interface Timing {
  /** How often the owner shows contenders on other hosts that it lives. */
  readonly beat: number
  /** From which age on the claim of a process that cannot be looked at (on another host) is that of a dead one. */
  readonly stale: number
  /** From which age on a claim that cannot be read was abandoned half-written. */
  readonly garbage: number
  /** How long to wait for contenders that neither own the lock nor go away. */
  readonly contenderLimit: number
}

/** A living process, other than this contender, that has or wants the lock. */
export interface Rival extends Holder {
  readonly token: string
  readonly isOwner: boolean
  /** Modification time of its claim. */
  readonly beatAt: number
}

/** What a claim says about the process that wrote it. */
interface Holder {
  readonly pid: number
  /** When the process started, in clock ticks since boot; undefined where the system does not say. */
  readonly startedAt: string | undefined
  /** The host, boot and process namespace in which `pid` means something. */
  readonly place: string
  readonly host: string
}

/** This contender's claim: its file, its view of the others, and its heartbeat. */
export class Contender {
  token = ""
  readonly timing: Timing
  readonly #folder: string
  #isWritten = false
  /** How far the file system's clock is ahead of this process's, in milliseconds. */
  #clockSkew = 0
  #stopBeating: (() => void) | undefined

  constructor(folder: string, timing: Timing) {
    this.#folder = folder
    this.timing = timing
    Fs.mkdirSync(folder, { recursive: true })
  }

  /** Living contenders. Claims of dead ones are removed. */
  rivals(): ReadonlyArray<Rival> {
    const names = Fs.readdirSync(this.#folder)
    return names.flatMap((name) => {
      const token = name.endsWith(".claim") ? name.slice(0, -".claim".length) : undefined
      if (token === undefined || token === this.token) return []
      const rival = this.#read(token)
      if (rival === undefined) return []
      if (this.#isAlive(rival)) return [rival]
      this.#remove(token)
      return []
    })
  }

  /**
   * Called when there are no rivals. Writes the claim if that is still to be done: then the others have to be listed
   * once more, and the answer is false. Otherwise this contender owns the lock, and the answer is true.
   */
  tryOwn(): boolean {
    if (!this.#isWritten) {
      this.#write()
      return false
    }
    Fs.writeFileSync(this.#path(this.token, "owner"), "")
    // A process stopped just here for longer than `stale` may have been taken for dead by another host.
    if (!Fs.existsSync(this.#path(this.token, "claim"))) {
      this.withdraw()
      return false
    }
    this.#stopBeating = startBeating(this.#path(this.token, "claim"), this.timing.beat)
    return true
  }

  withdraw(): void {
    if (this.#isWritten) this.#remove(this.token)
    this.#isWritten = false
  }

  release(): void {
    this.#stopBeating?.()
    this.withdraw()
  }

  #write(): void {
    this.token = randomUUID()
    const path = this.#path(this.token, "claim")
    const startedAt = processOf(process.pid)?.startedAt
    const holder: Holder = { pid: process.pid, startedAt, place: here, host: hostname() }
    Fs.writeFileSync(path, JSON.stringify(holder), { flag: "wx" })
    this.#isWritten = true
    this.#clockSkew = Fs.statSync(path).mtimeMs - Date.now()
  }

  #read(token: string): Rival | undefined {
    const path = this.#path(token, "claim")
    try {
      const beatAt = Fs.statSync(path).mtimeMs
      const holder = parse(Fs.readFileSync(path, "utf8"))
      return { ...holder, token, beatAt, isOwner: Fs.existsSync(this.#path(token, "owner")) }
    } catch (cause) {
      if (isMissing(cause)) return undefined
      throw cause
    }
  }

  #isAlive(rival: Rival): boolean {
    if (rival.place === here) return isRunning(rival)
    const age = Date.now() + this.#clockSkew - rival.beatAt
    return age < (rival.place === "" ? this.timing.garbage : this.timing.stale)
  }

  /** The mark of ownership goes first: a claim without it is at most a contender's. */
  #remove(token: string): void {
    Fs.rmSync(this.#path(token, "owner"), { force: true })
    Fs.rmSync(this.#path(token, "claim"), { force: true })
  }

  #path(token: string, kind: "claim" | "owner"): string {
    return join(this.#folder, `${token}.${kind}`)
  }
}

/** A claim that cannot be read belongs to nobody known (`place` is empty): half-written, or damaged. */
const unreadable: Holder = { pid: 0, startedAt: undefined, place: "", host: "an unknown host" }

const parse = (text: string): Holder => {
  try {
    const { host, pid, place, startedAt } = JSON.parse(text)
    const isValid = Number.isInteger(pid) && pid > 0 && typeof place === "string" && typeof host === "string"
    return isValid ? { pid, place, host, startedAt: typeof startedAt === "string" ? startedAt : undefined } : unreadable
  } catch {
    return unreadable
  }
}

/**
 * The process of that id, as Linux tells it; undefined where it does not. `stat` holds `pid (name) state ...`, and the
 * name may contain anything; the start time is field 22 (proc_pid_stat(5)).
 */
const processOf = (pid: number): { readonly state: string; readonly startedAt: string } | undefined => {
  try {
    const stat = Fs.readFileSync(`/proc/${pid}/stat`, "utf8")
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ")
    const [state, startedAt] = [fields[0], fields[19]]
    return state === undefined || startedAt === undefined ? undefined : { state, startedAt }
  } catch {
    return undefined
  }
}

/** Whether the process of a claim made in this place still runs. Its id may belong to another process by now. */
const isRunning = (holder: Holder): boolean => {
  try {
    process.kill(holder.pid, 0)
  } catch (cause) {
    // Anything but "no such process" (a process of another user) is a process.
    if (codeOf(cause) === "ESRCH") return false
  }
  const running = processOf(holder.pid)
  if (running === undefined) return true
  // A killed process nobody has waited for yet: containers without an init process keep them.
  if (running.state === "Z" || running.state === "X") return false
  return holder.startedAt === undefined || holder.startedAt === running.startedAt
}

const readOr = (read: () => string): string => {
  try {
    return read().trim()
  } catch {
    return ""
  }
}

/** Containers may share a host name, and a restarted one gets the same process ids again. */
export const here: string = [
  hostname(),
  readOr(() => Fs.readFileSync("/proc/sys/kernel/random/boot_id", "utf8")),
  readOr(() => Fs.readlinkSync("/proc/self/ns/pid"))
].join(" ")

/** A write, not `utimes`: the file system's clock then dates all claims, whatever the hosts' clocks say. */
const beatSource = `
const { workerData: { path, beat } } = require("node:worker_threads"), fs = require("node:fs")
setInterval(() => {
  try {
    const file = fs.openSync(path, "r+")
    try { fs.writeSync(file, "{", 0) } finally { fs.closeSync(file) }
  } catch {}
}, beat)`

/** In a thread of its own: PGlite blocks the event loop while it works, and one statement may take longer than `stale`. */
const startBeating = (path: string, beat: number): (() => void) => {
  const worker = new Worker(beatSource, { eval: true, workerData: { path, beat }, execArgv: [], env: {} })
  worker.unref()
  worker.on("error", () => {})
  return () => void worker.terminate()
}

export const attempt = <A>(f: () => A): Effect.Effect<A, LockUnusable> =>
  Effect.try({ try: f, catch: (cause) => new LockUnusable({ cause }) })

const codeOf = (cause: unknown): string | undefined => (cause as NodeJS.ErrnoException | undefined)?.code

const isMissing = (cause: unknown): boolean => codeOf(cause) === "ENOENT"

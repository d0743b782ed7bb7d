/** The lock of a data directory: one owner at a time, whoever was killed, on this host and on others. */
import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import * as Fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Exit, Fiber, Scope } from "effect"
import * as DirectoryLock from "../../src/pglite/directoryLock.ts"

/** Claims age fast; everything else as in production. */
const timing: DirectoryLock.Timing = { beat: 40, stale: 400, garbage: 200, contenderLimit: 5_000 }

describe("directoryLock", () => {
  it.live("is refused while another part of this process has it, and free again afterwards", () =>
    Effect.gen(function* () {
      const directory = yield* emptyDirectory
      yield* Effect.scoped(
        Effect.gen(function* () {
          yield* DirectoryLock.acquire(directory)
          const refusal = yield* Effect.flip(Effect.scoped(DirectoryLock.acquire(directory)))
          assert.deepInclude(refusal, { _tag: "LockHeld", pid: process.pid, host: undefined })
        })
      )
      yield* Effect.scoped(DirectoryLock.acquire(directory))
      assert.deepStrictEqual(claimFiles(directory), [])
    })
  )

  it.live("is one lock for all names of a directory", () =>
    Effect.gen(function* () {
      const directory = yield* emptyDirectory
      const link = `${directory}-link`
      Fs.symlinkSync(directory, link)
      yield* Effect.addFinalizer(() => Effect.sync(() => Fs.rmSync(link)))
      yield* DirectoryLock.acquire(directory)
      const refusal = yield* Effect.flip(Effect.scoped(DirectoryLock.acquire(link)))
      assert.strictEqual(refusal._tag, "LockHeld")
    })
  )

  it.live("is given up by an interrupted contender", () =>
    Effect.gen(function* () {
      const directory = yield* emptyDirectory
      forge(directory, { place: "elsewhere" }, "zz")
      const contender = yield* Effect.forkChild(Effect.scoped(DirectoryLock.acquire(directory)), {
        startImmediately: true
      })
      yield* Fiber.interrupt(contender)
      assert.deepStrictEqual(claimFiles(directory), ["zz.claim"])
    })
  )

  describe("of a process on this host", () => {
    it.live("is taken over at once when the process has ended", () =>
      Effect.gen(function* () {
        const directory = yield* emptyDirectory
        const ended = spawn("true")
        yield* Effect.promise(() => once(ended, "exit"))
        forge(directory, { pid: ended.pid! }, "dead", { isOwner: true })
        yield* DirectoryLock.acquire(directory)
        assert.notInclude(claimFiles(directory), "dead.claim")
      })
    )

    it.live("is taken over at once when its process id belongs to another process by now", () =>
      Effect.gen(function* () {
        const directory = yield* emptyDirectory
        forge(directory, { startedAt: "1" }, "reused", { isOwner: true })
        yield* DirectoryLock.acquire(directory)
        assert.notInclude(claimFiles(directory), "reused.claim")
      })
    )

    it.live("is taken over at once when the process is dead but nobody has waited for it", () =>
      Effect.gen(function* () {
        const directory = yield* emptyDirectory
        const parent = yield* child("sh", ["-c", "sleep 100 & echo $!; exec sleep 1000"])
        const pid = Number(yield* parent.line)
        forge(directory, { pid, startedAt: startOf(pid) }, "zombie", { isOwner: true })
        const refusal = yield* Effect.flip(Effect.scoped(DirectoryLock.acquire(directory)))
        assert.deepInclude(refusal, { _tag: "LockHeld", pid })
        process.kill(pid, "SIGKILL")
        yield* until(() => stateOf(pid) === "Z")
        yield* DirectoryLock.acquire(directory)
      })
    )

    it.live("stays with a living process, however old the claim is", () =>
      Effect.gen(function* () {
        const directory = yield* emptyDirectory
        forge(directory, {}, "old", { isOwner: true, ageMillis: 1_000_000 })
        const refusal = yield* Effect.flip(Effect.scoped(DirectoryLock.acquire(directory)))
        assert.deepInclude(refusal, { _tag: "LockHeld", pid: process.pid })
      })
    )
  })

  describe("of a process on another host", () => {
    it.live("is refused as soon as that process shows that it lives", () =>
      Effect.gen(function* () {
        const directory = yield* emptyDirectory
        const path = forge(directory, { pid: 7, place: "elsewhere", host: "other" }, "live", { isOwner: true })
        yield* Effect.forkChild(
          Effect.forever(
            Effect.andThen(
              Effect.sync(() => touch(path)),
              Effect.sleep(20)
            )
          )
        )
        const refusal = yield* Effect.flip(Effect.scoped(DirectoryLock.acquire(directory, timing)))
        assert.deepInclude(refusal, { _tag: "LockHeld", pid: 7, host: "other" })
        assert.deepStrictEqual(claimFiles(directory), ["live.claim", "live.owner"])
      })
    )

    it.live("is not taken over before it is stale, and then it is", () =>
      Effect.gen(function* () {
        const directory = yield* emptyDirectory
        const path = forge(directory, { place: "elsewhere" }, "gone", { isOwner: true })
        yield* DirectoryLock.acquire(directory, timing)
        assert.isAtLeast(Date.now() - lastBeat.get(path)!, timing.stale)
        assert.notInclude(claimFiles(directory), "gone.claim")
      })
    )

    it.live("is taken over at once when it is stale already", () =>
      Effect.gen(function* () {
        const directory = yield* emptyDirectory
        forge(directory, { place: "elsewhere" }, "gone", { isOwner: true, ageMillis: 16_000 })
        yield* DirectoryLock.acquire(directory)
        assert.notInclude(claimFiles(directory), "gone.claim")
      })
    )
  })

  it.live("ignores a claim that cannot be read only once it is older than a writer needs", () =>
    Effect.gen(function* () {
      const directory = yield* emptyDirectory
      const path = forge(directory, {}, "garbage")
      Fs.writeFileSync(path, '{"pid":')
      const writtenAt = Date.now()
      yield* DirectoryLock.acquire(directory, timing)
      assert.isAtLeast(Date.now() - writtenAt, timing.garbage - 1)
      assert.notInclude(claimFiles(directory), "garbage.claim")
    })
  )

  it.live("shows other hosts that its owner lives, even while the owner's event loop is blocked", () =>
    Effect.gen(function* () {
      const directory = yield* emptyDirectory
      yield* DirectoryLock.acquire(directory, timing)
      const path = join(folderOf(directory), claimFiles(directory)[0]!)
      const beatAt = () => Fs.statSync(path).mtimeMs
      const first = beatAt()
      yield* until(() => beatAt() !== first)
      const second = beatAt()
      const end = performance.now() + 5_000
      while (beatAt() === second && performance.now() < end);
      assert.notStrictEqual(beatAt(), second)
    })
  )

  it.live("says that a directory cannot be locked", () =>
    Effect.gen(function* () {
      const directory = yield* emptyDirectory
      const failure = yield* Effect.flip(Effect.scoped(DirectoryLock.acquire(join(directory, "missing"))))
      assert.strictEqual(failure._tag, "LockUnusable")
    })
  )

  it.live(
    "goes to exactly one of twenty processes, over the claims of dead ones",
    () =>
      Effect.gen(function* () {
        const directory = yield* emptyDirectory
        for (const token of ["0", "8", "g"]) forge(directory, { startedAt: "1" }, token, { isOwner: true })
        const racers = yield* Effect.all(
          Array.from({ length: 20 }, () => racer(directory)),
          { concurrency: 20 }
        )
        for (const { process } of racers) process.stdin!.write("go\n")
        const outcomes = yield* Effect.all(
          racers.map(({ line }) => line),
          { concurrency: 20 }
        )
        const winners = racers.filter((_, index) => outcomes[index] === "won")
        assert.lengthOf(winners, 1)
        const held = `LockHeld ${winners[0]!.process.pid}`
        assert.deepStrictEqual(
          outcomes.filter((outcome) => outcome !== "won"),
          Array(19).fill(held)
        )
      }),
    60_000
  )

  it.live(
    "never has two owners, whoever comes, goes and is killed",
    () =>
      Effect.gen(function* () {
        const directory = yield* emptyDirectory
        const visitors = yield* Effect.all(
          Array.from({ length: 7 }, () => visitor(directory)),
          { concurrency: 7 }
        )
        const victim = yield* stubborn(directory)
        for (const { process } of [victim, ...visitors]) process.stdin!.write("go\n")
        assert.strictEqual(yield* victim.line, "won")
        victim.process.kill("SIGKILL")
        const reports = yield* Effect.all(
          visitors.map(({ line }) => line),
          { concurrency: 7 }
        )
        const counts = reports.map((report) => JSON.parse(report))
        assert.deepStrictEqual(
          counts.map(({ violations }) => violations),
          Array(7).fill(0)
        )
      }),
    60_000
  )
})

const emptyDirectory = Effect.acquireRelease(
  Effect.sync(() => Fs.mkdtempSync(join(tmpdir(), "lock-"))),
  (path) => Effect.sync(() => Fs.rmSync(path, { recursive: true, force: true }))
)

const folderOf = (directory: string) => join(directory, DirectoryLock.folderName)

const claimFiles = (directory: string) => Fs.readdirSync(folderOf(directory)).sort()

/** What this process writes into its own claims. */
const ownHolder = (): Record<string, unknown> => {
  const directory = Fs.mkdtempSync(join(tmpdir(), "lock-"))
  const scope = Effect.runSync(Scope.make())
  return Effect.runSync(
    Effect.gen(function* () {
      yield* Scope.provide(DirectoryLock.acquire(directory), scope)
      const name = claimFiles(directory).find((file) => file.endsWith(".claim"))!
      const holder = JSON.parse(Fs.readFileSync(join(folderOf(directory), name), "utf8"))
      yield* Scope.close(scope, Exit.void)
      Fs.rmSync(directory, { recursive: true })
      return holder
    })
  )
}

const lastBeat = new Map<string, number>()

/** Writes a claim as this process would, but for `changes`. */
const forge = (
  directory: string,
  changes: Record<string, unknown>,
  token: string,
  options: { readonly isOwner?: boolean; readonly ageMillis?: number } = {}
) => {
  const path = join(folderOf(directory), `${token}.claim`)
  const holder = { ...ownHolder(), ...changes }
  Fs.mkdirSync(folderOf(directory), { recursive: true })
  Fs.writeFileSync(path, JSON.stringify(holder))
  if (options.isOwner) Fs.writeFileSync(path.replace(".claim", ".owner"), "")
  const at = (Date.now() - (options.ageMillis ?? 0)) / 1000
  if (options.ageMillis !== undefined) Fs.utimesSync(path, at, at)
  lastBeat.set(path, Fs.statSync(path).mtimeMs)
  return path
}

const touch = (path: string) => Fs.utimesSync(path, new Date(), new Date())

const statOf = (pid: number) => Fs.readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]!.split(" ")
const stateOf = (pid: number) => statOf(pid)[0]
const startOf = (pid: number) => statOf(pid)[19]

/** Looks until it is so; the test's timeout is the limit. */
const until = (condition: () => boolean): Effect.Effect<void> =>
  Effect.suspend(() => (condition() ? Effect.void : Effect.andThen(Effect.sleep(5), until(condition))))

interface Child {
  readonly process: ChildProcess
  /** The next line it prints. */
  readonly line: Effect.Effect<string>
}

const child = (command: string, args: ReadonlyArray<string>) =>
  Effect.acquireRelease(
    Effect.sync((): Child => {
      const process = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] })
      const lines = createInterface({ input: process.stdout! })[Symbol.asyncIterator]()
      return { process, line: Effect.promise(() => lines.next().then(({ value }) => String(value))) }
    }),
    ({ process }) => Effect.sync(() => process.kill("SIGKILL"))
  )

/** A Node process that waits for a word, then runs `body` with `lock` and `directory` in reach. */
const contender = (directory: string, body: string) =>
  Effect.gen(function* () {
    const source = `
      import { Effect, Exit, Scope } from "effect"
      import * as Fs from "node:fs"
      import { once } from "node:events"
      import * as DirectoryLock from ${JSON.stringify(new URL("../../src/pglite/directoryLock.ts", import.meta.url).href)}
      const directory = ${JSON.stringify(directory)}
      console.log("ready")
      await once(process.stdin, "data")
      ${body}`
    const contender = yield* child(process.execPath, ["--input-type=module", "-e", source])
    assert.strictEqual(yield* contender.line, "ready")
    return contender
  })

/** Tries once, says what came of it, and keeps the lock it has. */
const racer = (directory: string) =>
  contender(
    directory,
    `
    const scope = Effect.runSync(Scope.make())
    const exit = await Effect.runPromiseExit(Effect.flip(Scope.provide(DirectoryLock.acquire(directory), scope)))
    if (Exit.isFailure(exit)) console.log("won")
    else {
      await Effect.runPromise(Scope.close(scope, Exit.void))
      console.log(exit.value._tag, exit.value.pid)
    }
    setInterval(() => {}, 1000)`
  )

/** Tries until it has the lock, says so, and keeps it. */
const stubborn = (directory: string) =>
  contender(
    directory,
    `
    const scope = Effect.runSync(Scope.make())
    const tryOnce = Effect.catch(Scope.provide(DirectoryLock.acquire(directory), scope), () => Effect.andThen(Effect.sleep(1), tryOnce))
    await Effect.runPromise(Effect.suspend(() => tryOnce))
    console.log("won")
    setInterval(() => {}, 1000)`
  )

/** Comes and goes until it has had the lock 15 times. An owner makes a file that it must not find, and removes it. */
const visitor = (directory: string) =>
  contender(
    directory,
    `
    const flag = directory + "/owned"
    let wins = 0, violations = 0
    const owned = Effect.promise(async () => {
      try { Fs.writeFileSync(flag, "", { flag: "wx" }) } catch { violations++ }
      await new Promise((resolve) => setTimeout(resolve, 1))
      Fs.rmSync(flag, { force: true })
      wins++
    })
    while (wins < 15) {
      await Effect.runPromise(Effect.ignore(Effect.scoped(Effect.andThen(DirectoryLock.acquire(directory), owned))))
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    console.log(JSON.stringify({ wins, violations }))
    process.exit()`
  )

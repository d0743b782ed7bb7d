/** A directory with a database of PGlite: what is kept, who may open it, and what is said when it cannot be used. */
import { type ChildProcess, spawn } from "node:child_process"
import * as Fs from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { createInterface } from "node:readline"
import { pathToFileURL } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { Context, Effect, Exit, Layer, Scope } from "effect"
import { SqlClient } from "effect/sql"
import * as PgLite from "../../src/pglite/PgLite.ts"
import { createRows, insert, rows } from "../support/pglite.ts"

describe("PgLite.layer", () => {
  it.live(
    "makes a missing directory with its parents, and keeps what was committed",
    () =>
      Effect.gen(function* () {
        const dataDir = join(yield* emptyDirectory, "a", "b")
        yield* open(dataDir, Effect.andThen(createRows, insert(1)))
        assert.deepStrictEqual(yield* open(relative(process.cwd(), dataDir), rows), [1])
        assert.deepStrictEqual(yield* open(pathToFileURL(dataDir).href, rows), [1])
      }),
    60_000
  )

  it.live(
    "refuses a second process, and the first one loses nothing",
    () =>
      Effect.gen(function* () {
        const dataDir = yield* databaseDirectory
        yield* open(
          dataDir,
          Effect.gen(function* () {
            yield* insert(1)
            const second = yield* child(`
          const failure = await Effect.runPromise(Effect.flip(Layer.build(PgLite.layer({ dataDir: ${JSON.stringify(dataDir)} })).pipe(Effect.scoped)))
          console.log(JSON.stringify([failure._tag, failure.pid, failure.message]))`)
            const [tag, pid, message] = JSON.parse(yield* second.line)
            assert.deepStrictEqual([tag, pid], ["DataDirectoryInUse", process.pid])
            assert.strictEqual(
              message,
              `PGlite data directory "${dataDir}" is in use by process ${process.pid}. It serves one process at a time: two would overwrite each other's data. Stop that process, give this one another dataDir, or use a PostgreSQL server for several processes.`
            )
            yield* insert(2)
          })
        )
        assert.deepStrictEqual(yield* open(dataDir, rows), [1, 2])
      }),
    60_000
  )

  it.live(
    "refuses to open a directory twice in one process, by any of its names",
    () =>
      Effect.gen(function* () {
        const dataDir = yield* databaseDirectory
        const link = join(yield* emptyDirectory, "link")
        Fs.symlinkSync(dataDir, link)
        yield* open(
          dataDir,
          Effect.gen(function* () {
            const failure = yield* Effect.flip(open(link, Effect.void))
            assert.strictEqual(
              failure.message,
              `PGlite data directory "${link}" is in use by this process (${process.pid}). It serves one process at a time: two would overwrite each other's data. Build PgLite.layer once and share it.`
            )
          })
        )
      }),
    60_000
  )

  it.live(
    "opens the directory of a killed process at once, with what it committed and nothing else",
    () =>
      Effect.gen(function* () {
        const dataDir = yield* databaseDirectory
        const killed = yield* child(`
        await Effect.runPromise(Effect.gen(function*() {
          const sql = yield* SqlClient.SqlClient
          yield* sql\`insert into rows values (1)\`
          yield* sql.withTransaction(sql\`insert into rows values (2)\`)
          yield* sql.withTransaction(Effect.gen(function*() {
            yield* sql\`insert into rows values (3)\`
            console.log("ready")
            yield* Effect.never
          }))
        }).pipe(Effect.provide(PgLite.layer({ dataDir: ${JSON.stringify(dataDir)} }))))`)
        assert.strictEqual(yield* killed.line, "ready")
        killed.process.kill("SIGKILL")
        yield* killed.exit
        assert.deepStrictEqual(yield* open(dataDir, rows), [1, 2])
      }),
    60_000
  )

  it.live(
    "starts anew after a process was killed while it made the database",
    () =>
      Effect.gen(function* () {
        const dataDir = yield* emptyDirectory
        Fs.mkdirSync(join(dataDir, ".effect-integration"))
        Fs.writeFileSync(join(dataDir, ".effect-integration", "unfinished"), "")
        Fs.writeFileSync(join(dataDir, "PG_VERSION"), "18\n")
        yield* open(dataDir, Effect.andThen(createRows, insert(1)))
        assert.deepStrictEqual(yield* open(dataDir, rows), [1])
      }),
    60_000
  )

  it.live(
    "rolls back what is open when the layer closes",
    () =>
      Effect.gen(function* () {
        const dataDir = yield* databaseDirectory
        const scope = yield* Scope.make()
        const context = yield* Layer.buildWithScope(PgLite.layer({ dataDir }), scope)
        const connection = yield* Scope.provide(Context.get(context, SqlClient.SqlClient).reserve, scope)
        yield* connection.executeRaw("BEGIN", [])
        yield* connection.executeRaw("INSERT INTO rows VALUES (1)", [])
        yield* Scope.close(scope, Exit.void)
        assert.deepStrictEqual(yield* open(dataDir, rows), [])
      }),
    60_000
  )

  describe("says what is the matter with a directory", () => {
    it.live.each([
      ["", "it is not a path. Give the path of a directory. For a database in memory use PgLite.layerMemory."],
      ["memory://", "it is not a path. Give the path of a directory. For a database in memory use PgLite.layerMemory."],
      ["package.json", "it, or a directory above it, is a file. Give the path of a directory."],
      ["package.json/data", "it, or a directory above it, is a file. Give the path of a directory."],
      [
        "sql",
        'it holds other files ("0001_events.sql") and no database. Give an empty directory, one that does not exist yet, or that of a PGlite database.'
      ]
    ])("%s", ([dataDir, problem]) =>
      Effect.gen(function* () {
        const failure = yield* Effect.flip(open(dataDir!, Effect.void))
        assert.strictEqual(failure._tag, "DataDirectoryUnusable")
        assert.strictEqual(failure.message, `PGlite cannot use data directory "${dataDir}": ${problem}`)
        assert.isFalse(Fs.existsSync("sql/.effect-integration"))
      })
    )

    it.live("that may not be written", () =>
      Effect.gen(function* () {
        const failure = yield* Effect.flip(open("/sys/effect-integration", Effect.void))
        assert.match(
          failure.message,
          /"\/sys\/effect-integration": this process may not write there \((EPERM|EACCES|EROFS)\)\. Let the user it runs as write to the directory, or give another one\.$/
        )
      })
    )

    it.live(
      "whose database was made by another version of PostgreSQL",
      () =>
        Effect.gen(function* () {
          const dataDir = yield* databaseDirectory
          Fs.writeFileSync(join(dataDir, "PG_VERSION"), "17\n")
          const failure = yield* Effect.flip(open(dataDir, Effect.void))
          assert.strictEqual(failure._tag, "DataDirectoryUnusable")
          assert.match(
            failure.message,
            /: PGlite could not open the database in it: database files are incompatible with server\. The data directory was initialized by PostgreSQL version 17, which is not compatible with this version 18\.\d+\. Restore it from a backup, or give another directory to start with an empty database\.$/
          )
        }),
      60_000
    )

    it.live(
      "whose database is damaged, and leaves the directory as it was",
      () =>
        Effect.gen(function* () {
          const dataDir = yield* databaseDirectory
          const control = join(dataDir, "global", "pg_control")
          const content = Fs.readFileSync(control)
          Fs.rmSync(control)
          const failure = yield* Effect.flip(open(dataDir, Effect.void))
          assert.include(
            failure.message,
            'could not open file "global/pg_control": No such file or directory. Restore it'
          )
          Fs.writeFileSync(control, content)
          assert.deepStrictEqual(yield* open(dataDir, rows), [])
        }),
      60_000
    )
  })

  it.live(
    "says how to install PGlite when it is missing",
    () =>
      Effect.gen(function* () {
        const dataDir = join(yield* emptyDirectory, "data")
        const process = yield* child(
          `
        const failure = await Effect.runPromise(Effect.flip(Layer.build(PgLite.layer({ dataDir: ${JSON.stringify(dataDir)} })).pipe(Effect.scoped)))
        console.log(failure._tag + ": " + failure.message)`,
          `
        import { registerHooks } from "node:module"
        registerHooks({ resolve(name, context, next) { return next(name.replace("@electric-sql/", "@missing/"), context) } })`
        )
        assert.strictEqual(
          yield* process.line,
          "PgLiteNotInstalled: PgLite needs the package @electric-sql/pglite, which could not be loaded. Install it: npm install @electric-sql/pglite"
        )
        assert.isFalse(Fs.existsSync(dataDir))
      }),
    60_000
  )
})

const open = <A, E, R>(dataDir: string, effect: Effect.Effect<A, E, R>) =>
  Effect.scoped(Effect.provide(effect, PgLite.layer({ dataDir })))

const emptyDirectory = Effect.acquireRelease(
  Effect.sync(() => Fs.mkdtempSync(join(tmpdir(), "pglite-"))),
  (path) => Effect.sync(() => Fs.rmSync(path, { recursive: true, force: true }))
)

let template: string | undefined

/** A directory with a database that has the table `rows`. Copied: making one takes seconds. */
const databaseDirectory = Effect.gen(function* () {
  const dataDir = join(yield* emptyDirectory, "data")
  if (template === undefined) {
    template = Fs.mkdtempSync(join(tmpdir(), "pglite-template-"))
    process.once("exit", () => Fs.rmSync(template!, { recursive: true, force: true }))
    yield* open(template, createRows)
  }
  Fs.cpSync(template, dataDir, { recursive: true })
  return dataDir
})

interface Child {
  readonly process: ChildProcess
  /** The next line it prints. */
  readonly line: Effect.Effect<string>
  readonly exit: Effect.Effect<void>
}

/** A Node process that runs `body`, after `preload`, with what is imported here in reach. */
const child = (body: string, preload = "") =>
  Effect.acquireRelease(
    Effect.sync((): Child => {
      const source = `
        import { Effect, Layer } from "effect"
        import { SqlClient } from "effect/sql"
        import * as PgLite from ${JSON.stringify(new URL("../../src/pglite/PgLite.ts", import.meta.url).href)}
        ${body}`
      const args = [
        "--import",
        `data:text/javascript,${encodeURIComponent(preload)}`,
        "--input-type=module",
        "-e",
        source
      ]
      const process_ = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] })
      const lines = createInterface({ input: process_.stdout! })[Symbol.asyncIterator]()
      const exit = new Promise<void>((resolve) => process_.once("exit", () => resolve()))
      return {
        process: process_,
        line: Effect.promise(() => lines.next().then(({ value }) => String(value))),
        exit: Effect.promise(() => exit)
      }
    }),
    ({ process }) => Effect.sync(() => process.kill("SIGKILL"))
  )

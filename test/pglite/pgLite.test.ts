import { type ChildProcess, spawn } from "node:child_process"
import * as Fs from "node:fs"
import { tmpdir } from "node:os"
import { join, relative } from "node:path"
import { createInterface } from "node:readline"
import { pathToFileURL } from "node:url"
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it, layer } from "@effect/vitest"
import { Context, Deferred, Effect, Exit, Fiber, Layer, Option, Queue, Scope, Stream } from "effect"
import { SqlClient } from "effect/sql"
import * as PgLite from "../../src/pglite/PgLite.ts"
import { SqlCapabilities } from "../../src/stores/SqlCapabilities.ts"

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
        'it holds other files ("0001_outbox.sql") and no database. Give an empty directory, one that does not exist yet, or that of a PGlite database.'
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

layer(PgLite.layerMemory, { timeout: "1 minute", excludeTestServices: true })("PgLite.layerMemory", (it) => {
  it.effect("says what the database can do", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* SqlCapabilities, { singleSession: true, lockTimeout: false })
      const Consumer = Context.Service<SqlCapabilities>("test/Consumer")
      const consumer = Layer.effect(Consumer, SqlCapabilities).pipe(
        Layer.provideMerge(Layer.succeed(SqlCapabilities, { singleSession: true, lockTimeout: false }))
      )
      assert.isTrue((yield* Consumer.pipe(Effect.provide(consumer))).singleSession)
    })
  )

  it.effect("delivers notifications to every listener of the channel, after the commit", () =>
    Effect.gen(function* () {
      const pg = yield* PgClient.PgClient
      const [left, right] = [yield* pg.listen("a:B"), yield* pg.listen("a:B")]
      yield* Effect.ignore(pg.withTransaction(Effect.andThen(pg.notify("a:B", "undone"), Effect.fail("rollback"))))
      yield* pg.withTransaction(
        Effect.gen(function* () {
          yield* pg.notify("a:B", "done")
          assert.deepStrictEqual(yield* Queue.clear(left), [])
        })
      )
      assert.strictEqual((yield* Queue.take(left)).payload, "done")
      assert.strictEqual((yield* Queue.take(right)).payload, "done")
    })
  )

  it.effect("goes on notifying the other listeners of a channel when one leaves", () =>
    Effect.gen(function* () {
      const pg = yield* PgClient.PgClient
      const queue = yield* pg.listen("shared")
      yield* Effect.scoped(pg.listen("shared"))
      yield* pg.notify("shared", "still")
      assert.strictEqual((yield* Queue.take(queue)).payload, "still")
    })
  )

  it.effect("has connections left for statements however many listeners there are", () =>
    Effect.gen(function* () {
      const pg = yield* PgClient.PgClient
      yield* Effect.forEach(Array.from({ length: 30 }), () => pg.listen("many"))
      assert.lengthOf(yield* pg`select 1`, 1)
    })
  )

  it.effect("stops listening during a transaction of another fiber", () =>
    Effect.gen(function* () {
      const pg = yield* PgClient.PgClient
      const scope = yield* Scope.make()
      const queue = yield* Scope.provide(pg.listen("closing"), scope)
      const taking = yield* Effect.forkChild(Effect.exit(Queue.take(queue)), { startImmediately: true })
      yield* duringTransaction(() => Scope.close(scope, Exit.void))
      assert.isTrue(Exit.hasInterrupts(yield* Fiber.join(taking)))
    })
  )

  it.effect("rolls back to the savepoint when a nested transaction fails", () =>
    Effect.gen(function* () {
      const sql = yield* freshRows
      yield* sql.withTransaction(
        Effect.gen(function* () {
          yield* insert(1)
          yield* Effect.ignore(sql.withTransaction(Effect.andThen(insert(2), Effect.fail("no"))))
          yield* sql.withTransaction(insert(3))
          const error = yield* Effect.flip(sql.withTransaction(Effect.andThen(insert(4), insert(1))))
          assert.strictEqual(error.reason._tag, "UniqueViolation")
          yield* insert(5)
        })
      )
      assert.deepStrictEqual(yield* rows, [1, 3, 5])
    })
  )

  it.effect("rolls back the transaction in which a statement fails, and only that", () =>
    Effect.gen(function* () {
      const sql = yield* freshRows
      yield* insert(1)
      const error = yield* Effect.flip(sql.withTransaction(Effect.andThen(insert(2), insert(1))))
      assert.strictEqual(error.reason._tag, "UniqueViolation")
      yield* insert(3)
      assert.deepStrictEqual(yield* rows, [1, 3])
    })
  )

  it.effect("does not report an aborted transaction as committed", () =>
    Effect.gen(function* () {
      const sql = yield* freshRows
      yield* insert(1)
      const error = yield* Effect.flip(sql.withTransaction(Effect.ignore(insert(1))))
      assert.include(error.reason.message, "rolled back an aborted transaction")
    })
  )

  it.effect("runs transactions one after the other", () =>
    Effect.gen(function* () {
      const sql = yield* freshRows
      yield* insert(0)
      const increment = sql.withTransaction(
        Effect.gen(function* () {
          const [row] = yield* sql<{ id: number }>`select max(id) as id from rows`
          yield* Effect.sleep(1)
          yield* insert(row!.id + 1)
        })
      )
      yield* Effect.all(
        Array.from({ length: 20 }, () => increment),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(
        yield* rows,
        Array.from({ length: 21 }, (_, id) => id)
      )
    })
  )

  it.effect("runs statements of other fibers after the transaction, in their order", () =>
    Effect.gen(function* () {
      yield* freshRows
      const waiting = yield* duringTransaction((inTransaction) =>
        Effect.forEach([1, 2, 3], (id) => startWaiting(insert(id), inTransaction))
      )
      yield* Effect.forEach(waiting, Fiber.join)
      assert.deepStrictEqual(yield* rows, [1, 2, 3])
    })
  )

  it.effect("lets a fiber go that waits with a statement, and never runs that statement", () =>
    Effect.gen(function* () {
      yield* freshRows
      yield* duringTransaction((inTransaction) =>
        Effect.flatMap(startWaiting(insert(1), inTransaction), Fiber.interrupt)
      )
      yield* insert(2)
      assert.deepStrictEqual(yield* rows, [2])
    })
  )

  it.effect("lets a fiber go that waits to begin a transaction, and never begins it", () =>
    Effect.gen(function* () {
      const sql = yield* freshRows
      yield* duringTransaction((inTransaction) =>
        Effect.flatMap(startWaiting(sql.withTransaction(insert(1)), inTransaction), Fiber.interrupt)
      )
      yield* sql.withTransaction(insert(2))
      assert.deepStrictEqual(yield* rows, [2])
    })
  )

  it.effect(
    "lets a fiber go that waits in its own transaction for another session, and goes on with the transaction",
    () =>
      Effect.gen(function* () {
        const sql = yield* freshRows
        yield* sql.withTransaction(
          Effect.gen(function* () {
            const waiting = Effect.timeoutOption(outsideTransaction(sql.withTransaction(insert(1))), "50 millis")
            assert.isTrue(Option.isNone(yield* waiting))
            yield* insert(2)
          })
        )
        assert.deepStrictEqual(yield* rows, [2])
      })
  )

  it.effect("rolls back the transaction of an interrupted fiber", () =>
    Effect.gen(function* () {
      const sql = yield* freshRows
      const inside = yield* Deferred.make<void>()
      const fiber = yield* Effect.forkChild(
        sql.withTransaction(
          Effect.andThen(insert(1), Effect.andThen(Deferred.succeed(inside, undefined), Effect.never))
        )
      )
      yield* Deferred.await(inside)
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(yield* rows, [])
    })
  )

  it.effect("can open a transaction after the commit of another", () =>
    Effect.gen(function* () {
      const sql = yield* freshRows
      yield* sql.withTransaction(
        Effect.andThen(insert(1), sql.afterCommit(Effect.orDie(sql.withTransaction(insert(2)))))
      )
      assert.deepStrictEqual(yield* rows, [1, 2])
    })
  )

  it.effect("answers statements while a stream is being read", () =>
    Effect.gen(function* () {
      const sql = yield* freshRows
      yield* sql<{ n: number }>`select generate_series(1, 2000) as n`.stream.pipe(
        Stream.filter(({ n }) => n % 500 === 0),
        Stream.runForEach(({ n }) => insert(n))
      )
      assert.deepStrictEqual(yield* rows, [500, 1000, 1500, 2000])
    })
  )

  it.effect("refuses COPY FROM STDIN, which would stop the event loop, and goes on", () =>
    Effect.gen(function* () {
      const sql = yield* freshRows
      const error = yield* Effect.flip(sql`copy rows from stdin`)
      assert.include(error.reason.message, "COPY is not supported")
      yield* insert(1)
      const failure = yield* Effect.flip(
        sql.withTransaction(Effect.andThen(insert(2), sql`COPY rows FROM STDIN`)).pipe(Effect.sandbox)
      )
      assert.isTrue(failure.reasons.length > 0)
      assert.deepStrictEqual(yield* rows, [1])
    })
  )

  it.effect("leaves no prepared statements of closed connections in the session", () =>
    Effect.gen(function* () {
      const pg = yield* PgClient.PgClient
      const prepared = Effect.map(pg`select name from pg_prepared_statements`.unprepared, (names) => names.length)
      const before = yield* prepared
      yield* Effect.scoped(pg.listen("prepared"))
      assert.strictEqual(yield* prepared, before)
    })
  )
})

it.live(
  "PgLite.layerMemory is another database each time it is built",
  () =>
    Effect.gen(function* () {
      yield* Effect.provide(createRows, PgLite.layerMemory)
      const tables = SqlClient.SqlClient.use((sql) => sql`select 1 from pg_class where relname = 'rows'`)
      assert.deepStrictEqual(yield* Effect.provide(tables, PgLite.layerMemory), [])
    }),
  60_000
)

const createRows = SqlClient.SqlClient.use((sql) => sql`create table rows (id int primary key, at bigserial)`)

const insert = (id: number) => SqlClient.SqlClient.use((sql) => sql`insert into rows values (${id})`)

/** All ids, in the order in which they were written. */
const rows = SqlClient.SqlClient.use((sql) =>
  Effect.map(sql<{ id: number }>`select id from rows order by at`, (found) => found.map(({ id }) => id))
)

/** An empty table in the shared database. */
const freshRows = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`drop table if exists rows`
  yield* createRows
  return sql
})

/**
 * Runs `effect` outside of a transaction which another fiber keeps open until `effect` is through. `effect` gets a
 * statement to run in that transaction: when a few of them are answered, whatever was started before has had its chance.
 */
const duringTransaction = <A, E, R>(effect: (inTransaction: Effect.Effect<void>) => Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const requests = yield* Queue.unbounded<Deferred.Deferred<void>>()
    const answer = Effect.flatMap(Queue.take(requests), (request) =>
      Effect.andThen(sql`select 1`, Deferred.succeed(request, undefined))
    )
    const ended = yield* Deferred.make<void>()
    const transaction = yield* Effect.forkChild(
      sql.withTransaction(Effect.raceFirst(Effect.forever(answer), Deferred.await(ended)))
    )
    const inTransaction = Effect.gen(function* () {
      const request = yield* Deferred.make<void>()
      yield* Queue.offer(requests, request)
      yield* Deferred.await(request)
    })
    yield* inTransaction
    const result = yield* effect(inTransaction)
    yield* inTransaction
    yield* Deferred.succeed(ended, undefined)
    yield* Fiber.join(transaction)
    return result
  })

/** Starts `effect` in a fiber of its own and lets it get as far as it can while `inTransaction` goes on. */
const startWaiting = <A, E, R>(effect: Effect.Effect<A, E, R>, inTransaction: Effect.Effect<void>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkDetach(effect, { startImmediately: true })
    for (let answers = 0; answers < 5; answers++) yield* inTransaction
    assert.isUndefined(fiber.pollUnsafe())
    return fiber
  })

/** Runs `effect` outside the current transaction, as code does that has left the transaction's fiber. */
const outsideTransaction = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  SqlClient.SqlClient.use((sql) =>
    Effect.updateContext(
      effect,
      (context: Context.Context<R>) =>
        Context.omit(sql.transactionService)(context as Context.Context<never>) as Context.Context<R>
    )
  )

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

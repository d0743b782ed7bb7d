/**
 * Embedded PostgreSQL: PGlite (PostgreSQL 18 compiled to WebAssembly) inside this process, as a `PgClient`.
 *
 * For applications that are one process and want no database server, and for tests. It behaves as `PgClient.layer` does
 * (same types, error reasons, savepoints, `LISTEN`), with the limits of a single session:
 *
 * - Transactions run one after the other. Whoever asks for a second session while holding a transaction (`sql.reserve`,
 *   `PgClient.listen`, another client, code that left the transaction's fiber) waits for itself until it is interrupted.
 * - Settings, temporary tables and session-level advisory locks are shared by all connections.
 * - A running statement blocks the event loop and cannot be cancelled. A waiting one can: interrupted, it never runs.
 * - Do not set session timeouts (`statement_timeout`, `idle_in_transaction_session_timeout`, `lock_timeout`): PGlite has
 *   no timer interrupts, and one of them can stop the event loop for good.
 * - A result is held in memory as a whole, `.stream` included.
 *
 * Committed data survives the process being killed. PGlite runs without `fsync`, so it may not survive the machine
 * losing power.
 *
 * @since 0.1.0
 */
import { PgClient } from "@effect/sql-pg"
import type { Extensions, PGlite, PGliteOptions } from "@electric-sql/pglite"
import { Data, Duration, Effect, Layer, Schema, type Scope } from "effect"
import { type SqlClient, SqlError } from "effect/sql"
import { InvalidOption, type UnsupportedOption } from "../errors/DeclarationErrors.ts"
import { unknownOption } from "../errors/unknownOption.ts"
import { SqlCapabilities } from "../stores/SqlCapabilities.ts"
import * as Bridge from "./bridge.ts"
import * as PgliteClient from "./client.ts"
import * as DataDirectory from "./dataDirectory.ts"

/**
 * The data directory is open in another process, or a second time in this one. Nothing was changed.
 *
 * @since 0.1.0
 */
export class DataDirectoryInUse extends Schema.TaggedError<DataDirectoryInUse>()("DataDirectoryInUse", {
  /** The directory, as an absolute path. */
  dataDir: Schema.String,
  /** The process that has it open. */
  pid: Schema.Int,
  /** The host or container of that process; undefined when it is this one. */
  host: Schema.UndefinedOr(Schema.String)
}) {
  override get message() {
    const owner =
      this.host !== undefined
        ? `process ${this.pid} on host "${this.host}"`
        : this.pid === process.pid
          ? `this process (${this.pid})`
          : `process ${this.pid}`
    const remedy =
      this.host === undefined && this.pid === process.pid
        ? "Build PgLite.layer once and share it."
        : "Stop that process, give this one another dataDir, or use a PostgreSQL server for several processes."
    return `PGlite data directory "${this.dataDir}" is in use by ${owner}. It serves one process at a time: two would overwrite each other's data. ${remedy}`
  }
}

/**
 * The data directory cannot be used: it is a file, may not be written, holds other files, or a database that PGlite
 * cannot open. Nothing in it was changed or removed.
 *
 * @since 0.1.0
 */
export class DataDirectoryUnusable extends Schema.TaggedError<DataDirectoryUnusable>()("DataDirectoryUnusable", {
  /** The directory, as it was given. */
  dataDir: Schema.String,
  problem: Schema.String,
  remedy: Schema.String,
  cause: Schema.Defect()
}) {
  override get message() {
    return `PGlite cannot use data directory "${this.dataDir}": ${this.problem}. ${this.remedy}`
  }
}

/** The optional peer dependency `@electric-sql/pglite` cannot be loaded. @since 0.1.0 */
export class PgLiteNotInstalled extends Schema.TaggedError<PgLiteNotInstalled>()("PgLiteNotInstalled", {
  cause: Schema.Defect()
}) {
  override get message() {
    return "PgLite needs the package @electric-sql/pglite, which could not be loaded. Install it: npm install @electric-sql/pglite"
  }
}

/** What can be chosen for any PGlite client. The other options of `PgClient.layer` have no effect on PGlite. @since 0.1.0 */
export interface ClientOptions
  extends Pick<
    PgClient.PgPoolConfig,
    "transformResultNames" | "transformQueryNames" | "transformJson" | "types" | "spanAttributes"
  > {
  /**
   * How many statements, streams and transactions may be open or waiting for the session at once; more wait for one of
   * these. They share one session, so a larger number makes nothing faster; a smaller one may stop a fiber that reads
   * several streams at a time. Every listener has a connection of its own and is not counted. Default 10.
   */
  readonly maxConnections?: number | undefined
  /** PGlite extensions, as `PGlite.create` takes them. Default none. */
  readonly extensions?: Extensions | undefined
}

/** @since 0.1.0 */
export interface Options extends ClientOptions {
  /**
   * Where the database is: a path, relative to the working directory, or a `file:` URL. Made when missing, with its
   * parents. Not a directory with other files in it.
   */
  readonly dataDir: string
}

/**
 * A database in a directory. The first start takes seconds (it makes the database), later ones less than one; an
 * instance takes about 0.7 GB of memory.
 *
 * Gives `PgClient` and `SqlClient`, and `SqlCapabilities` with `singleSession: true` and `lockTimeout: false`. Closing
 * the layer rolls back open transactions, closes the database and frees the directory.
 *
 * Fails with `DataDirectoryInUse` while another process has the directory open. A process that was killed does not
 * count: its directory opens at once, with everything it committed. If it ran on another host, or in another container
 * that shares the volume, this waits until it has shown no sign of life for 15 seconds.
 *
 * Fails with `DataDirectoryUnusable` for a directory that PGlite cannot open, with `PgLiteNotInstalled` when the package
 * `@electric-sql/pglite` is missing, with `InvalidOption` or `UnsupportedOption` for options that are none, and with `SqlError` when PGlite does not start for another reason (usually lack of
 * memory).
 *
 * @since 0.1.0
 */
export const layer = (
  options: Options
): Layer.Layer<
  PgClient.PgClient | SqlClient.SqlClient,
  | DataDirectoryInUse
  | DataDirectoryUnusable
  | InvalidOption
  | PgLiteNotInstalled
  | SqlError.SqlError
  | UnsupportedOption
> => layerFrom(openDirectory(Object(options)), Object(options))

/** Types do not reach everybody who opens a directory. */
const optionProblem = (given: Options): InvalidOption | UnsupportedOption | undefined => {
  const unknown = unknownOption("PgLite.layer", given, ["dataDir", "maxConnections", "extensions"])
  if (unknown !== undefined || typeof given.dataDir === "string") return unknown
  const expected = "a path or a file: URL; without a directory: PgLite.layerMemory"
  return new InvalidOption({ option: "dataDir of PgLite.layer", value: String(given.dataDir), expected })
}

const openDirectory = (options: Options) =>
  Effect.gen(function* () {
    const problem = optionProblem(options)
    if (problem !== undefined) return yield* problem
    const { dataDir, extensions } = options
    const path = yield* DataDirectory.locate(dataDir)
    return yield* openAt(path, extensions).pipe(
      Effect.catchTag("LockHeld", ({ host, pid }) => Effect.fail(new DataDirectoryInUse({ dataDir: path, host, pid })))
    )
  }).pipe(
    Effect.catchTag("Unusable", ({ cause, problem, remedy }) =>
      Effect.fail(new DataDirectoryUnusable({ dataDir: options.dataDir, problem, remedy, cause }))
    )
  )

/** Loads PGlite before it touches the disk, and closes the instance before it frees the directory. */
const openAt = Effect.fnUntraced(function* (path: string, extensions: Extensions | undefined) {
  const PGlite = yield* loadPGlite
  const directory = yield* DataDirectory.open(path)
  const db = yield* startPGlite(PGlite, { dataDir: path, ...(extensions && { extensions }) }).pipe(
    Effect.catchTag("NotStarted", (failure) => Effect.fail(asDirectoryProblem(failure)))
  )
  yield* directory.confirm
  return db
})

/** What PostgreSQL complains about when it has got as far as reading the directory is about the directory. */
const asDirectoryProblem = ({ cause, complaint }: NotStarted) =>
  complaint === undefined
    ? startError(cause)
    : new DataDirectory.Unusable({
        problem: `PGlite could not open the database in it: ${complaint}`,
        remedy: "Restore it from a backup, or give another directory to start with an empty database.",
        cause
      })

/**
 * A database in memory, empty at the start and gone when the layer closes. Every build of the layer is another
 * database. Otherwise as `layer`.
 *
 * Fails with `PgLiteNotInstalled` when the package `@electric-sql/pglite` is missing, and with `SqlError` when PGlite
 * does not start (usually for lack of memory).
 *
 * @since 0.1.0
 */
export const layerMemory: Layer.Layer<PgClient.PgClient | SqlClient.SqlClient, PgLiteNotInstalled | SqlError.SqlError> =
  Layer.suspend(() => layerFrom(openMemory, {}))

const openMemory = Effect.suspend(() => Effect.flatMap(loadPGlite, (PGlite) => startPGlite(PGlite, {}))).pipe(
  Effect.catchTag("NotStarted", ({ cause }) => Effect.fail(startError(cause)))
)

/** A client on the instance that `open` gives, and what it can do. */
const layerFrom = <E>(
  open: Effect.Effect<PGlite, E, Scope.Scope>,
  options: ClientOptions
): Layer.Layer<PgClient.PgClient | SqlClient.SqlClient, E | SqlError.SqlError> =>
  PgClient.layerFrom(Effect.flatMap(open, (db) => connect(db, options))).pipe(
    Layer.merge(Layer.succeed(SqlCapabilities, { singleSession: true, lockTimeout: false }))
  )

const connect = Effect.fnUntraced(function* (db: PGlite, options: ClientOptions) {
  const bridge = Bridge.make(db)
  // Runs after the pool is closed and before the instance is: transactions left open are rolled back in between.
  yield* Effect.addFinalizer(() => Effect.promise(bridge.settled))
  const { maxConnections, spanAttributes, transformJson, transformQueryNames, transformResultNames, types } = options
  return yield* PgliteClient.make({
    maxConnections,
    spanAttributes,
    transformJson,
    transformQueryNames,
    transformResultNames,
    types,
    username: "postgres",
    database: "postgres",
    // A connection is an object in this process: it answers at once, or when the statement that blocks it is through.
    connectTimeout: Duration.infinity,
    stream: bridge.connect
  })
})

/** PGlite did not start; `complaint` is what PostgreSQL said about it, if it got so far. */
class NotStarted extends Data.TaggedError("NotStarted")<{
  readonly complaint: string | undefined
  readonly cause: unknown
}> {}

/** On demand: the package is an optional peer. */
const loadPGlite = Effect.tryPromise({
  try: () => import("@electric-sql/pglite").then((module) => module.PGlite),
  catch: (cause) => new PgLiteNotInstalled({ cause })
})

/** Starts an instance, and closes it with the scope. */
const startPGlite = (make: typeof PGlite, options: PGliteOptions) =>
  Effect.suspend(() => {
    let log: Array<string> | undefined = []
    const onStderr = (line: string) => {
      log?.push(line)
      return false
    }
    const create = Effect.tryPromise({
      try: () => make.create({ ...options, onStderr }),
      catch: (cause) => new NotStarted({ complaint: complaintIn(log ?? []), cause })
    })
    const close = (db: PGlite) =>
      Effect.ignore(
        Effect.tryPromise(() => db.close()),
        { log: "Warn", message: "PGlite was not closed cleanly" }
      )
    return Effect.tap(Effect.acquireRelease(create, close), () =>
      Effect.sync(() => {
        log = undefined
      })
    )
  })

/** The lines in which PostgreSQL says why it ends, without their time stamps. */
const complaintIn = (log: ReadonlyArray<string>): string | undefined => {
  const found = log.flatMap((line) => /(?:FATAL|PANIC|DETAIL): +(.*)$|^postgres: (.*)$/.exec(line)?.slice(1) ?? [])
  const reasons = found.filter((reason) => reason !== undefined).map((reason) => reason.replace(/\.$/, ""))
  return reasons.length === 0 ? undefined : reasons.join(". ")
}

const startError = (cause: unknown): SqlError.SqlError =>
  new SqlError.SqlError({
    reason: new SqlError.ConnectionError({ cause, message: `PGlite did not start: ${cause}`, operation: "connect" })
  })

/**
 * The directory of an embedded database: made when it is missing, never two databases in one, and never files of a
 * database among somebody else's.
 *
 * @internal
 */
import * as Fs from "node:fs"
import { join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import { Data, Effect, type Scope } from "effect"
import * as DirectoryLock from "./directoryLock.ts"

/** The directory cannot be used: what the matter is (continues a sentence), and what to do (a sentence). */
export class Unusable extends Data.TaggedError("Unusable")<{
  readonly problem: string
  readonly remedy: string
  readonly cause?: unknown
}> {}

/** A directory that this process has to itself. */
export interface DataDirectory {
  readonly path: string
  /** Says that the database is complete. Until then, the next process to open the directory starts anew. */
  readonly confirm: Effect.Effect<void, Unusable>
}

/** The absolute path that `dataDir` means: a path, relative to the working directory, or a `file:` URL. */
export const locate = (dataDir: string): Effect.Effect<string, Unusable> =>
  Effect.suspend(() => {
    if (dataDir.startsWith("file:")) return attempt(() => fileURLToPath(dataDir))
    if (dataDir === "" || /^[\w-]+:\/\//.test(dataDir)) {
      const remedy = "Give the path of a directory. For a database in memory use PgLite.layerMemory."
      return Effect.fail(new Unusable({ problem: "it is not a path", remedy }))
    }
    return Effect.succeed(resolve(dataDir))
  })

/** Makes the directory and takes its lock until the scope closes. A directory of something else is left untouched. */
export const open = (path: string): Effect.Effect<DataDirectory, Unusable | DirectoryLock.LockHeld, Scope.Scope> =>
  Effect.gen(function* () {
    const marker = join(path, DirectoryLock.folderName, "unfinished")
    yield* attempt(() => Fs.mkdirSync(path, { recursive: true }))
    yield* refuseOther(path, marker)
    yield* DirectoryLock.acquire(path).pipe(
      Effect.catchTag("LockUnusable", ({ cause }) => Effect.fail(unusable(cause)))
    )
    yield* attempt(() => prepare(path, marker))
    return { path, confirm: attempt(() => Fs.rmSync(marker, { force: true })) }
  })

/** What is in the directory, but for what file systems, version control and this package put anywhere. */
const contentOf = (path: string): ReadonlyArray<string> =>
  Fs.readdirSync(path).filter((name) => !name.startsWith(".") && name !== "lost+found")

const refuseOther = (path: string, marker: string): Effect.Effect<void, Unusable> =>
  Effect.flatMap(
    attempt(() => contentOf(path)),
    (content) => {
      if (content.length === 0 || content.includes("PG_VERSION") || Fs.existsSync(marker)) return Effect.void
      const problem = `it holds other files ("${content[0]}") and no database`
      const remedy = "Give an empty directory, one that does not exist yet, or that of a PGlite database."
      return Effect.fail(new Unusable({ problem, remedy }))
    }
  )

/**
 * Leaves a database, or a directory that one may be made in. PGlite makes it file by file, and a process killed
 * meanwhile leaves something that cannot be opened. A marker stands for that time: what is found beside it has never
 * held a commit, and is removed.
 */
const prepare = (path: string, marker: string): void => {
  const content = contentOf(path)
  if (Fs.existsSync(marker)) {
    for (const name of content) Fs.rmSync(join(path, name), { recursive: true, force: true })
  } else if (content.length === 0) {
    Fs.writeFileSync(marker, "")
  }
}

const attempt = <A>(f: () => A): Effect.Effect<A, Unusable> => Effect.try({ try: f, catch: unusable })

const unusable = (cause: unknown): Unusable => new Unusable({ ...explain(cause as NodeJS.ErrnoException), cause })

const explain = ({ code, message }: NodeJS.ErrnoException): { readonly problem: string; readonly remedy: string } => {
  switch (code) {
    case "EEXIST":
    case "ENOTDIR":
      return { problem: "it, or a directory above it, is a file", remedy: "Give the path of a directory." }
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return {
        problem: `this process may not write there (${code})`,
        remedy: "Let the user it runs as write to the directory, or give another one."
      }
    default:
      return { problem: message, remedy: "Remove the obstacle, or give another directory." }
  }
}

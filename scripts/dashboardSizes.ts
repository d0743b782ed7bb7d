/** How much a browser loads of the dashboard, from what Vite says of its build. */

/** Of which one kilobyte is 1000 bytes. */
export const limits = { start: 200_000, later: 120_000 }

/** A file of the build, as Vite's manifest has it. */
export interface Chunk {
  readonly file: string
  readonly isEntry?: boolean
  /** Keys of what is loaded with it. */
  readonly imports?: ReadonlyArray<string>
  /** Names of files. */
  readonly css?: ReadonlyArray<string>
}

export type Manifest = Readonly<Record<string, Chunk>>

/** What is loaded at once, and how much of it there is, in bytes as they are sent. */
export interface Part {
  readonly name: string
  readonly bytes: number
  readonly limit: number
}

const filesOf = ({ css = [], file }: Chunk) => [file, ...css]

/** What a chunk loads before it runs, itself included. */
const loadedWith = (manifest: Manifest, key: string, found: Set<string> = new Set()): Set<string> => {
  if (!found.has(key)) {
    found.add(key)
    for (const each of manifest[key]?.imports ?? []) loadedWith(manifest, each, found)
  }
  return found
}

/**
 * What the page loads at its start, and each chunk that is loaded later, the largest first.
 *
 * @param sizeOf - of a file, in bytes as it is sent
 */
export const partsOf = (manifest: Manifest, sizeOf: (file: string) => number): ReadonlyArray<Part> => {
  const entries = Object.keys(manifest).filter((key) => manifest[key]?.isEntry === true)
  if (entries.length === 0) throw new Error("The manifest names no entry: nothing can be said of sizes.")
  const start = new Set(entries.flatMap((key) => [...loadedWith(manifest, key)]))
  const startFiles = new Set([...start].flatMap((key) => filesOf(manifest[key]!)))
  const sum = (files: Iterable<string>) => [...files].reduce((total, file) => total + sizeOf(file), 0)
  const later = Object.entries(manifest)
    .filter(([key, { file }]) => !start.has(key) && file.endsWith(".js"))
    .map(([, chunk]) => ({
      name: chunk.file,
      bytes: sum(filesOf(chunk).filter((file) => !startFiles.has(file))),
      limit: limits.later
    }))
  return [
    { name: "start", bytes: sum(startFiles), limit: limits.start },
    ...later.toSorted((one, other) => other.bytes - one.bytes)
  ]
}

/** Those that are too large. */
export const tooLarge = (parts: ReadonlyArray<Part>): ReadonlyArray<Part> =>
  parts.filter(({ bytes, limit }) => bytes > limit)

const kilobytes = (bytes: number) => `${(bytes / 1000).toFixed(1)} kB`

/** A line for each. */
export const tableOf = (parts: ReadonlyArray<Part>): string => {
  const width = Math.max(...parts.map(({ name }) => name.length))
  return parts
    .map(
      ({ bytes, limit, name }) =>
        `${name.padEnd(width)}  ${kilobytes(bytes).padStart(9)} of ${kilobytes(limit)}${bytes > limit ? "  TOO LARGE" : ""}`
    )
    .join("\n")
}

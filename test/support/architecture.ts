/** The rules of the tree of `src`, as functions from its files to what breaks them. docs/architecture.md says why. */
import { readdirSync, readFileSync } from "node:fs"
import { posix } from "node:path"
import { fileURLToPath } from "node:url"

/** Texts of files by their path below `src`, as `delivery/Processor.ts`. */
export type Tree = ReadonlyMap<string, string>

export const readTree = (): Tree => {
  const src = fileURLToPath(new URL("../../src/", import.meta.url))
  const files = readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"))
  return new Map(files.toSorted().map((file) => [file.replaceAll("\\", "/"), readFileSync(src + file, "utf8")]))
}

/** Rooms, lowest first. A room imports rooms of lower lines only. */
const levels: ReadonlyArray<ReadonlyArray<string>> = [
  ["collections"],
  ["errors", "wakeups"],
  ["model", "settings"],
  ["telemetry"],
  ["stores"],
  ["contracts"],
  ["publishing", "delivery", "sql", "memory", "pglite", "clients"],
  ["subscribing", "operations", "testing"],
  ["actors", "integration", "admin"],
  ["promise", "dashboard"],
  ["cli"],
  ["services"],
  ["nestjs"]
]

/** Implementations of the stores: only composition knows which there are. */
const implementations = ["sql", "memory", "pglite"]

/** Packages of database clients, and the rooms that may import them. */
const clients: Readonly<Record<string, ReadonlyArray<string>>> = {
  "effect/sql": ["errors", "sql", "pglite", "integration"],
  "@effect/sql-pg": ["sql/connection", "pglite", "integration"],
  "@electric-sql/pglite": ["pglite"],
  // Those of applications are told apart by what they can do.
  pg: [],
  postgres: [],
  knex: []
}

const maxLines = 300

const isDoor = (file: string) => !file.includes("/")

const roomOf = (file: string) => file.split("/")[0] ?? ""

const levelOf = (room: string) => levels.findIndex((rooms) => rooms.includes(room))

/** What a file imports or re-exports, types included: paths below `src`, and names of packages. */
export const importsOf = (file: string, text: string): ReadonlyArray<string> => {
  const specifiers = [
    ...text.matchAll(/^(?:import|export)\b[^"'`;]*?\bfrom "([^"]+)"/gm),
    ...text.matchAll(/\bimport (?:type )?"([^"]+)"/g),
    ...text.matchAll(/\bimport\("([^"]+)"\)/g)
  ].map((match) => match[1] ?? "")
  return specifiers.map((specifier) =>
    specifier.startsWith(".") ? posix.join(posix.dirname(file), specifier) : specifier
  )
}

const edgesOf = (tree: Tree) =>
  [...tree].flatMap(([file, text]) => importsOf(file, text).map((target) => [file, target] as const))

const unique = (found: Iterable<string>) => [...new Set(found)].toSorted()

/** Files directly in `src` that do more than re-export. */
export const busyDoors = (tree: Tree): ReadonlyArray<string> =>
  unique(
    [...tree].flatMap(([file, text]) => {
      const rest = text
        .replace(/\/\*[\s\S]*?\*\//g, "")
        .replace(/\/\/.*$/gm, "")
        .replace(/^export (?:type )?(?:\*(?: as \w+)?|\{[^}]*\}) from "[^"]+"$/gm, "")
      return isDoor(file) && rest.trim() !== "" ? [file] : []
    })
  )

/** Folders that are no room. */
export const unknownRooms = (tree: Tree): ReadonlyArray<string> =>
  unique(
    [...tree.keys()]
      .filter((file) => !isDoor(file))
      .map(roomOf)
      .filter((room) => levelOf(room) === -1)
  )

/** Rooms that import a file directly in `src`. */
export const importersOfDoors = (tree: Tree): ReadonlyArray<string> =>
  unique(
    edgesOf(tree).flatMap(([file, target]) =>
      !isDoor(file) && tree.has(target) && isDoor(target) ? `${roomOf(file)} imports a door` : []
    )
  )

/** Imports of rooms that are not below, or of an implementation by one that is not to know it. */
export const upwardImports = (tree: Tree): ReadonlyArray<string> =>
  unique(
    edgesOf(tree).flatMap(([file, target]) => {
      if (isDoor(file) || !tree.has(target) || isDoor(target)) return []
      const [from, to] = [roomOf(file), roomOf(target)]
      if (from === to || levelOf(from) === -1 || levelOf(to) === -1) return []
      const mayKnow = !implementations.includes(to) || from === "integration"
      return levelOf(from) > levelOf(to) && mayKnow ? [] : [`${file} imports ${target}`]
    })
  )

/** Files that reach themselves by their imports. */
export const circles = (tree: Tree): ReadonlyArray<string> => {
  const targets = new Map([...tree].map(([file, text]) => [file, importsOf(file, text).filter((_) => tree.has(_))]))
  const reaches = (start: string) => {
    const seen = new Set<string>()
    const todo = [...(targets.get(start) ?? [])]
    for (let file = todo.pop(); file !== undefined; file = todo.pop()) {
      if (seen.has(file)) continue
      seen.add(file)
      todo.push(...(targets.get(file) ?? []))
    }
    return seen.has(start)
  }
  return unique([...tree.keys()].filter(reaches))
}

/** Files over 300 lines, generated ones apart. */
export const longFiles = (tree: Tree): ReadonlyArray<string> =>
  unique(
    [...tree]
      .filter(([file, text]) => !file.endsWith(".generated.ts") && text.trimEnd().split("\n").length > maxLines)
      .map(([file]) => file)
  )

/** Imports of a database client outside of the rooms that have to do with it. */
export const strayClients = (tree: Tree): ReadonlyArray<string> =>
  unique(
    edgesOf(tree).flatMap(([file, target]) => {
      const rooms = clients[target]
      return rooms === undefined || rooms.some((room) => file.startsWith(`${room}/`)) ? [] : [`${file}: ${target}`]
    })
  )

/** Names of files that are not as public as they look: PascalCase is what `exports` of package.json names. */
export const misnamed = (tree: Tree, exported: ReadonlyArray<string>): ReadonlyArray<string> =>
  unique(
    [...tree.keys()].filter((file) => {
      const name = posix.basename(file, ".ts")
      return !isDoor(file) && /^[A-Z]/.test(name) !== exported.includes(file)
    })
  )

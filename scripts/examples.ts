/** Examples as a user would write them: with the package's names for its modules. */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url))

/** Modules of the package as examples import them: its doors, and PGlite. */
const modules = /"(?:\.\.\/)+src\/(?:pglite\/)?(\w+)\.ts"/g

const specifierOf = (door: string) => (door === "index" ? "effect-integration" : `effect-integration/${door}`)

/** What a file of `examples/` says, without the output that it is expected to have. @param example - as in `examples/file.ts` */
export const textOf = (example: string): string => {
  const text = readFileSync(path(example), "utf8").replace(/\/\* Output:[\s\S]*$/, "")
  return text.replaceAll(modules, (_, door: string) => `"${specifierOf(door)}"`).trim()
}

/** What a file prints, as it says itself. */
export const outputOf = (example: string): string | undefined =>
  /\/\* Output:\n([\s\S]*?)\*\/\s*$/.exec(readFileSync(path(example), "utf8"))?.[1]

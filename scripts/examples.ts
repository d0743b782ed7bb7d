/** Examples as a user would write them: with the package's names for its modules. */
import { readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url))

/** The package's name for each module. */
const specifiers = [
  ["../src/index.ts", "effect-integration"],
  ["../src/decorators.ts", "effect-integration/decorators"],
  ["../src/pglite/PgLite.ts", "effect-integration/PgLite"],
  ["../src/promise.ts", "effect-integration/promise"],
  ["../src/services.ts", "effect-integration/services"],
  ["../src/testing.ts", "effect-integration/testing"]
] as const

/** What a file of `examples/` says, without the output that it is expected to have. @param example - as in `examples/file.ts` */
export const textOf = (example: string): string => {
  const text = readFileSync(path(example), "utf8").replace(/\/\* Output:[\s\S]*$/, "")
  return specifiers.reduce((result, [from, to]) => result.replace(`"${from}"`, `"${to}"`), text).trim()
}

/** What a file prints, as it says itself. */
export const outputOf = (example: string): string | undefined =>
  /\/\* Output:\n([\s\S]*?)\*\/\s*$/.exec(readFileSync(path(example), "utf8"))?.[1]

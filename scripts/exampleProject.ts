/** A project of a user's: the package as it is packed, what examples import besides, and examples as they are written there. */
import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { outputOf, textOf } from "./examples.ts"
import { packInto } from "./packInto.ts"

const root = fileURLToPath(new URL("../", import.meta.url))

/** What the package needs, and examples import. */
const always = ["effect", "@effect/sql-pg", "@electric-sql/pglite", "zod"]

export interface ExampleProject {
  readonly directory: string
  /** Writes examples there, each by its last name. @param examples - as in `examples/file.ts` */
  readonly add: (...examples: ReadonlyArray<string>) => void
  /** Runs one that was added; says so, and whether it prints what it says itself. */
  readonly runs: (example: string, environment?: Readonly<Record<string, string>>) => boolean
  readonly remove: () => void
}

const nameOf = (example: string) => example.slice(example.lastIndexOf("/") + 1)

/** @param others - more of what is installed here and examples import */
export const exampleProject = (...others: ReadonlyArray<string>): ExampleProject => {
  const directory = mkdtempSync(join(tmpdir(), "examples-"))
  const modules = join(directory, "node_modules")
  packInto(modules)
  for (const name of [...always, ...others]) {
    mkdirSync(join(modules, name, ".."), { recursive: true })
    symlinkSync(join(root, "node_modules", name), join(modules, name))
  }
  writeFileSync(join(directory, "package.json"), JSON.stringify({ name: "application", private: true, type: "module" }))

  const output = (example: string, environment: Readonly<Record<string, string>>) => {
    // Decorators need tsx.
    const command = /^@\w+\(/m.test(textOf(example)) ? join(root, "node_modules/.bin/tsx") : process.execPath
    return execFileSync(command, [nameOf(example)], {
      cwd: directory,
      encoding: "utf8",
      env: { ...process.env, ...environment },
      timeout: 120_000
    })
  }

  return {
    directory,
    add: (...examples) => {
      for (const each of examples) writeFileSync(join(directory, nameOf(each)), textOf(each))
    },
    runs: (example, environment = {}) => {
      const expected = outputOf(example)
      const actual = output(example, environment)
      if (actual === expected) console.log(`ok      ${example}`)
      else console.error(`FAILED  ${example}\nexpected:\n${expected ?? "(no Output comment)"}\nactual:\n${actual}`)
      return actual === expected
    },
    remove: () => rmSync(directory, { recursive: true, force: true })
  }
}

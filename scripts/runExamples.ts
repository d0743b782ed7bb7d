/**
 * Runs every file of `examples/` in a project that has the package as it is packed, and compares what it prints with the `Output:`
 * comment at its end. Run after `npm run build`. Tests are left to vitest; files with decorators need tsx.
 */
import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { outputOf, textOf } from "./examples.ts"
import { packInto } from "./packInto.ts"

const root = fileURLToPath(new URL("../", import.meta.url))

/** What examples import besides this package, and what it needs. */
const others = ["effect", "@effect/sql-pg", "@effect/vitest", "@electric-sql/pglite", "zod"]

const project = mkdtempSync(join(tmpdir(), "examples-"))
const modules = join(project, "node_modules")

const run = (file: string, text: string) => {
  writeFileSync(join(project, file), text)
  const command = /^@\w+\(/m.test(text) ? join(root, "node_modules/.bin/tsx") : process.execPath
  return execFileSync(command, [file], { cwd: project, encoding: "utf8", timeout: 120_000 })
}

let failures = 0
try {
  packInto(modules)
  for (const name of others) {
    mkdirSync(join(modules, name, ".."), { recursive: true })
    symlinkSync(join(root, "node_modules", name), join(modules, name))
  }
  writeFileSync(join(project, "package.json"), JSON.stringify({ name: "application", private: true, type: "module" }))
  for (const file of readdirSync(join(root, "examples")).filter((name) => /(?<!\.test)\.ts$/.test(name))) {
    const expected = outputOf(`examples/${file}`)
    const actual = run(file, textOf(`examples/${file}`))
    if (actual === expected) {
      console.log(`ok      examples/${file}`)
    } else {
      failures++
      console.error(`FAILED  examples/${file}\nexpected:\n${expected ?? "(no Output comment)"}\nactual:\n${actual}`)
    }
  }
} finally {
  rmSync(project, { recursive: true, force: true })
}
process.exit(failures === 0 ? 0 : 1)

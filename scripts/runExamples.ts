/**
 * Runs every file of `examples/` and compares what it prints with the `Output:` comment at its end. Tests are left to
 * vitest; files with decorators need tsx.
 */
import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const directory = fileURLToPath(new URL("../examples/", import.meta.url))

const expectedOf = (file: string) =>
  /\/\* Output:\n([\s\S]*?)\*\/\s*$/.exec(readFileSync(directory + file, "utf8"))?.[1]

const tsx = fileURLToPath(new URL("../node_modules/.bin/tsx", import.meta.url))

const run = (file: string) => {
  const hasDecorators = /^@\w+\(/m.test(readFileSync(directory + file, "utf8"))
  return execFileSync(hasDecorators ? tsx : process.execPath, [directory + file], {
    encoding: "utf8",
    timeout: 120_000
  })
}

let failures = 0
for (const file of readdirSync(directory).filter((name) => /(?<!\.test)\.ts$/.test(name))) {
  const expected = expectedOf(file)
  const actual = run(file)
  if (actual === expected) {
    console.log(`ok      examples/${file}`)
  } else {
    failures++
    console.error(`FAILED  examples/${file}\nexpected:\n${expected ?? "(no Output comment)"}\nactual:\n${actual}`)
  }
}
process.exit(failures === 0 ? 0 : 1)

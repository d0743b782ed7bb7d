/** Runs every file of `examples/` and compares what it prints with the `Output:` comment at its end. */
import { execFileSync } from "node:child_process"
import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const directory = fileURLToPath(new URL("../examples/", import.meta.url))

const expectedOf = (file: string) =>
  /\/\* Output:\n([\s\S]*?)\*\/\s*$/.exec(readFileSync(directory + file, "utf8"))?.[1]

let failures = 0
for (const file of readdirSync(directory).filter((name) => name.endsWith(".ts"))) {
  const expected = expectedOf(file)
  const actual = execFileSync(process.execPath, [directory + file], { encoding: "utf8", timeout: 120_000 })
  if (actual === expected) {
    console.log(`ok      examples/${file}`)
  } else {
    failures++
    console.error(`FAILED  examples/${file}\nexpected:\n${expected ?? "(no Output comment)"}\nactual:\n${actual}`)
  }
}
process.exit(failures === 0 ? 0 : 1)

/**
 * Runs every file of `examples/` in a project that has the package as it is packed, and compares what it prints with the `Output:`
 * comment at its end. Run after `npm run build`. Tests are left to vitest.
 */
import { readdirSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { exampleProject } from "./exampleProject.ts"

const examples = readdirSync(fileURLToPath(new URL("../examples", import.meta.url)))
  .filter((name) => /(?<!\.test)\.ts$/.test(name))
  .map((name) => `examples/${name}`)

const project = exampleProject("@effect/vitest")
try {
  project.add(...examples)
  if (!examples.map((each) => project.runs(each)).every(Boolean)) process.exitCode = 1
} finally {
  project.remove()
}

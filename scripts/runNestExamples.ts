/**
 * Installs the applications of NestJS in `examples/` with this package as it would be published, compiles them, and runs their tests. Run
 * after `npm run build`.
 */
import { execFileSync } from "node:child_process"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { packInto } from "./packInto.ts"

const root = fileURLToPath(new URL("../", import.meta.url))

const run = (directory: string, command: string, ...given: ReadonlyArray<string>) =>
  execFileSync(command, given, { cwd: directory, stdio: "inherit", timeout: 300_000 })

const names = ["nestjs", "nestjs11"]
const directories = names.map((name) => join(root, "examples", name))
for (const directory of directories) run(directory, "npm", "ci", "--no-audit", "--no-fund", "--loglevel", "error")
packInto(...directories.map((directory) => join(directory, "node_modules")))
for (const [index, directory] of directories.entries()) {
  run(directory, "npm", "run", "--silent", "build")
  run(directory, "npm", "test", "--silent")
  console.log(`ok      examples/${names[index]}`)
}

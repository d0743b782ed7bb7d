/**
 * Builds the page of the dashboard into `dist/dashboard/static`, and fails if a browser had to load too much of it. What it is made with is
 * installed first if it is not there.
 */
import { execFileSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { partsOf, tableOf, tooLarge } from "./dashboardSizes.ts"

const root = fileURLToPath(new URL("../", import.meta.url))
const app = join(root, "dashboard")
const target = join(root, "dist", "dashboard", "static")

const fail = (problem: string): never => {
  console.error(problem)
  process.exit(1)
}

const run = (command: string, ...given: ReadonlyArray<string>) => {
  try {
    execFileSync(command, given, { cwd: app, stdio: "inherit" })
  } catch {
    fail(`The dashboard was not built: ${[command, ...given].join(" ")} failed in ${app}.`)
  }
}

if (!existsSync(join(app, "package.json"))) fail(`The dashboard was not built: there is no ${app}.`)
if (!existsSync(join(app, "node_modules"))) run("npm", "ci", "--no-audit", "--no-fund", "--loglevel", "error")
run(
  process.execPath,
  join("node_modules", "vite", "bin", "vite.js"),
  ...["build", "--outDir", target, "--emptyOutDir", "--logLevel", "warn"]
)

const manifest = JSON.parse(readFileSync(join(target, ".vite", "manifest.json"), "utf8"))
const parts = partsOf(manifest, (file) => gzipSync(readFileSync(join(target, file))).length)
console.log(`The dashboard, compressed:\n${tableOf(parts)}`)
if (tooLarge(parts).length > 0) fail("The dashboard is too large: load later what is not needed at its start.")

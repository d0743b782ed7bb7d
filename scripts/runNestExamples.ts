/**
 * Installs the applications of NestJS in `examples/` with this package as it would be published, compiles them, and runs their tests. Run
 * after `npm run build`.
 */
import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../", import.meta.url))

const run = (directory: string, command: string, ...given: ReadonlyArray<string>) =>
  execFileSync(command, given, { cwd: directory, stdio: "inherit", timeout: 300_000 })

const packed = mkdtempSync(join(tmpdir(), "packed-"))
try {
  run(root, "npm", "pack", "--silent", "--pack-destination", packed)
  const [archive = ""] = readdirSync(packed)
  for (const name of ["nestjs", "nestjs11"]) {
    const directory = join(root, "examples", name)
    run(directory, "npm", "ci", "--no-audit", "--no-fund", "--loglevel", "error")
    const installed = join(directory, "node_modules/effect-integration")
    mkdirSync(installed)
    run(installed, "tar", "-xzf", join(packed, archive), "--strip-components=1")
    run(directory, "npm", "run", "--silent", "build")
    run(directory, "npm", "test", "--silent")
    console.log(`ok      examples/${name}`)
  }
} finally {
  rmSync(packed, { recursive: true })
}

/** Packs the package as it would be published, and unpacks it where a project installs what it depends on. */
import { execFileSync } from "node:child_process"
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"

const root = fileURLToPath(new URL("../", import.meta.url))

/** @param modules - folders `node_modules`. What the package depends on is not installed. */
export const packInto = (...modules: ReadonlyArray<string>): void => {
  const packed = mkdtempSync(join(tmpdir(), "packed-"))
  try {
    execFileSync("npm", ["pack", "--silent", "--pack-destination", packed], { cwd: root, stdio: "ignore" })
    const [archive = ""] = readdirSync(packed)
    for (const each of modules) {
      const installed = join(each, "effect-integration")
      mkdirSync(installed, { recursive: true })
      execFileSync("tar", ["-xzf", join(packed, archive), "--strip-components=1"], { cwd: installed })
    }
  } finally {
    rmSync(packed, { recursive: true })
  }
}

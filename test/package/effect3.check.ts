/** A project of Effect 3 is told that it needs Effect 4: by npm when it installs, else by what loads the package. README quotes both. */
import * as Fs from "node:fs"
import { join } from "node:path"
import { assert, beforeAll, inject, it } from "vitest"
import { installed, run, tool } from "./support.ts"

const project = () => join(inject("project"), "effect3")

/** The package beside Effect 3, as who only warns about peers installs it (`--legacy-peer-deps`, pnpm). */
beforeAll(() => {
  const modules = join(project(), "node_modules")
  Fs.cpSync(installed(), join(modules, "effect-integration"), { recursive: true })
  Fs.symlinkSync(tool("effect-3", "."), join(modules, "effect"))
  Fs.writeFileSync(join(project(), "package.json"), JSON.stringify({ name: "application", type: "module" }))
})

it("npm refuses to install it", async () => {
  const fresh = join(inject("project"), "fresh")
  Fs.mkdirSync(fresh)
  Fs.writeFileSync(
    join(fresh, "package.json"),
    JSON.stringify({ name: "application", dependencies: { effect: "3.22.4" } })
  )
  const { code, printed } = await run(["npm", "install", "--dry-run", "--prefer-offline", inject("tarball")], fresh)
  assert.strictEqual(code, 1)
  assert.match(printed, /ERESOLVE[\s\S]*Found: effect@3\.22\.4[\s\S]*peer effect@"\^4/)
})

it("loading it names what Effect 3 does not have", async () => {
  const { code, printed } = await run([process.execPath, "-e", 'import("effect-integration")'], project())
  assert.strictEqual(code, 1)
  assert.match(printed, /Package subpath '\.\/sql' is not defined by "exports" in .*effect.*package\.json/)
})

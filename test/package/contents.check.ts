/** What is in the package: declarations and entry points that every resolution finds, and documents whose links lead somewhere. */
import * as Fs from "node:fs"
import { join } from "node:path"
import { assert, inject, it } from "vitest"
import { isAddress, problemOf, targetsOf } from "../support/links.ts"
import { installed, run, tool } from "./support.ts"

// `node16`: the resolution of TypeScript before 4.7, which knows no exports, is not asked. `cjs-resolves-to-esm`: the package
// is ESM only; CommonJS loads it with require, as every Node.js that `engines` names does (runtimes.check.ts tries it).
it("has declarations that are what is loaded, for each entry point (attw)", async () => {
  const attw = [tool("@arethetypeswrong/cli", "dist/index.js"), inject("tarball")]
  const rules = ["--profile", "node16", "--ignore-rules", "cjs-resolves-to-esm", "--no-emoji", "--no-color"]
  const { code, printed } = await run([process.execPath, ...attw, ...rules])
  assert.strictEqual(code, 0, printed)
})

it("has a manifest that publint finds nothing in", async () => {
  const { code, printed } = await run([process.execPath, tool("publint", "src/cli.js"), inject("tarball"), "--strict"])
  assert.strictEqual(code, 0, printed)
})

it("has documents whose links lead to what is in it, or to an address", () => {
  const root = installed()
  const files = Fs.readdirSync(root, { recursive: true, encoding: "utf8" })
  const documents = files.filter((file) => /\.(md|txt)$/.test(file))
  const read = (path: string) => {
    const file = join(root, path)
    if (!Fs.existsSync(file)) return undefined
    return Fs.statSync(file).isDirectory() ? "" : Fs.readFileSync(file, "utf8")
  }
  const links = documents.flatMap((document) =>
    targetsOf(Fs.readFileSync(join(root, document), "utf8"))
      .filter((target) => !isAddress(target))
      .map((target) => ({ document, target }))
  )
  assert.deepStrictEqual(
    links.flatMap(({ document, target }) => problemOf(document, target, read) ?? []),
    []
  )
  assert.isAtLeast(links.length, 150)
})

/** What the package runs on: each program is one that a user could write, and prints what it handled. */
import { cpSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, beforeAll, describe, inject, it } from "vitest"
import { commands, entryPoints, installed, run, tool } from "./support.ts"

const runtimes = {
  "Node.js 22": [tool("node-22", "bin/node")],
  "Node.js 24": [process.execPath],
  Bun: [tool("bun", "bin/bun.exe")],
  // Nothing is fetched: packages are those of the project.
  Deno: [tool("deno", "deno"), "run", "--allow-all", "--no-remote", "--node-modules-dir=manual"]
} as const satisfies Record<string, readonly [string, ...ReadonlyArray<string>]>

beforeAll(() => {
  const project = inject("project")
  cpSync(join(import.meta.dirname, "programs"), project, { recursive: true })
  const imports = entryPoints().map((entry) => `await import(${JSON.stringify(entry)})`)
  writeFileSync(join(project, "all.mjs"), `${imports.join("\n")}\nconsole.log("loaded")\n`)
})

it("are the versions that README names", () => {
  const readme = readFileSync(join(installed(), "README.md"), "utf8")
  const versionOf = (name: string) => JSON.parse(readFileSync(tool(name, "package.json"), "utf8")).version as string
  const minor = (version: string) => version.split(".").slice(0, 2).join(".")
  assert.include(readme, `| Node.js | ${minor(versionOf("node-22"))}, ${minor(process.versions.node)} |`)
  assert.include(readme, `| Bun | ${versionOf("bun")} |`)
  assert.include(readme, `| Deno | ${versionOf("deno")} |`)
})

for (const [name, runtime] of Object.entries(runtimes)) {
  describe(name, () => {
    it("loads every entry point", async () => {
      assert.deepStrictEqual(await run([...runtime, "all.mjs"]), { code: 0, printed: "loaded\n" })
    })

    it("handles an event in memory, on PGlite and on PostgreSQL", async () => {
      for (const store of ["memory", "pglite", inject("postgresUrl")]) {
        assert.deepStrictEqual(await run([...runtime, "effect.mjs", store]), { code: 0, printed: "processed 100\n" })
      }
    })

    it("runs the command line", async () => {
      for (const [command, file] of Object.entries(commands())) {
        const { code, printed } = await run([...runtime, join(installed(), file), "--help"])
        assert.strictEqual(code, 0, printed)
        assert.include(printed, command)
      }
    })

    it("loads promises with require, without a word", async () => {
      assert.deepStrictEqual(await run([...runtime, "promise.cjs"]), { code: 0, printed: "processed 100\n" })
    })
  })
}

/** What is released: migrations that never change, documented names, nothing internal. */
import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { posix } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { migrations } from "../src/sql/migrations/migrations.generated.ts"
import { entryPoints, isDocumented, publicNames } from "./support/publicNames.ts"

const root = new URL("../", import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), "utf8")
const list = (path: string, ending: string) => readdirSync(new URL(path, root)).filter((name) => name.endsWith(ending))

describe("migrations", () => {
  it("are embedded as they stand in sql/", () => {
    const files = list("sql", ".sql").toSorted()
    assert.deepStrictEqual(
      files.map((file) => file.replace(".sql", "")),
      Object.keys(migrations)
    )
    for (const file of files) {
      const statements = read(`sql/${file}`)
        .split(/^-- statement$/m)
        .map((text) => text.trim())
      assert.deepStrictEqual(migrations[file.replace(".sql", "")], statements)
    }
  })

  it("say in their head whether older processes may keep running", () => {
    for (const file of list("sql", ".sql"))
      assert.match(read(`sql/${file}`).split("\nCREATE")[0] ?? "", /Compatible|Breaking/)
  })

  // A released migration is never edited: add another.
  it("are those that were released", () => {
    const hash = (file: string) =>
      createHash("sha256")
        .update(read(`sql/${file}`))
        .digest("hex")
        .slice(0, 16)
    assert.deepStrictEqual(Object.fromEntries(list("sql", ".sql").map((file) => [file, hash(file)])), {
      "0001_outbox.sql": "dcc5737f7b8b1bd4",
      "0002_inbox.sql": "94db22bdb7040dcf",
      "0003_links.sql": "7e7992b35657adb3",
      "0004_settings.sql": "71187de89608b02a",
      "0005_consumers.sql": "33cacccfce4d2cc9",
      "0006_mailboxes.sql": "86e26b0328617856",
      "0007_actors.sql": "606ac2c1355c55e1",
      "0008_recovery.sql": "015fbcac351fbbc8",
      "0009_lighter_indexes.sql": "b4b76723089b5c25",
      "0010_subscriptions.sql": "77192957f527622d"
    })
  })
})

describe("the package", () => {
  it("exports its doors, and every public module under its own name, wherever it lives", () => {
    const manifest = JSON.parse(read("package.json"))
    const doors = [".", "./decorators", "./promise", "./stores", "./testing"]
    const modules = entryPoints().slice(doors.length)
    assert.deepStrictEqual(Object.keys(manifest.exports), [
      ...doors,
      ...modules.map((file) => `./${posix.basename(file, ".ts")}`),
      "./package.json"
    ])
    assert.deepStrictEqual(
      modules,
      modules.toSorted((a, b) => (posix.basename(a) < posix.basename(b) ? -1 : 1))
    )
    assert.isUndefined(manifest.dependencies)
  })

  it("documents every public name, and since when it is there", () => {
    const names = publicNames()
    assert.deepStrictEqual(
      names.filter((each) => !isDocumented(each)).map(({ file, name }) => `${file}: ${name}`),
      []
    )
    // Follows the entry points to the files that declare: as many as there are, or something is not looked at.
    assert.isAtLeast(names.length, 229)
  })
})

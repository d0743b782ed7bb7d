/** The tree of `src`: who may import whom. Each rule is shown to find what breaks it, on a tree made for it. */
import { assert, describe, it } from "@effect/vitest"
import {
  busyDoors,
  circles,
  importersOfDoors,
  importsOf,
  longFiles,
  misnamed,
  readTree,
  strayClients,
  type Tree,
  unknownRooms,
  upwardImports
} from "./support/architecture.ts"
import { entryPoints } from "./support/publicNames.ts"

const tree = readTree()

const made = (files: Readonly<Record<string, string>>): Tree => new Map(Object.entries(files))

describe("the tree of src", () => {
  it("is read with every form of import", () => {
    const text = [
      'import { a } from "./a.ts"',
      'import type { b } from "../b.ts"',
      'import {\n  c,\n  type d\n} from "../delivery/cd.ts"',
      'export * as e from "./e.ts"',
      'export { f } from "./f.ts"',
      'import "./g.ts"',
      'const h = () => import("./h.ts")',
      'import { Effect } from "effect"'
    ].join("\n")
    assert.sameMembers(
      [...importsOf("model/x.ts", text)],
      ["model/a.ts", "b.ts", "delivery/cd.ts", "model/e.ts", "model/f.ts", "model/g.ts", "model/h.ts", "effect"]
    )
    assert.isAtLeast(tree.size, 120)
  })

  it("has doors that only re-export", () => {
    const good = '/** All of it: const. */\nexport * as A from "./a/A.ts"\nexport {\n  b,\n  type C\n} from "./b.ts"\n'
    assert.deepStrictEqual(busyDoors(made({ "index.ts": good, "model/A.ts": "export const a = 1\n" })), [])
    assert.deepStrictEqual(busyDoors(made({ "index.ts": `${good}export const a = 1\n` })), ["index.ts"])
    assert.deepStrictEqual(busyDoors(tree), [])
  })

  it("has only rooms that have a place", () => {
    assert.deepStrictEqual(unknownRooms(made({ "errors/a.ts": "", "misc/b.ts": "", "index.ts": "" })), ["misc"])
    assert.deepStrictEqual(unknownRooms(tree), [])
  })

  it("has no room that imports a door", () => {
    const broken = made({ "index.ts": "", "model/a.ts": 'import { b } from "../index.ts"' })
    assert.deepStrictEqual(importersOfDoors(broken), ["model imports a door"])
    assert.deepStrictEqual(importersOfDoors(tree), [])
  })

  it("has rooms that import only rooms below them, types included", () => {
    const importing = (from: string, to: string) =>
      upwardImports(made({ [from]: `import type { x } from "../${to}"`, [to]: "" }))
    assert.deepStrictEqual(importing("delivery/a.ts", "model/b.ts"), [])
    assert.deepStrictEqual(importing("integration/a.ts", "sql/b.ts"), [])
    assert.deepStrictEqual(importing("model/a.ts", "delivery/b.ts"), ["model/a.ts imports delivery/b.ts"])
    assert.deepStrictEqual(importing("publishing/a.ts", "delivery/b.ts"), ["publishing/a.ts imports delivery/b.ts"])
    assert.deepStrictEqual(importing("operations/a.ts", "sql/b.ts"), ["operations/a.ts imports sql/b.ts"])
    assert.deepStrictEqual(upwardImports(tree), [])
  })

  it("has no circle of imports, types included", () => {
    const broken = made({
      "model/a.ts": 'import { b } from "./b.ts"',
      "model/b.ts": 'import type { c } from "./c.ts"',
      "model/c.ts": 'export * from "./b.ts"'
    })
    assert.deepStrictEqual(circles(broken), ["model/b.ts", "model/c.ts"])
    assert.deepStrictEqual(circles(tree), [])
  })

  it("has no file over 300 lines", () => {
    const long = "const a = 1\n".repeat(301)
    assert.deepStrictEqual(longFiles(made({ "model/a.ts": long, "model/b.ts": long.slice(12) })), ["model/a.ts"])
    assert.deepStrictEqual(longFiles(tree), [])
  })

  it("names its public modules in PascalCase, and no other file", () => {
    const files = made({ "model/Consumer.ts": "", "model/storable.ts": "", "model/Hidden.ts": "", "index.ts": "" })
    assert.deepStrictEqual(misnamed(files, ["model/Consumer.ts"]), ["model/Hidden.ts"])
    assert.deepStrictEqual(misnamed(files, ["model/Consumer.ts", "model/Hidden.ts", "model/storable.ts"]), [
      "model/storable.ts"
    ])
    const exported = entryPoints().map((file) => file.replace(/^src\//, ""))
    assert.deepStrictEqual(misnamed(tree, exported), [])
  })

  it("keeps database clients where they belong", () => {
    const sql = 'import { SqlClient } from "effect/sql"\nimport { PgClient } from "@effect/sql-pg"'
    assert.deepStrictEqual(strayClients(made({ "sql/connection/a.ts": sql, "integration/a.ts": sql })), [])
    assert.deepStrictEqual(strayClients(made({ "stores/a.ts": sql, "sql/b.ts": sql })), [
      "sql/b.ts: @effect/sql-pg",
      "stores/a.ts: @effect/sql-pg",
      "stores/a.ts: effect/sql"
    ])
    assert.deepStrictEqual(strayClients(tree), [])
  })
})

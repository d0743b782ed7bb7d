/** What is released: migrations that never change, documented names, nothing internal. */
import { createHash } from "node:crypto"
import { readdirSync, readFileSync } from "node:fs"
import { posix } from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { migrations } from "../src/sql/migrations/migrations.generated.ts"
import { entryPoints, isDocumented, isInternal, publicNames } from "./support/publicNames.ts"

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

  // A released migration is never edited: add another, and say in its head whether older processes may keep running.
  it("are those that were released", () => {
    const hash = (file: string) =>
      createHash("sha256")
        .update(read(`sql/${file}`))
        .digest("hex")
        .slice(0, 16)
    assert.deepStrictEqual(Object.fromEntries(list("sql", ".sql").map((file) => [file, hash(file)])), {
      "0001_events.sql": "41e06fb9d9c73e86",
      "0002_deliveries.sql": "35e05682694812ce",
      "0003_statuses.sql": "bcb3bdbd46353af1",
      "0004_subscriptions.sql": "4ac0e6fa61edeb01",
      "0005_replicas.sql": "8b45c5be87b9bf23",
      "0006_links.sql": "1b9b45bdd4c22f70",
      "0007_actors.sql": "bc99df5de114c6b7",
      "0008_settings.sql": "7c5b6a94145a80fb",
      "0009_contracts.sql": "abacd2f376978548",
      "0010_functions.sql": "076bbf26c0984fda",
      "0011_statistics.sql": "e88f4c24bf89cf30",
      "0012_errors.sql": "8d0eabed22a69b1d",
      "0013_operations.sql": "dd0c4edcfe760def",
      "0014_processes.sql": "adb629b2eeff3ebb",
      "0015_reasons.sql": "5761a19fb34a7618"
    })
  })
})

describe("the package", () => {
  it("exports its doors, and every public module under its own name, wherever it lives", () => {
    const manifest = JSON.parse(read("package.json"))
    const doors = [
      ".",
      "./admin",
      "./dashboard",
      "./decorators",
      "./drizzle",
      "./knex",
      "./kysely",
      "./nestjs",
      "./pg",
      "./postgres",
      "./prisma",
      "./promise",
      "./services",
      "./stores",
      "./testing"
    ]
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
    // The terminal of the command line, and the server of the administration.
    assert.deepStrictEqual(Object.keys(manifest.dependencies), ["@effect/platform-node-shared", "srvx"])
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

  it("shows every public name in docs/api", () => {
    const pages = readdirSync(new URL("docs/api/", root), { recursive: true, encoding: "utf8" })
    const headings = pages
      .filter((page) => page.endsWith(".md"))
      .flatMap((page) => [...read(`docs/api/${page}`).matchAll(/^## (\w+)$/gm)].map(([, name]) => name))
    assert.deepStrictEqual(
      publicNames()
        .filter((each) => !isInternal(each) && !headings.includes(each.name))
        .map(({ file, name }) => `${file}: ${name}`),
      []
    )
  })
})

/** docs/doctor.md lists what the doctor can find, and each of it is provoked by a test. */
import { readdirSync, readFileSync } from "node:fs"
import { assert, it } from "@effect/vitest"
import { defaultLimits, kinds } from "../../src/operations/Doctor.ts"

const root = new URL("../../", import.meta.url)
const page = readFileSync(new URL("docs/doctor.md", root), "utf8")

it("the table of docs/doctor.md", () => {
  const rows = kinds.map(
    ({ cause, id, mend, severity, title }) => `| \`${id}\` | ${severity} | ${title} | ${cause} | ${mend} |`
  )
  const [, table = ""] = page.split("## What it finds\n")
  const found = table
    .split("\n")
    .filter((line) => line.startsWith("| `") && / \| (?:error|warning|notice) \| /.test(line))
  assert.deepStrictEqual(found, rows)
})

it("its limits", () => {
  const [, table = ""] = page.split("| limit | default | |\n|---|---|---|\n")
  const listed = [...(table.split("\n\n")[0]?.matchAll(/^\| `(\w+)` \|/gm) ?? [])].map(([, name]) => name)
  assert.deepStrictEqual(listed, Object.keys(defaultLimits))
})

it("every kind of finding is named by a test that provokes it", () => {
  const folder = new URL("test/operations/", root)
  const tests = readdirSync(folder)
    .filter((name) => /^(doctor|health).*\.test\.ts$/.test(name))
    .map((name) => readFileSync(new URL(name, folder), "utf8"))
    .join("\n")
  assert.deepStrictEqual(
    kinds.map(({ id }) => id).filter((id) => !tests.includes(`"${id}"`)),
    []
  )
})

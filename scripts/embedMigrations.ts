/**
 * Embeds `sql/NNNN_name.sql` into `src/sql/migrations/migrations.generated.ts`, split into statements on `-- statement` lines.
 * `--check` changes nothing and fails when the embedded form is not that of the files.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const directory = fileURLToPath(new URL("../sql/", import.meta.url))
const target = fileURLToPath(new URL("../src/sql/migrations/migrations.generated.ts", import.meta.url))

const files = readdirSync(directory)
  .filter((file) => file.endsWith(".sql"))
  .sort()

files.forEach((file, index) => {
  const expected = String(index + 1).padStart(4, "0")
  if (!/^\d{4}_[a-z_]+(\.breaking)?\.sql$/.test(file) || !file.startsWith(expected)) {
    throw new Error(`sql/${file}: expected ${expected}_name.sql; migrations are numbered without gaps`)
  }
})

const statements = (file: string) =>
  readFileSync(directory + file, "utf8")
    .split(/^-- statement$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement !== "")

const entries = files.map((file) => {
  const list = statements(file).map((statement) => `    ${JSON.stringify(statement)}`)
  return `  ${JSON.stringify(file.replace(/\.sql$/, ""))}: [\n${list.join(",\n")}\n  ]`
})

const text = `/**
 * The migrations of \`sql/\`, embedded by \`npm run embed\`. Not to be edited.
 *
 * @internal
 */
export const migrations: Readonly<Record<string, ReadonlyArray<string>>> = {
${entries.join(",\n")}
}
`

if (process.argv.includes("--check")) {
  if (readFileSync(target, "utf8") !== text) {
    console.error("src/sql/migrations/migrations.generated.ts is not what sql/ says. Run: npm run embed")
    process.exit(1)
  }
} else {
  writeFileSync(target, text)
}

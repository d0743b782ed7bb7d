/**
 * Copies examples into the documents that show them, with the imports a user writes. `--check` changes nothing and fails
 * when a document says something else.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url))

/** The package's name for each module. */
const specifiers = [
  ["../src/index.ts", "effect-integration"],
  ["../src/pglite.ts", "effect-integration/PgLite"],
  ["../src/testing.ts", "effect-integration/testing"]
] as const

const textOf = (example: string) => {
  const text = readFileSync(path(example), "utf8").replace(/\/\* Output:[\s\S]*$/, "")
  return specifiers.reduce((result, [from, to]) => result.replace(from, to), text).trim()
}

/** Documents, and the examples they show below a comment with the example's path. */
const documents = [
  ["README.md", "examples/quickstart.ts"],
  ["docs/testing.md", "examples/invoices.test.ts"]
] as const

const escape = (text: string) => text.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&")

for (const [document, example] of documents) {
  const current = readFileSync(path(document), "utf8")
  const block = new RegExp(`(<!-- ${escape(example)} -->\\n\`\`\`ts\\n)[\\s\\S]*?(\`\`\`)`)
  const synced = current.replace(block, (_, open, close) => `${open}${textOf(example)}\n${close}`)
  if (!process.argv.includes("--check")) writeFileSync(path(document), synced)
  else if (synced !== current) {
    console.error(`${document} does not show ${example} as it is. Run: node scripts/syncReadme.ts`)
    process.exit(1)
  }
}

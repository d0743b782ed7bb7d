/**
 * Copies examples into the documents that show them, with the imports a user writes: a whole file below a comment
 * `<!-- examples/file.ts -->`, one of its declarations below `<!-- examples/file.ts: name -->`. `--check` changes nothing and
 * fails when a document says something else.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { textOf } from "./examples.ts"

const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url))

/** From the name to the blank line before whatever begins at the margin next. */
const declarationOf = (example: string, name: string) => {
  const [found] =
    new RegExp(`^(@.*\\n)?(export )?(const|class) ${name} [\\s\\S]*?(?=\\n\\n\\S|$(?![\\s\\S]))`, "m").exec(
      textOf(example)
    ) ?? []
  if (found === undefined) throw new Error(`${example} declares no ${name}`)
  return found
}

const documents = [
  "README.md",
  ...readdirSync(path("docs"))
    .filter((name) => /\.(md|txt)$/.test(name))
    .map((name) => `docs/${name}`)
]

const block = /(<!-- (examples\/[\w/.-]+\.ts)(?:: (\w+))? -->\n```ts\n)[\s\S]*?(```)/g

for (const document of documents) {
  const current = readFileSync(path(document), "utf8")
  const synced = current.replace(block, (_, open, example, name: string | undefined, close) => {
    const text = name === undefined ? textOf(example) : declarationOf(example, name)
    return `${open}${text}\n${close}`
  })
  if (!process.argv.includes("--check")) writeFileSync(path(document), synced)
  else if (synced !== current) {
    console.error(`${document} does not show its examples as they are. Run: node scripts/syncReadme.ts`)
    process.exit(1)
  }
}

/**
 * Copies `examples/quickstart.ts` into the README, with the imports a user writes. `--check` changes nothing and fails
 * when the README says something else.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const path = (name: string) => fileURLToPath(new URL(`../${name}`, import.meta.url))

const example = readFileSync(path("examples/quickstart.ts"), "utf8")
  .replace(/\/\* Output:[\s\S]*$/, "")
  .replace("../src/index.ts", "effect-integration")
  .replace("../src/PgLite.ts", "effect-integration/PgLite")
  .trim()

const readme = readFileSync(path("README.md"), "utf8")
const synced = readme.replace(
  /(<!-- examples\/quickstart\.ts -->\n```ts\n)[\s\S]*?(```)/,
  (_, open, close) => `${open}${example}\n${close}`
)

if (!process.argv.includes("--check")) writeFileSync(path("README.md"), synced)
else if (synced !== readme) {
  console.error("README.md does not show examples/quickstart.ts as it is. Run: node scripts/syncReadme.ts")
  process.exit(1)
}

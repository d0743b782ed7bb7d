/**
 * Writes `docs/api` from the built declarations and their docstrings: a page for each module that the package exports.
 * `--check` changes nothing and fails when a page is not what the code says.
 */
import * as Fs from "node:fs"
import { posix } from "node:path"
import { fileURLToPath } from "node:url"
import { type Declaration, type Exported, read } from "./api/declarations.ts"
import { formatted, prose, summary } from "./api/markdown.ts"

const root = new URL("../", import.meta.url)
const target = fileURLToPath(new URL("docs/api/", root))

interface Module {
  readonly specifier: string
  readonly file: string
  /** The page's path in `docs/api`. Doors have a folder of their own: `Decorators` and `decorators` are one name on some disks. */
  readonly page: string
}

const isDoor = (file: string) => posix.dirname(file) === "dist"

const { exports } = JSON.parse(Fs.readFileSync(new URL("package.json", root), "utf8"))
const modules: ReadonlyArray<Module> = Object.entries<{ types?: string }>(exports).flatMap(([entry, { types }]) => {
  if (types === undefined) return []
  const file = posix.normalize(types)
  const name = posix.basename(file, ".d.ts")
  return [
    { specifier: `effect-integration${entry.slice(1)}`, file, page: isDoor(file) ? `doors/${name}.md` : `${name}.md` }
  ]
})
const doors = modules.filter(({ file }) => isDoor(file))
const named = modules.filter(({ file }) => !isDoor(file))

/** The page that shows a declaration: that of its file, else the first that passes it on. */
const homes = new Map<string, string>()
for (const { file, page } of named) homes.set(`${file} *`, page)
for (const { file, page } of [...named, ...doors]) {
  for (const each of read(file).exports) {
    const own = homes.get(`${each.file} *`)
    if (!homes.has(keyOf(each))) homes.set(keyOf(each), own ?? page)
  }
}

function keyOf({ file, original }: Exported) {
  return `${file} ${original}`
}

const anchor = (name: string) => name.toLowerCase()

const linkTo = (from: string, { name, ...rest }: Exported) => {
  const home = homes.get(keyOf({ name, ...rest }))
  if (home === undefined) throw new Error(`${name} of ${rest.file} is on no page`)
  const path = posix.relative(posix.dirname(from), home)
  return `[${name}](${path}${rest.original === "*" ? "" : `#${anchor(rest.original)}`})`
}

const declarationsOf = ({ file, original }: Exported) => read(file).statements.get(original) ?? []
const codes = formatted(modules.flatMap(({ file }) => read(file).exports.flatMap(declarationsOf)))

const section = (each: Exported) => {
  const declared = declarationsOf(each)
  const docs = declared.map(({ doc }) => prose(doc)).filter((text) => text !== "")
  const code = declared.map((one: Declaration) => codes.get(one)).join("\n\n")
  return [`## ${each.original}`, ...docs, `\`\`\`ts\n${code}\n\`\`\``].join("\n\n")
}

const sorted = (names: ReadonlyArray<Exported>) => names.toSorted((a, b) => (a.name < b.name ? -1 : 1))

const pageOf = ({ file, page, specifier }: Module) => {
  const shown = read(file).exports.filter((each) => homes.get(keyOf(each)) === page && each.original !== "*")
  const elsewhere = sorted(read(file).exports.filter((each) => !shown.includes(each)))
  const also = elsewhere.map((each) => linkTo(page, each)).join(", ")
  const parts = [`# ${specifier}`, prose(read(file).doc), also === "" ? "" : `Described elsewhere: ${also}.`]
  return `${[...parts.filter((part) => part !== ""), ...shown.map(section)].join("\n\n")}\n`
}

const row = ({ file, page, specifier }: Module) =>
  `| [${specifier}](${page}) | ${summary(read(file).doc).replaceAll("|", "\\|")} |`

const table = (list: ReadonlyArray<Module>) => ["| module | what it is |", "|---|---|", ...list.map(row)].join("\n")

const overview = `# Reference

Every module that the package exports, with its declarations and what their docstrings say; made from the code by \`npm run docs\`.
Everything is there since 0.1.0. Pages that explain are in [docs](../README.md).

## Doors

${table(doors)}

## Modules

${table(named)}
`

const pages = new Map([["README.md", overview], ...modules.map((each) => [each.page, pageOf(each)] as const)])

const present = Fs.existsSync(target)
  ? Fs.readdirSync(target, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".md"))
  : []
const stale = [
  ...present.filter((name) => !pages.has(name)),
  ...[...pages]
    .filter(([page, text]) => !present.includes(page) || Fs.readFileSync(target + page, "utf8") !== text)
    .map(([page]) => page)
]

if (process.argv.includes("--check")) {
  if (stale.length > 0) {
    console.error(`docs/api is not what the code says (${stale.join(", ")}). Run: npm run build && npm run docs`)
    process.exit(1)
  }
} else {
  Fs.rmSync(target, { recursive: true, force: true })
  for (const [page, text] of pages) {
    Fs.mkdirSync(posix.dirname(target + page), { recursive: true })
    Fs.writeFileSync(target + page, text)
  }
}

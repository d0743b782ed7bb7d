/**
 * Bundles what applications import, as esbuild does for them, and compares the sizes (minified, gzip) with those in
 * `bundleSizes.json`: run after `npm run build`. `--check` changes nothing and fails when one has grown by more than 5 %, or
 * reaches for what it must leave alone.
 */
import { readFileSync, writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { gzipSync } from "node:zlib"
import { build } from "esbuild"

const root = fileURLToPath(new URL("../", import.meta.url))
const target = fileURLToPath(new URL("./bundleSizes.json", import.meta.url))
const manifest = JSON.parse(readFileSync(`${root}package.json`, "utf8"))

const name = "effect-integration"

/** Every door as a whole, whichever there are, and what an application imports of the main one. */
const imports: ReadonlyArray<string> = [
  `{ DomainEvent } from "${name}"`,
  `{ DomainEvent, Publisher } from "${name}"`,
  `{ Consumer, DomainEvent, Subscriber } from "${name}"`,
  `{ IntegrationLive } from "${name}"`,
  `{ IntegrationMemory } from "${name}"`,
  ...Object.entries<{ default?: string }>(manifest.exports)
    .filter(([, target]) => /^\.\/dist\/\w+\.js$/.test(target.default ?? ""))
    .map(([entry]) => `* from "${name}${entry.slice(1)}"`),
  `* from "${name}/PgLite"`
]

/** Rooms whose code must not come along. */
const databases = ["sql", "pglite", "memory", "integration"]
const without: Readonly<Record<string, ReadonlyArray<string>>> = {
  [`{ DomainEvent } from "${name}"`]: [...databases, "delivery", "publishing", "contracts"],
  [`{ DomainEvent, Publisher } from "${name}"`]: [...databases, "delivery", "contracts"],
  [`{ Consumer, DomainEvent, Subscriber } from "${name}"`]: databases,
  [`{ IntegrationLive } from "${name}"`]: ["memory", "pglite", "testing"],
  [`{ IntegrationMemory } from "${name}"`]: ["sql", "pglite", "testing"],
  [`* from "${name}"`]: ["pglite", "testing"],
  [`* from "${name}/decorators"`]: [...databases, "delivery", "publishing"],
  [`* from "${name}/PgLite"`]: ["sql", "memory", "integration"]
}

/** Optional peers are loaded when they are asked for, and not by who imports a door that can do without. */
const optional = Object.keys(manifest.peerDependenciesMeta)
const withoutOptional = ["", "/decorators", "/promise", "/stores", "/testing"].map((door) => `* from "${name}${door}"`)

const bundle = async (what: string) => {
  const { metafile, outputFiles } = await build({
    stdin: { contents: `export ${what}`, resolveDir: root },
    bundle: true,
    minify: true,
    format: "esm",
    platform: "node",
    write: false,
    metafile: true,
    external: Object.keys({ ...manifest.dependencies, ...manifest.peerDependencies }),
    logLevel: "error"
  })
  const [output] = Object.values(metafile.outputs)
  const used = Object.entries(output!.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0)
  return {
    bytes: gzipSync(outputFiles[0]!.contents).length,
    rooms: [...new Set(used.map(([file]) => file.split("/")[1]!))],
    loaded: output!.imports.filter(({ kind }) => kind === "import-statement").map(({ path }) => path)
  }
}

const problems: Array<string> = []
const known: Readonly<Record<string, number>> = JSON.parse(readFileSync(target, "utf8"))
const sizes: Record<string, number> = {}

for (const what of imports) {
  const { bytes, loaded, rooms } = await bundle(what)
  sizes[what] = bytes
  const before = known[what]
  if (before === undefined) problems.push(`${what} is not in bundleSizes.json: ${bytes} bytes`)
  else if (bytes > before * 1.05) problems.push(`${what} grew from ${before} to ${bytes} bytes`)
  const reached = rooms.filter((room) => without[what]?.includes(room))
  if (reached.length > 0) problems.push(`${what} takes along src/${reached.join(", src/")}`)
  const peers = optional.filter(
    (peer) => withoutOptional.includes(what) && loaded.some((path) => path.startsWith(peer))
  )
  if (peers.length > 0) problems.push(`${what} does not load without ${peers.join(", ")}`)
}

if (process.argv.includes("--check")) {
  for (const problem of problems) console.error(`Bundle: ${problem}`)
  if (problems.length > 0) console.error("If it is meant: npm run build && npm run sizes")
  process.exit(problems.length > 0 ? 1 : 0)
} else {
  writeFileSync(target, `${JSON.stringify(sizes, null, 2)}\n`)
}

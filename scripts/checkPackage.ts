/** Imports the built package as a user does, by its name: run after `npm run build`. */
import { readdirSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const fail = (problem: string): never => {
  console.error(`The built package is not usable: ${problem}`)
  process.exit(1)
}

const load = (specifier: string): Promise<Record<string, unknown>> => import(specifier)

const main = await load("effect-integration")
for (const name of [
  "DomainEvent",
  "Consumer",
  "Subscriber",
  "Publisher",
  "Processor",
  "Registry",
  "LinkStore",
  "Actor",
  "IntegrationLive",
  "IntegrationMemory"
]) {
  if (!(name in main)) fail(`effect-integration does not export ${name}`)
}
const entryPoints = {
  PgLite: "layer",
  decorators: "Subscribe",
  nestjs: "IntegrationModule",
  promise: "createIntegration",
  services: "createServices",
  stores: "checkLink",
  testing: "settled"
}
for (const [name, member] of Object.entries(entryPoints)) {
  if (!(member in (await load(`effect-integration/${name}`)))) fail(`effect-integration/${name} has no ${member}`)
}
const { exports } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"))
for (const entry of Object.keys(exports).filter((name) => name !== "./package.json")) {
  await load(`effect-integration${entry.slice(1)}`).catch((cause) => fail(`${entry} cannot be imported: ${cause}`))
}
await load("effect-integration/model/eventPattern").then(
  () => fail("internal modules can be imported"),
  () => undefined
)

const dist = fileURLToPath(new URL("../dist/", import.meta.url))
const page = "dashboard/static/"
const all = readdirSync(dist, { recursive: true, encoding: "utf8" }).map((file) => file.replaceAll("\\", "/"))
if (!all.includes(`${page}index.html`)) fail(`no dist/${page}index.html`)
const files = all.filter((file) => !file.startsWith(page))
for (const file of files.filter((name) => name.endsWith(".js"))) {
  const base = file.replace(/\.js$/, "")
  for (const ending of [".js.map", ".d.ts", ".d.ts.map"])
    if (!files.includes(base + ending)) fail(`no dist/${base}${ending}`)
}
for (const file of files.filter((name) => name.endsWith(".js"))) {
  if (/from "\.[^"]*\.ts"/.test(readFileSync(dist + file, "utf8"))) fail(`dist/${file} imports a .ts file`)
}
console.log(`The built package is usable: ${files.filter((name) => name.endsWith(".js")).length} modules`)

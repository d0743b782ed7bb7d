/** Who compiles against the package, and emits declarations of what is made with it: each TypeScript, from ES modules and from CommonJS, under the ways to resolve modules. */
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { assert, describe, inject, it } from "vitest"
import { entryPoints, installed, modules, run } from "./support.ts"

const esm = { type: "module", file: "app.ts" }
const cjs = { type: "commonjs", file: "app.ts" }

const nodenext = { module: "nodenext", moduleResolution: "nodenext" }
const node16 = { module: "node16", moduleResolution: "node16" }

const projects = {
  "nodenext, ES modules": { ...esm, ...nodenext },
  "node16, ES modules": { ...esm, ...node16 },
  "bundler, ES modules": { ...esm, module: "esnext", moduleResolution: "bundler" },
  "nodenext, CommonJS": { ...cjs, ...nodenext },
  "preserve with bundler, CommonJS": { ...cjs, module: "preserve", moduleResolution: "bundler" },
  "commonjs with bundler, CommonJS": { ...cjs, module: "commonjs", moduleResolution: "bundler" },
  "node16, CommonJS": { ...cjs, ...node16 }
}
type Project = (typeof projects)[keyof typeof projects] & { readonly [option: string]: unknown }

/** A file that imports every module, and uses some as an application does, with a type that is wrong on purpose. */
const imports = () => `${entryPoints()
  .map((entry, index) => `import * as m${index} from ${JSON.stringify(entry)}`)
  .join("\n")}
import { createIntegration } from "effect-integration/promise"
export const integration = createIntegration({ memory: true })
export const stop: () => Promise<void> = integration.stop
// @ts-expect-error: declarations are found, or this would be no error
export const wrong: number = integration.stop
export const all = [${entryPoints()
  .map((_, index) => `m${index}`)
  .join(", ")}].length
`

const compile = (compiler: string, name: string, { file, type, ...given }: Project, text = imports()) => {
  const folder = join(inject("project"), "compilers", `${compiler}-${name.replaceAll(/\W+/g, "-")}`)
  mkdirSync(folder, { recursive: true })
  const options = { target: "es2022", strict: true, noEmit: true, skipLibCheck: true, types: ["node"], ...given }
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "application", type }))
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: options, files: [file] }))
  writeFileSync(join(folder, file), text)
  return run([process.execPath, join(import.meta.dirname, "../../node_modules", compiler, "bin/tsc"), "-p", folder])
}

const compiles = (compiler: string, name: keyof typeof projects) =>
  it(name, async () => {
    assert.deepStrictEqual(await compile(compiler, name, projects[name]), { code: 0, printed: "" })
  })

/** The compiler's errors, each once. */
const refused = async (compiler: string, name: keyof typeof projects) => {
  const { printed } = await compile(compiler, name, projects[name])
  return [...new Set([...printed.matchAll(/error (TS\d+)/g)].map(([, error]) => error))]
}

// ES modules are tried with every compiler in test/declarations.test.ts.
describe("TypeScript 7.0", () => {
  compiles("typescript", "nodenext, ES modules")
  compiles("typescript", "node16, ES modules")
  compiles("typescript", "bundler, ES modules")
  compiles("typescript", "nodenext, CommonJS")
  compiles("typescript", "preserve with bundler, CommonJS")
  compiles("typescript", "commonjs with bundler, CommonJS")

  it("refuses CommonJS under node16, whose Node.js had no require of ES modules", async () => {
    assert.deepStrictEqual(await refused("typescript", "node16, CommonJS"), ["TS1479"])
  })
})

describe("TypeScript 6.0", () => {
  compiles("typescript-6", "commonjs with bundler, CommonJS")
})

describe("TypeScript 5.9", () => {
  compiles("typescript-5", "nodenext, CommonJS")
})

/** Whether a class is that of a service: statics of errors are those of `Schema`. */
const isService = (value: unknown) =>
  typeof value === "function" && /^class /.test(String(value)) && !(value.prototype instanceof Error)

/** Exports again whatever the package exports, statics of services apart: each of its types has to be named in what is emitted. */
const exportsAgain = async () => {
  const lines = Object.entries(modules()).map(async ([entry, target], index) => {
    const module: Record<string, unknown> = await import(join(installed(), target))
    const classes = Object.keys(module).filter((name) => isService(module[name]))
    return [
      `import * as m${index} from ${JSON.stringify(entry)}`,
      `export const all${index} = { ...m${index} }`,
      ...classes.map((name) => `export const statics${index}${name} = { ...m${index}.${name} }`)
    ].join("\n")
  })
  return `${(await Promise.all(lines)).join("\n")}\n`
}

it("an application that emits declarations can name every type that the package exports", async () => {
  const emitting = { ...projects["nodenext, ES modules"], declaration: true, noEmit: false, emitDeclarationOnly: true }
  const compiled = await compile("typescript", "declarations", emitting, await exportsAgain())
  assert.deepStrictEqual(compiled, { code: 0, printed: "" })
})

/** An application that emits declarations can export what it makes with this package, whichever TypeScript compiles it. */
import { execFile } from "node:child_process"
import * as Fs from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"
import { assert, it } from "@effect/vitest"
import { afterAll, beforeAll } from "vitest"

const root = fileURLToPath(new URL("../", import.meta.url))
const application = join(root, "test/types/application")
const directory = Fs.mkdtempSync(join(tmpdir(), "declarations-"))

/** Packages of compilers, by what they are called here. */
const compilers = ["typescript-5", "typescript-6", "typescript"]

const compile = (compiler: string, args: ReadonlyArray<string>) =>
  promisify(execFile)(process.execPath, [join(root, "node_modules", compiler, "bin/tsc"), ...args], { cwd: root })

const options = {
  strict: true,
  exactOptionalPropertyTypes: true,
  declaration: true,
  emitDeclarationOnly: true,
  rewriteRelativeImportExtensions: true,
  module: "NodeNext",
  target: "ES2022",
  lib: ["ES2024"],
  types: ["node"],
  skipLibCheck: true,
  rootDir: "."
}

/** The package as it is installed, beside what it needs; and the application. */
beforeAll(async () => {
  const installed = join(directory, "node_modules/effect-integration")
  Fs.mkdirSync(installed, { recursive: true })
  await compile("typescript", ["-p", "tsconfig.build.json", "--outDir", join(installed, "dist")])
  Fs.copyFileSync(join(root, "package.json"), join(installed, "package.json"))
  for (const name of ["effect", "@effect", "@electric-sql", "@types"]) {
    Fs.symlinkSync(join(root, "node_modules", name), join(directory, "node_modules", name))
  }
  for (const name of Fs.readdirSync(application)) Fs.copyFileSync(join(application, name), join(directory, name))
  Fs.writeFileSync(join(directory, "package.json"), JSON.stringify({ name: "application", type: "module" }))
  Fs.writeFileSync(join(directory, "tsconfig.json"), JSON.stringify({ compilerOptions: options, include: ["*.ts"] }))
}, 120_000)

afterAll(() => Fs.rmSync(directory, { recursive: true, force: true }))

for (const compiler of compilers) {
  const { version } = JSON.parse(Fs.readFileSync(join(root, "node_modules", compiler, "package.json"), "utf8"))

  it(`TypeScript ${version} names every type that an application exports`, async () => {
    const out = join(directory, compiler)
    const printed = await compile(compiler, ["-p", join(directory, "tsconfig.json"), "--outDir", out]).catch(
      ({ stdout }) => ({ stdout: String(stdout) })
    )
    assert.strictEqual(printed.stdout, "")
    const emitted = ["app", "again"].map((name) => Fs.readFileSync(join(out, `${name}.d.ts`), "utf8")).join("\n")
    assert.notMatch(emitted, /node_modules|\bany\b/)
    assert.match(emitted, /createInvoice: .*Stored<"invoice.created"/)
  }, 120_000)
}

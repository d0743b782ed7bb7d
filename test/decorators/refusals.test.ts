/** What compilers say of a decorated method that cannot handle its event: why, in the first line after the place. */
import { execFile } from "node:child_process"
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs"
import { rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { afterAll, assert, beforeAll, describe, it } from "vitest"

const root = fileURLToPath(new URL("../..", import.meta.url))
const directory = mkdtempSync(join(tmpdir(), "refusals-"))

const program = `
import { Effect, Schema } from "effect"
import { DomainEvent, type HandlerContext } from ${JSON.stringify(join(root, "src/index.ts"))}
import { Subscribe } from ${JSON.stringify(join(root, "src/decorators.ts"))}
const of = { sourceModule: "shop", aggregateType: "Invoice", aggregateId: () => "1" }
const Created = DomainEvent.define("created", { ...of, payload: Schema.Struct({ amount: Schema.Number }) })
const Paid = DomainEvent.define("paid", { ...of, payload: Schema.Struct({ on: Schema.String }) })
type Created = DomainEvent.Of<typeof Created>
type Paid = DomainEvent.Of<typeof Paid>
export class Right {
  @Subscribe(Created) one(event: Created) { return Effect.log(event.payload.amount) }
  @Subscribe([Created, Paid]) several(event: Created | Paid, context: HandlerContext) { return Promise.resolve([event, context]) }
  @Subscribe("*") pattern(event: { readonly name: string }) { event.name }
  @Subscribe(Created) nothing() {}
  @Subscribe(Created) async later(event: Created): Promise<number> { return event.payload.amount }
  @Subscribe(Created) generic<A extends { readonly name: string }>(event: A) { void event }
}
export class Wrong {
  @Subscribe(Created) other(event: Paid) { return Effect.log(event.payload.on) }
  @Subscribe([Created, Paid]) fewer(event: Created) { return Promise.resolve(event) }
  @Subscribe(Created) answers(event: Created) { return event.payload.amount }
}
`

beforeAll(() => {
  writeFileSync(join(directory, "program.ts"), program)
  writeFileSync(join(directory, "package.json"), '{"type":"module"}')
  symlinkSync(join(root, "node_modules"), join(directory, "node_modules"))
  for (const experimentalDecorators of [false, true]) {
    const setting = join(directory, String(experimentalDecorators))
    mkdirSync(setting)
    writeFileSync(
      join(setting, "tsconfig.json"),
      JSON.stringify({
        extends: join(root, "tsconfig.json"),
        compilerOptions: {
          experimentalDecorators,
          noEmit: true,
          allowImportingTsExtensions: true,
          rewriteRelativeImportExtensions: false,
          rootDir: "/",
          skipLibCheck: true
        },
        files: ["../program.ts"],
        include: []
      })
    )
  }
})
afterAll(() => rm(directory, { recursive: true, force: true }))

/** What a compiler prints, which fails as it has to. */
const printed = (compiler: string, project: string) =>
  new Promise<ReadonlyArray<string>>((resolve) => {
    const args = [join(root, "node_modules", compiler, "bin/tsc"), "-p", project, "--pretty", "false"]
    execFile(process.execPath, args, { cwd: directory }, (_, stdout) => resolve(stdout.trim().split("\n")))
  })

const parameters = (names: string) =>
  `"The parameters of a method with @Subscribe of ${names} are that event and a HandlerContext"`

describe.each(["typescript-5", "typescript-6", "typescript"])("%s", (compiler) => {
  it.each([
    ["standard", false],
    ["legacy", true]
  ] as const)(
    "%s decorators",
    async (_, experimentalDecorators) => {
      const lines = await printed(compiler, join(directory, String(experimentalDecorators)))
      const errors = lines.filter((line) => !line.startsWith(" "))
      assert.deepStrictEqual(
        errors.map((line) => / error (TS\d+)/.exec(line)?.[1]),
        ["TS1241", "TS1241", "TS1241"],
        lines.join("\n")
      )
      const reasons = lines.filter((line) => line.startsWith(" "))
      assert.lengthOf(reasons, 3)
      const expected = [
        [parameters("created")],
        [parameters("created"), parameters("paid")],
        ['"A method with @Subscribe returns an Effect, a promise, or nothing"']
      ]
      for (const [index, texts] of expected.entries()) {
        const reason = reasons[index] ?? ""
        assert.include(reason, "is not assignable to parameter of type")
        for (const text of texts) assert.include(reason, text)
      }
    },
    120_000
  )
})

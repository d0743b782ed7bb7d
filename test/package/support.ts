/** What the checks share: running a program to its end, and the entry points of the installed package. */
import { spawn } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { inject } from "vitest"
import { environment } from "./environment.ts"

export interface Ended {
  readonly code: number | null
  readonly printed: string
}

/** Runs a program in a folder, by default the project's; what it prints on both streams, in the order it came. */
export const run = (
  [command, ...args]: readonly [string, ...ReadonlyArray<string>],
  cwd: string = inject("project")
): Promise<Ended> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env: environment(), stdio: ["ignore", "pipe", "pipe"], timeout: 60_000 })
    let printed = ""
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text) => (printed += text))
    child.once("error", reject)
    child.once("close", (code) => resolve({ code, printed }))
  })

/** The folder of the installed package. */
export const installed = (): string => join(inject("project"), "node_modules/effect-integration")

const manifest = () => JSON.parse(readFileSync(join(installed(), "package.json"), "utf8"))

/** The commands that the package brings, by name: their files in the package. */
export const commands = (): Readonly<Record<string, string>> => manifest().bin

/** Every module that the package exports: its specifier, and its file in the package. */
export const modules = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries<{ default?: string }>(manifest().exports).flatMap(([entry, { default: file }]) =>
      file === undefined ? [] : [[`effect-integration${entry.slice(1)}`, file]]
    )
  )

/** Specifiers of every module that the package exports. */
export const entryPoints = (): ReadonlyArray<string> => Object.keys(modules())

/** A file of one of the tools that are installed beside these checks. */
export const tool = (name: string, file: string): string => {
  const path = join(import.meta.dirname, "node_modules", name, file)
  if (!existsSync(path)) throw new Error(`${path} is missing. Run: npm ci --prefix test/package`)
  return path
}

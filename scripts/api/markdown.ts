/** Docstrings and declarations as Markdown. */
import { execFileSync } from "node:child_process"
import { fileURLToPath } from "node:url"
import type { Declaration } from "./declarations.ts"

const root = fileURLToPath(new URL("../../", import.meta.url))

const since = /\s*@since \S+/g

/** A docstring's prose, with its parameters as a list. `since` is left out: the overview says it for all. */
export const prose = (doc: string): string =>
  doc
    .replace(since, "")
    .replace(/^@param (\S+) - /gm, "- `$1`: ")
    .replace(/^@returns /gm, "Returns ")
    .trim()

/** The first sentence of a docstring, on one line. */
export const summary = (doc: string): string =>
  /^[\s\S]*?(?:\.(?=\s)|\n\n|$)/.exec(prose(doc))?.[0].trim().replaceAll("\n", " ") ?? ""

const mark = (index: number) => `// declaration ${index}`

/** Declarations as the repository's own code is formatted: all of them at once, as the formatter is a process. */
export const formatted = (declarations: ReadonlyArray<Declaration>): ReadonlyMap<Declaration, string> => {
  const all = declarations.map(
    ({ text }, index) =>
      `${mark(index)}\nexport declare ${text.replace(/\n(?=(?:abstract )?class \w+ extends)/, "\nexport declare ")}`
  )
  const biome = fileURLToPath(new URL("../../node_modules/.bin/biome", import.meta.url))
  const args = ["format", "--stdin-file-path=declarations.d.ts", "--files-max-size=8388608"]
  const output = execFileSync(biome, args, { cwd: root, input: all.join("\n"), encoding: "utf8", maxBuffer: 2 ** 26 })
  const texts = output.split(/^\/\/ declaration \d+\n/m).slice(1)
  return new Map(declarations.map((each, index) => [each, clean(texts[index] ?? "")]))
}

/** Comments of members stay, but for what the overview says. */
const clean = (text: string) =>
  text
    .replace(/^export declare /gm, "")
    .replace(/^\s*\/\*\* @since \S+ \*\/\n/gm, "")
    .replace(/(?:\n\s*\*)?\n\s*\* @since \S+$/gm, "")
    .replace(/ @since \S+ \*\//g, " */")
    .trim()

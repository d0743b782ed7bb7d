/** What the package makes public: names that its entry points lead to, however many files in between only re-export. */
import { readFileSync } from "node:fs"
import { posix } from "node:path"

const root = new URL("../../", import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), "utf8")

/** Source files of the package's entry points, as `src/index.ts`. */
export const entryPoints = (): ReadonlyArray<string> => {
  const { exports } = JSON.parse(read("package.json")) as { readonly exports: Record<string, unknown> }
  return Object.values(exports).flatMap((target) =>
    typeof target === "object" && target !== null && "default" in target
      ? [String(target.default).replace(/^\.\/dist\/(.*)\.js$/, "src/$1.ts")]
      : []
  )
}

interface Export {
  readonly file: string
  readonly name: string
}

const declaration = /^export (?:declare )?(?:const|class|interface|type|namespace|function) (\w+)/gm
const reExport = /^export (?:type )?(\*(?: as \w+)?|\{[^}]*\}) from "(\.[^"]+)"$/gm

/** Names that a file exports, by the file that declares them. */
const exportsOf = (file: string): ReadonlyArray<Export> => {
  const text = read(file)
  const own = [...text.matchAll(declaration)].map((match) => ({ file, name: match[1] ?? "" }))
  const passed = [...text.matchAll(reExport)].flatMap(([, what = "", from = ""]) => {
    const all = exportsOf(posix.join(posix.dirname(file), from))
    if (what.startsWith("*")) return all
    const wanted = what
      .slice(1, -1)
      .split(",")
      .map((part) =>
        part
          .trim()
          .replace(/^type /, "")
          .replace(/ as \w+$/, "")
      )
    return all.filter(({ name }) => wanted.includes(name))
  })
  return [...own, ...passed]
}

/** Every public name once, with the file that declares it. */
export const publicNames = (): ReadonlyArray<Export> => {
  const all = entryPoints().flatMap(exportsOf)
  return [...new Map(all.map((each) => [`${each.file} ${each.name}`, each])).values()]
}

/** The docstrings above the declarations of a name; a name without one has what stands there. */
const commentsOf = ({ file, name }: Export) => {
  const text = read(file)
  return [...text.matchAll(declaration)]
    .filter((match) => match[1] === name)
    .map(({ index }) => {
      const before = text.slice(0, index).trimEnd()
      return before
        .slice(before.lastIndexOf("/**"))
        .replace(/\/\/ biome-ignore.*$/m, "")
        .trimEnd()
    })
}

/** Whether a name has a docstring that says since when it is there, or that it is internal. */
export const isDocumented = (each: Export): boolean =>
  commentsOf(each).every((comment) => comment.endsWith("*/") && /@since|@internal/.test(comment))

/** Whether a name is exported for the package itself. */
export const isInternal = (each: Export): boolean => commentsOf(each).some((comment) => comment.includes("@internal"))

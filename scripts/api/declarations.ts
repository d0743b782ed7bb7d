/** Reads built declarations: what a module exports, by the file that declares it, with its docstring and its text. */
import { readFileSync } from "node:fs"
import { posix } from "node:path"
import ts from "typescript-6"

/** A statement that declares a name; a name may have several (a type and a value, a namespace). */
export interface Declaration {
  readonly doc: string
  readonly text: string
}

/** A name a module exports: declared in a file of ours, or another module as a namespace. */
export interface Exported {
  readonly name: string
  readonly file: string
  /** What it is called in that file; `*` stands for all of it. */
  readonly original: string
}

interface Source {
  readonly doc: string
  readonly statements: ReadonlyMap<string, ReadonlyArray<Declaration>>
  readonly exports: ReadonlyArray<Exported>
}

const root = new URL("../../", import.meta.url)

const stripped = (comment: string) =>
  comment
    .replace(/^\/\*\*|\*\/$/g, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, ""))
    .join("\n")
    .trim()

const docOf = (node: ts.Node, text: string) => {
  const comments = (ts.getLeadingCommentRanges(text, node.pos) ?? []).map(({ end, pos }) => text.slice(pos, end))
  return stripped(comments.findLast((comment) => comment.startsWith("/**")) ?? "")
}

const namesOf = (statement: ts.Statement): ReadonlyArray<string> => {
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.map(({ name }) => name.getText())
  const { name } = statement as ts.Statement & { readonly name?: ts.Node }
  return name === undefined ? [] : [name.getText()]
}

/** Longest inferred type of a constant that is shown: beyond that nobody reads it, and compilers order its parts as they come. */
const longestInferred = 10_000

const shortened = (text: string) =>
  text.length > longestInferred ? text.replace(/^(const \w+: [\w.]+)<[\s\S]*$/, "$1<any /* inferred */>") : text

/** A class is declared over the constant it extends, which has its fields. */
const withBase = (statement: ts.Statement, file: ts.SourceFile): string => {
  const text = shortened(
    statement
      .getText(file)
      .replace(/^export /, "")
      .replace(/^declare /, "")
  )
  const base = /^(?:abstract )?class \w+ extends (\w+_base)\b/.exec(text)?.[1]
  const found = file.statements.find((each) => base !== undefined && namesOf(each).includes(base))
  return found === undefined ? text : `${found.getText(file).replace(/^declare /, "")}\n${text}`
}

const passedOn = (statement: ts.ExportDeclaration, from: string): ReadonlyArray<Exported> => {
  const { exportClause, moduleSpecifier } = statement
  if (moduleSpecifier === undefined) return []
  const specifier = (moduleSpecifier as ts.StringLiteral).text
  const file = posix.join(posix.dirname(from), specifier).replace(/\.[jt]s$/, ".d.ts")
  if (exportClause === undefined) return read(file).exports
  if (ts.isNamespaceExport(exportClause)) return [{ name: exportClause.name.text, file, original: "*" }]
  return exportClause.elements.flatMap(({ name, propertyName }) => {
    const found = read(file).exports.find((each) => each.name === (propertyName ?? name).text)
    return found === undefined ? [] : [{ ...found, name: name.text }]
  })
}

const parse = (path: string): Source => {
  const text = readFileSync(new URL(path, root), "utf8")
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
  const statements = new Map<string, Array<Declaration>>()
  const exports: Array<Exported> = []
  for (const statement of file.statements) {
    if (ts.isExportDeclaration(statement)) exports.push(...passedOn(statement, path))
    const isExported = (ts.getCombinedModifierFlags(statement as never) & ts.ModifierFlags.Export) !== 0
    const isPublic = isExported && !docOf(statement, text).includes("@internal")
    for (const name of isPublic ? namesOf(statement) : []) {
      const declared = { doc: docOf(statement, text), text: withBase(statement, file) }
      if (!statements.has(name)) exports.push({ name, file: path, original: name })
      statements.set(name, [...(statements.get(name) ?? []), declared])
    }
  }
  const [header] = ts.getLeadingCommentRanges(text, 0) ?? []
  return { doc: header === undefined ? "" : stripped(text.slice(header.pos, header.end)), statements, exports }
}

const cache = new Map<string, Source>()

/** What a file of declarations says, given its path in the repository. */
export const read = (path: string): Source => {
  const known = cache.get(path) ?? parse(path)
  cache.set(path, known)
  return known
}

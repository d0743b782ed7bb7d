/**
 * What becomes of stored texts and numbers when they are read: a text that is a date to its schema is no plain text, though JSON
 * Schema has one word for both.
 *
 * @internal
 */
import { Schema, type SchemaAST } from "effect"

/** Keyword of a value that becomes something else: what that is. */
export const decodedAs = "x-decoded-as"

/** Goes through effect's description of a schema as its `format`. */
const prefix = `${decodedAs}:`

/** Name of what a schema gives: that of effect's own types, of a class, or `number`, `bigint`, … */
const nameOf = (ast: SchemaAST.AST): string => {
  const { identifier, representation } = (ast.annotations ?? {}) as {
    readonly identifier?: string
    readonly representation?: { readonly id?: string }
  }
  return representation?.id?.split("/").at(-1) ?? identifier ?? ast._tag.toLowerCase()
}

const isScalar = (ast: SchemaAST.AST) => ast._tag === "String" || ast._tag === "Number"

const annotated = (ast: SchemaAST.AST, format: string) =>
  Schema.make<Schema.Codec<unknown>>(ast).annotate({ format }).ast

type Recursive = { readonly recur?: (visit: (ast: SchemaAST.AST) => SchemaAST.AST) => SchemaAST.AST }

/** What is stored, with the name of what it becomes. Each node once, so that one that comes back to itself still does. */
const stored = () => {
  const known = new WeakMap<SchemaAST.AST, SchemaAST.AST>()
  const visit = (ast: SchemaAST.AST): SchemaAST.AST => {
    const before = known.get(ast)
    if (before !== undefined) return before
    const to = ast.encoding?.at(-1)?.to
    const below = to === undefined ? ((ast as Recursive).recur?.(visit) ?? ast) : visit(to)
    const becomes = to !== undefined && isScalar(below) && below._tag !== ast._tag
    const found = becomes ? annotated(below, `${prefix}${nameOf(ast)}`) : below
    known.set(ast, found)
    return found
  }
  return visit
}

/** The schema of what another stores, for `toJsonSchemaDocument` and `named`. */
export const storedSchema = (schema: Schema.Codec<unknown, unknown>) =>
  Schema.make<Schema.Codec<unknown, unknown>>(stored()(Schema.toCodecJson(schema).ast))

/** A JSON Schema of a `storedSchema`, with the keyword. */
export const named = (node: Schema.Json): Schema.Json => {
  if (Array.isArray(node)) return node.map(named)
  if (node === null || typeof node !== "object") return node
  return Object.fromEntries(
    Object.entries(node).map(([keyword, value]) =>
      keyword === "format" && typeof value === "string" && value.startsWith(prefix)
        ? [decodedAs, value.slice(prefix.length)]
        : [keyword, named(value as Schema.Json)]
    )
  )
}

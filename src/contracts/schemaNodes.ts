/**
 * What a node of a JSON Schema says, however it says it.
 *
 * @internal
 */
import type { Schema } from "effect"
import { decodedAs } from "./decodedAs.ts"
import { isAnnotation, type JsonSchema } from "./jsonSchema.ts"

export type Node = Schema.Json | undefined

export const isObject = (node: Node): node is JsonSchema =>
  typeof node === "object" && node !== null && !Array.isArray(node)

export const nothing: JsonSchema = { not: {} }

/** A name as it is, of how it stands in a reference. */
export const tokenOf = (token: string): string => decodeURIComponent(token).replaceAll("~1", "/").replaceAll("~0", "~")

/** What a reference points to. */
const resolve = (root: JsonSchema, pointer: string): Node => {
  let node: Node = root
  for (const token of pointer.replace(/^#\/?/, "").split("/").filter(Boolean)) {
    node = isObject(node) ? node[tokenOf(token)] : undefined
  }
  return node
}

/** All that a node says of its values, as a list: what it refers to, what `allOf` says, and the rest. */
export const partsOf = (root: JsonSchema, node: Node, seen: ReadonlyArray<string> = []): ReadonlyArray<JsonSchema> => {
  if (node === false) return [nothing]
  if (!isObject(node)) return []
  const { $defs: _, $ref, allOf, ...rest } = node
  const target = typeof $ref === "string" ? resolve(root, $ref) : undefined
  const referred =
    typeof $ref !== "string" || seen.includes($ref)
      ? []
      : // One that leads nowhere stays what it is: nobody understands it, and it is not anything.
        target === undefined
        ? [{ $ref }]
        : partsOf(root, target, [...seen, $ref])
  const all = Array.isArray(allOf) ? allOf.flatMap((each) => partsOf(root, each, seen)) : []
  return [...referred, ...all, ...(Object.keys(rest).every(isAnnotation) ? [] : [rest])]
}

export const branchesOf = (node: JsonSchema): ReadonlyArray<Node> | undefined => {
  const branches = node.anyOf ?? node.oneOf
  return Array.isArray(branches) ? (branches as ReadonlyArray<Node>) : undefined
}

/** What else a node says; of two unions, the other one is left. */
export const withoutBranches = ({ anyOf, oneOf, ...rest }: JsonSchema): JsonSchema =>
  anyOf === undefined || oneOf === undefined ? rest : { ...rest, oneOf }

const typeOf = (value: Schema.Json): string =>
  value === null ? "null" : Array.isArray(value) ? "array" : Number.isInteger(value) ? "integer" : typeof value

export const valuesOf = (node: JsonSchema): ReadonlyArray<Schema.Json> | undefined =>
  node.const !== undefined
    ? [node.const]
    : Array.isArray(node.enum)
      ? (node.enum as ReadonlyArray<Schema.Json>)
      : undefined

export const typesOf = (node: JsonSchema): ReadonlyArray<string> | undefined => {
  if (typeof node.type === "string") return [node.type]
  if (Array.isArray(node.type)) return node.type as ReadonlyArray<string>
  return valuesOf(node)?.map(typeOf)
}

/** How a node is called where somebody reads it. */
export const nameOf = (parts: ReadonlyArray<JsonSchema>): string => {
  const values = parts.flatMap((part) => valuesOf(part) ?? [])
  if (values.length > 0) return values.map((value) => JSON.stringify(value)).join(" or ")
  const types = parts.flatMap((part) => typesOf(part) ?? [])
  const becomes = parts.map((part) => part[decodedAs]).find((name) => name !== undefined)
  if (types.length > 0) return `${[...new Set(types)].join(" or ")}${becomes === undefined ? "" : ` (${becomes})`}`
  const branches = parts.flatMap((part) => branchesOf(part) ?? [])
  const names = branches.map((branch) => nameOf(isObject(branch) ? [branch] : []))
  return names.length > 0 ? [...new Set(names)].join(" or ") : "anything"
}

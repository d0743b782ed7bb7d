/** What a node of a JSON Schema says, however it says it. */

export type Node = Readonly<Record<string, unknown>>

export const isNode = (value: unknown): value is Node =>
  typeof value === "object" && value !== null && !Array.isArray(value)

const listOf = (value: unknown): ReadonlyArray<unknown> => (Array.isArray(value) ? value : [])

/** A percent sign that encodes nothing stands for itself. */
const decoded = (token: string) => {
  try {
    return decodeURIComponent(token)
  } catch {
    return token
  }
}

const tokenOf = (token: string) => decoded(token).replaceAll("~1", "/").replaceAll("~0", "~")

const targetOf = (root: Node, pointer: string): unknown => {
  let node: unknown = root
  for (const token of pointer.replace(/^#\/?/, "").split("/").filter(Boolean)) {
    node = isNode(node) ? node[tokenOf(token)] : undefined
  }
  return node
}

/** A node with what it refers to, and what all its parts say. */
export interface Resolved {
  readonly node: Node
  /** References that were followed on the way. */
  readonly followed: ReadonlyArray<string>
  /** A reference that was followed before: it goes on as there. */
  readonly again?: string
  /** It refers to what is not there, or has parts of parts that nobody would read. */
  readonly isCut?: boolean
}

/** References and parts, one in the other, that are looked through at most. */
const mostNested = 100

const joined = (one: Node, other: Node): Node => ({
  ...one,
  ...other,
  properties: { ...(one.properties as object | undefined), ...(other.properties as object | undefined) },
  required: [...listOf(one.required), ...listOf(other.required)]
})

/**
 * @param followed - references that were followed above it
 * @param nested - references and parts that it was come to by
 */
export const resolve = (root: Node, value: unknown, followed: ReadonlyArray<string>, nested = 0): Resolved => {
  if (nested > mostNested) return { node: {}, followed, isCut: true }
  if (!isNode(value)) return { node: value === false ? { not: {} } : {}, followed }
  const { $ref, allOf, ...rest } = value
  let node: Node = rest
  let seen = followed
  let isCut = false
  if (typeof $ref === "string") {
    if (followed.includes($ref)) return { node: rest, followed, again: $ref.split("/").at(-1) ?? $ref }
    const meant = targetOf(root, $ref)
    const target = resolve(root, meant, [...followed, $ref], nested + 1)
    isCut = meant === undefined || target.isCut === true
    node = joined(target.node, node)
    seen = target.followed
    if (target.again !== undefined) return { node, followed: seen, again: target.again }
  }
  for (const part of listOf(allOf)) {
    const each = resolve(root, part, seen, nested + 1)
    node = joined(node, each.node)
    seen = each.followed
    isCut ||= each.isCut === true
  }
  return { node, followed: seen, isCut }
}

export const branchesOf = ({ anyOf, oneOf }: Node): ReadonlyArray<unknown> => listOf(anyOf ?? oneOf)

const text = (value: unknown) => JSON.stringify(value)

/** The type of a node that has no parts of its own; undefined if it has some. */
export const typeOf = (node: Node): string => {
  if (node.const !== undefined) return text(node.const)
  const values = listOf(node.enum)
  if (values.length > 0) return values.map(text).join(" or ")
  const becomes = typeof node["x-decoded-as"] === "string" ? `, read as ${node["x-decoded-as"]}` : ""
  const types = typeof node.type === "string" ? [node.type] : listOf(node.type).map(String)
  if (types.length > 0) return `${types.join(" or ")}${becomes}`
  return "not" in node ? "nothing" : "anything"
}

const bounds = [
  ["minimum", "at least"],
  ["exclusiveMinimum", "more than"],
  ["maximum", "at most"],
  ["exclusiveMaximum", "less than"],
  ["multipleOf", "a multiple of"],
  ["minLength", "length at least"],
  ["maxLength", "length at most"],
  ["minItems", "items at least"],
  ["maxItems", "items at most"],
  ["pattern", "matches"],
  ["format", "format"]
] as const

/** Integers that JavaScript has: not worth saying. */
const isUsual = (keyword: string, value: unknown) =>
  (keyword === "minimum" && value === Number.MIN_SAFE_INTEGER) ||
  (keyword === "maximum" && value === Number.MAX_SAFE_INTEGER)

/** What else is said of its values. */
export const rulesOf = (node: Node): ReadonlyArray<string> => [
  ...bounds
    .filter(([keyword]) => node[keyword] !== undefined && !isUsual(keyword, node[keyword]))
    .map(([keyword, words]) => `${words} ${String(node[keyword])}`),
  ...(node.uniqueItems === true ? ["no item twice"] : []),
  ...(node.additionalProperties === false ? ["no other fields"] : []),
  ...(node.default === undefined ? [] : [`default ${text(node.default)}`])
]

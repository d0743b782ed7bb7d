/**
 * Objects and lists of a writer, and what a reader makes of them.
 *
 * @internal
 */
import type { JsonSchema } from "./jsonSchema.ts"
import { type Obstacle, obstacle } from "./obstacle.ts"
import { isObject, type Node, nameOf } from "./schemaNodes.ts"

/** Compares what is below. @param writers - all of it is true of what is written */
export type Compare = (writers: ReadonlyArray<Node>, reader: Node, path: string) => ReadonlyArray<Obstacle>

const childPath = (path: string, name: string) => (path === "" ? name : `${path}.${name}`)

const propertiesOf = (parts: ReadonlyArray<JsonSchema>): ReadonlyMap<string, ReadonlyArray<Node>> => {
  const found = new Map<string, Array<Node>>()
  for (const { properties } of parts) {
    if (!isObject(properties)) continue
    for (const [name, node] of Object.entries(properties)) found.set(name, [...(found.get(name) ?? []), node])
  }
  return found
}

/** A pattern as it is meant, with the flag that this draft asks for, or as it works. */
const patternOf = (pattern: string) => {
  try {
    return new RegExp(pattern, "u")
  } catch {
    return new RegExp(pattern)
  }
}

/** What a writer says of fields by patterns of their names. */
const patternsOf = (parts: ReadonlyArray<JsonSchema>): ReadonlyArray<readonly [RegExp, Node]> =>
  parts.flatMap(({ patternProperties }) =>
    isObject(patternProperties)
      ? Object.entries(patternProperties).map(([pattern, node]) => [patternOf(pattern), node] as const)
      : []
  )

export const compareObjects = (
  compare: Compare,
  parts: ReadonlyArray<JsonSchema>,
  reader: JsonSchema,
  path: string
): ReadonlyArray<Obstacle> => {
  const written = propertiesOf(parts)
  const always = new Set(parts.flatMap(({ required }) => (Array.isArray(required) ? required : [])))
  const patterns = patternsOf(parts)
  const others = parts.map(({ additionalProperties }) => additionalProperties).find(isObject)
  const known = isObject(reader.properties) ? reader.properties : {}
  const found: Array<Obstacle> = []
  for (const name of Array.isArray(reader.required) ? (reader.required as ReadonlyArray<string>) : []) {
    if (always.has(name)) continue
    const kind = written.has(name) || others !== undefined ? "optional" : "missing"
    found.push(
      ...obstacle(childPath(path, name), kind, kind === "missing" ? "no such field" : "may leave it out", "needs it")
    )
  }
  for (const [name, node] of Object.entries(known)) {
    // Fields that a writer does not know it does not write, though its schema lets them pass.
    const named = patterns.flatMap(([pattern, of]) => (pattern.test(name) ? [of] : []))
    const mine = written.get(name) ?? (named.length > 0 ? named : others === undefined ? undefined : [others])
    if (mine !== undefined) found.push(...compare(mine, node, childPath(path, name)))
  }
  const all = new Map([...written, ...patterns.map(([pattern, of]) => [`/${pattern.source}/`, [of]] as const)])
  return [...found, ...compareOthers(compare, all, others, reader, path)]
}

/** Fields that a reader does not name. */
const compareOthers = (
  compare: Compare,
  written: ReadonlyMap<string, ReadonlyArray<Node>>,
  others: JsonSchema | undefined,
  reader: JsonSchema,
  path: string
): ReadonlyArray<Obstacle> => {
  const rest = reader.additionalProperties
  if (rest === undefined || rest === true || (isObject(rest) && Object.keys(rest).length === 0)) return []
  const known = isObject(reader.properties) ? reader.properties : {}
  const more = [...written].filter(([name]) => !(name in known))
  if (rest === false) {
    const names = [...more.map(([name]) => name), ...(others === undefined ? [] : ["*"])]
    return names.flatMap((name) => obstacle(childPath(path, name), "closed", name, "no other fields"))
  }
  if (more.length === 0 && others === undefined)
    return obstacle(childPath(path, "*"), "type", "anything", nameOf([rest as JsonSchema]))
  return [
    ...more.flatMap(([name, node]) => compare(node, rest, childPath(path, name))),
    ...(others === undefined ? [] : compare([others], rest, childPath(path, "*")))
  ]
}

const listOf = (node: Node): ReadonlyArray<Node> => (Array.isArray(node) ? (node as ReadonlyArray<Node>) : [])

export const compareArrays = (
  compare: Compare,
  parts: ReadonlyArray<JsonSchema>,
  reader: JsonSchema,
  path: string
): ReadonlyArray<Obstacle> => {
  const prefix = listOf(parts.find(({ prefixItems }) => prefixItems !== undefined)?.prefixItems)
  const items = parts.find((part) => part.items !== undefined)?.items
  const longest = Math.min(
    ...parts.map(({ maxItems }) => (typeof maxItems === "number" ? maxItems : Number.POSITIVE_INFINITY))
  )
  const wanted = listOf(reader.prefixItems)
  const first = wanted.flatMap((node, index) =>
    index >= longest ? [] : compare([prefix[index] ?? items], node, `${path}[${index}]`)
  )
  if (reader.items === undefined) return first
  const later = prefix
    .slice(wanted.length)
    .flatMap((node, index) => compare([node], reader.items, `${path}[${wanted.length + index}]`))
  const isFinite = longest <= Math.max(prefix.length, wanted.length)
  return [...first, ...later, ...(isFinite ? [] : compare([items], reader.items, `${path}[]`))]
}

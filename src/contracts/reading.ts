/**
 * What of the values that one schema describes another refuses: found by their structure, without values.
 *
 * It errs on the side of refusal: of two schemas that cannot be compared it says so.
 *
 * @internal
 */
import type { Schema } from "effect"
import { type Compare, compareArrays, compareObjects } from "./containers.ts"
import { decodedAs } from "./decodedAs.ts"
import { canonicalText, isAnnotation, type JsonSchema } from "./jsonSchema.ts"
import { isLimit, keepsLimit } from "./limits.ts"
import { type Obstacle, obstacle } from "./obstacle.ts"
import { branchesOf, type Node, nameOf, nothing, partsOf, typesOf, valuesOf, withoutBranches } from "./schemaNodes.ts"

interface Comparison {
  readonly writer: JsonSchema
  readonly reader: JsonSchema
  /** Pairs that are being compared: where a schema comes back to itself, the answer is that of the first time. */
  readonly open: ReadonlyArray<readonly [Node, Node]>
  /** Steps that are left. */
  readonly budget: { steps: number }
}

/** Steps of one comparison: unions that come back to themselves would take for ever. */
const maxSteps = 20_000

class TooLarge extends Error {}

/** The parts of a writer's union, each with all else that is true of it; `undefined` when it has none. */
const branchedOf = (parts: ReadonlyArray<JsonSchema>): ReadonlyArray<ReadonlyArray<Node>> | undefined => {
  for (const part of parts) {
    const rest = parts.filter((each) => each !== part)
    const branches = branchesOf(part)
    if (branches !== undefined) return branches.map((branch) => [...rest, withoutBranches(part), branch])
    const values = valuesOf(part)
    if (values !== undefined && values.length > 1) {
      return values.map((value) => [...rest, { ...part, const: value, enum: [value] }])
    }
    const types = typesOf(part)
    if (types !== undefined && types.length > 1) return types.map((type) => [...rest, { ...part, type }])
  }
  return undefined
}

/** What the parts of a writer's union make of a question; of those that fail it is told when others do not. */
const eachBranch = (
  branches: ReadonlyArray<ReadonlyArray<Node>>,
  path: string,
  ask: (parts: ReadonlyArray<Node>) => ReadonlyArray<Obstacle>
): ReadonlyArray<Obstacle> => {
  const answers = branches.map(ask)
  const isPart = answers.some((answer) => answer.length === 0)
  return answers.flatMap((answer) =>
    answer.map((each) => (isPart && each.path === path ? { ...each, isPart: true } : each))
  )
}

/** Obstacles of a reader's branch that show that another branch was meant. */
const strangeness = (path: string, obstacles: ReadonlyArray<Obstacle>) =>
  obstacles.reduce((sum, each) => {
    if (each.path === path && each.kind === "type") return sum + 1000
    return sum + (each.kind === "values" ? 100 : 1)
  }, 0)

/** Compares with each branch of a reader's union, and tells of the one that was probably meant. */
const compareUnion = (
  comparison: Comparison,
  parts: ReadonlyArray<JsonSchema>,
  branches: ReadonlyArray<Node>,
  path: string
): ReadonlyArray<Obstacle> => {
  let best: ReadonlyArray<Obstacle> | undefined
  for (const branch of branches) {
    const obstacles = compareParts(comparison, parts, partsOf(comparison.reader, branch), path)
    if (obstacles.length === 0) return []
    if (best === undefined || strangeness(path, obstacles) < strangeness(path, best)) best = obstacles
  }
  if (best !== undefined && strangeness(path, best) < 1000) return best
  return obstacle(path, "type", nameOf(parts), nameOf([{ anyOf: branches as ReadonlyArray<Schema.Json> }]))
}

const compareType = (parts: ReadonlyArray<JsonSchema>, reader: JsonSchema, path: string) => {
  const wanted = typesOf(reader)
  if (wanted === undefined) return []
  const written = parts.map(typesOf).find((types) => types !== undefined)
  const fits = (type: string) => wanted.includes(type) || (type === "integer" && wanted.includes("number"))
  return written?.every(fits) ? [] : obstacle(path, "type", nameOf(parts), nameOf([reader]))
}

const compareValues = (parts: ReadonlyArray<JsonSchema>, reader: JsonSchema, path: string) => {
  const known = valuesOf(reader)?.map((value) => JSON.stringify(value))
  if (known === undefined) return []
  const written = parts
    .map(valuesOf)
    .find((values) => values !== undefined)
    ?.map((value) => JSON.stringify(value))
  const strange = written?.filter((value) => !known.includes(value))
  if (strange?.length === 0) return []
  return obstacle(path, "values", strange?.join(", ") ?? nameOf(parts), known.join(", "))
}

/** What a text becomes when it is read: plain text may be none of that. */
const compareDecoded = (parts: ReadonlyArray<JsonSchema>, reader: JsonSchema, path: string) =>
  reader[decodedAs] === undefined || parts.some((part) => part[decodedAs] === reader[decodedAs])
    ? []
    : obstacle(
        path,
        "type",
        nameOf(parts),
        nameOf([...parts.map(({ type }) => (type === undefined ? {} : { type })), reader])
      )

/** Keywords that have a function of their own here. */
const understood: ReadonlySet<string> = new Set([
  "type",
  decodedAs,
  "const",
  "enum",
  "properties",
  "required",
  "additionalProperties",
  "prefixItems",
  "items"
])

const compareKeyword = (
  parts: ReadonlyArray<JsonSchema>,
  reader: JsonSchema,
  keyword: string,
  path: string
): ReadonlyArray<Obstacle> => {
  const limit = reader[keyword] as Schema.Json
  const types = new Set(parts.flatMap((part) => typesOf(part) ?? []))
  const values = parts.map(valuesOf).find((found) => found !== undefined)
  if (isLimit(keyword)) {
    if (keepsLimit(parts, types, values, keyword, limit)) return []
    const own = parts.map((part) => part[keyword]).find((value) => value !== undefined)
    const written = own === undefined ? `no ${keyword}` : `${keyword} ${JSON.stringify(own)}`
    return obstacle(path, "limit", written, `${keyword} ${JSON.stringify(limit)}`)
  }
  const isSame = parts.some(
    (part) => part[keyword] !== undefined && canonicalText(part[keyword]) === canonicalText(limit)
  )
  return isSame ? [] : obstacle(path, "unknown", keyword, keyword)
}

/** Compares with one part of a reader, which has no union. */
const comparePlain = (
  comparison: Comparison,
  parts: ReadonlyArray<JsonSchema>,
  reader: JsonSchema,
  path: string
): ReadonlyArray<Obstacle> => {
  const strange = compareType(parts, reader, path)
  if (strange.length > 0) return strange
  const types = new Set(parts.flatMap((part) => typesOf(part) ?? []))
  const below: Compare = (writers, node, at) => compare(comparison, writers, node, at)
  return [
    ...compareDecoded(parts, reader, path),
    ...compareValues(parts, reader, path),
    ...(types.has("object") ? compareObjects(below, parts, reader, path) : []),
    ...(types.has("array") ? compareArrays(below, parts, reader, path) : []),
    ...Object.keys(reader)
      .filter((keyword) => !understood.has(keyword) && !isAnnotation(keyword))
      .flatMap((keyword) => compareKeyword(parts, reader, keyword, path))
  ]
}

const compareParts = (
  comparison: Comparison,
  parts: ReadonlyArray<JsonSchema>,
  readers: ReadonlyArray<JsonSchema>,
  path: string
): ReadonlyArray<Obstacle> => {
  if (--comparison.budget.steps < 0) throw new TooLarge()
  if (parts.some((part) => canonicalText(part) === canonicalText(nothing))) return []
  if (readers.length === 0) return []
  const branches = branchedOf(parts)
  if (branches !== undefined) {
    return eachBranch(branches, path, (each) =>
      compareParts(
        comparison,
        each.flatMap((node) => partsOf(comparison.writer, node)),
        readers,
        path
      )
    )
  }
  return readers.flatMap((reader) => {
    const branches = branchesOf(reader)
    const plain = comparePlain(comparison, parts, withoutBranches(reader), path)
    return branches === undefined ? plain : [...plain, ...compareUnion(comparison, parts, branches, path)]
  })
}

const compare = (
  comparison: Comparison,
  writers: ReadonlyArray<Node>,
  reader: Node,
  path: string
): ReadonlyArray<Obstacle> => {
  const [writer] = writers
  if (comparison.open.some(([a, b]) => a === writer && b === reader)) return []
  const inner = { ...comparison, open: [...comparison.open, [writer, reader] as const] }
  const parts = writers.flatMap((node) => partsOf(comparison.writer, node))
  return compareParts(inner, parts, partsOf(comparison.reader, reader), path)
}

const textOf = ({ kind, path, reader, writer }: Obstacle) => JSON.stringify([path, kind, writer, reader])

/**
 * Compares what is written with what is read.
 *
 * @returns why some of what `writer` describes is refused by `reader`, by path; empty when nothing is; `undefined` when they are too
 * large, or too broken, to be compared
 */
export const obstaclesOf = (writer: JsonSchema, reader: JsonSchema): ReadonlyArray<Obstacle> | undefined => {
  try {
    const comparison = { writer, reader, open: [], budget: { steps: maxSteps } }
    const found = compare(comparison, [writer], reader, "")
    return [...new Map(found.map((each) => [textOf(each), each])).values()]
  } catch {
    // Schemas are also read from files and rows that somebody may have changed.
    return undefined
  }
}

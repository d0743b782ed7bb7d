/**
 * Fields that could be left out and are not known any more. Nobody fails without them, but events that are stored have them: a
 * field of the same name that comes later, with another type, could not read those.
 *
 * @internal
 */
import type { JsonSchema } from "./jsonSchema.ts"
import { branchesOf, isObject, type Node, partsOf } from "./schemaNodes.ts"

const propertiesOf = (parts: ReadonlyArray<JsonSchema>): JsonSchema =>
  Object.assign({}, ...parts.map(({ properties }) => (isObject(properties) ? properties : {})))

/** Levels that are looked at: schemas may come back to themselves. */
const maxDepth = 20

/** What is to be looked at on both sides. */
interface Pair {
  readonly before: Node
  readonly now: Node
  readonly path: string
}

/**
 * Paths of fields that `before` names and `now` does not, where both are objects or lists; in unions they are not looked for.
 *
 * @param before - the whole schema as it was
 * @param now - as it is
 */
export const droppedOf = (before: JsonSchema, now: JsonSchema): ReadonlyArray<string> => {
  const found: Array<string> = []
  const look = (pair: Pair, depth: number): void => {
    if (depth === maxDepth) return
    const [was, is] = [partsOf(before, pair.before), partsOf(now, pair.now)]
    if ([...was, ...is].some((part) => branchesOf(part) !== undefined || part.patternProperties !== undefined)) return
    const required = new Set(was.flatMap((part) => (Array.isArray(part.required) ? part.required : [])))
    const [old, own] = [propertiesOf(was), propertiesOf(is)]
    const takesAll = is.length === 0 || is.some(({ additionalProperties }) => isObject(additionalProperties))
    for (const [name, node] of Object.entries(old)) {
      const path = pair.path === "" ? name : `${pair.path}.${name}`
      if (Object.hasOwn(own, name)) look({ before: node, now: own[name], path }, depth + 1)
      else if (!takesAll && !required.has(name)) found.push(path)
    }
    const [list, ownList] = [was, is].map((parts) => parts.find(({ items }) => isObject(items))?.items)
    if (list !== undefined && ownList !== undefined) {
      look({ before: list, now: ownList, path: `${pair.path}[]` }, depth + 1)
    }
  }
  look({ before, now, path: "" }, 0)
  return [...new Set(found)]
}

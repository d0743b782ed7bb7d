/** A JSON Schema as the list of its fields, in the order of a tree. */
import { branchesOf, isNode, type Node, resolve, rulesOf, typeOf } from "./jsonSchema.ts"

export interface Field {
  /** As `lines[].amount`; empty for the payload itself. */
  readonly path: string
  readonly name: string
  readonly depth: number
  readonly isRequired: boolean
  readonly type: string
  readonly rules: ReadonlyArray<string>
  readonly description: string | undefined
}

export interface Fields {
  readonly fields: ReadonlyArray<Field>
  /** False when there are more, they go deeper, or the schema refers to what it does not have. */
  readonly isComplete: boolean
}

const mostFields = 400

const mostDepth = 12

interface Child {
  readonly name: string
  readonly path: string
  readonly value: unknown
  readonly isRequired: boolean
}

interface Found {
  readonly type: string
  readonly children: ReadonlyArray<Child>
  /** There are lists in it that go deeper. */
  readonly isCut?: boolean
}

const isPlain = (root: Node, value: unknown, followed: ReadonlyArray<string>) => {
  const { again, node } = resolve(root, value, followed)
  const parts = ["properties", "items", "prefixItems", "patternProperties", "anyOf", "oneOf"]
  const has = (part: string) => (part === "properties" ? Object.keys(Object(node[part])).length > 0 : part in node)
  return again === undefined && !parts.some(has)
}

const fieldsBelow = (node: Node, path: string): ReadonlyArray<Child> => {
  const required = new Set(Array.isArray(node.required) ? node.required : [])
  const at = (name: string) => (path === "" ? name : `${path}.${name}`)
  const of = (values: unknown, nameOf: (name: string) => string) =>
    Object.entries(isNode(values) ? values : {}).map(
      ([name, value]): Child => ({ name: nameOf(name), path: at(nameOf(name)), value, isRequired: required.has(name) })
    )
  const others = isNode(node.additionalProperties)
    ? [{ name: "any other", path: at("*"), value: node.additionalProperties, isRequired: false }]
    : []
  return [...of(node.properties, (name) => name), ...of(node.patternProperties, (name) => `/${name}/`), ...others]
}

/** @param lists - lists that it is in, one directly in the other */
const found = (root: Node, node: Node, path: string, followed: ReadonlyArray<string>, lists = 0): Found => {
  const branches = branchesOf(node)
  if (branches.length > 0) {
    if (branches.every((each) => isPlain(root, each, followed))) {
      const types = branches.map((each) => typeOf(resolve(root, each, followed).node))
      return { type: [...new Set(types)].join(" or "), children: [] }
    }
    const children = branches.map(
      (value, index): Child => ({
        name: `either ${index + 1}`,
        path: `${path}<${index + 1}>`,
        value,
        isRequired: false
      })
    )
    return { type: `one of ${branches.length}`, children: [...fieldsBelow(node, path), ...children] }
  }
  const items = Array.isArray(node.prefixItems) ? node.prefixItems : []
  const tuple = items.map(
    (value, index): Child => ({ name: `[${index}]`, path: `${path}[${index}]`, value, isRequired: true })
  )
  if (!isNode(node.items)) return { type: typeOf(node), children: [...tuple, ...fieldsBelow(node, path)] }
  if (lists >= mostDepth) return { type: "list of …", children: tuple, isCut: true }
  const item = resolve(root, node.items, followed)
  const inner = found(root, item.node, `${path}[]`, item.followed, lists + 1)
  if (item.again !== undefined) return { type: `list of ${item.again}, as above`, children: tuple }
  return {
    type: `list of ${inner.type}`,
    children: [...tuple, ...inner.children],
    isCut: inner.isCut === true || item.isCut === true
  }
}

/** @param schema - of a contract */
export const fieldsOf = (schema: Node): Fields => {
  const fields: Array<Field> = []
  let isComplete = true
  const visit = (child: Child, depth: number, above: ReadonlyArray<string>): void => {
    if (fields.length >= mostFields || depth > mostDepth) {
      isComplete = false
      return
    }
    const { again, followed, isCut, node } = resolve(schema, child.value, above)
    const below: Found =
      again === undefined ? found(schema, node, child.path, followed) : { type: `${again}, as above`, children: [] }
    const { children, type } = below
    if (isCut === true || below.isCut === true) isComplete = false
    const description = node.description ?? node.title
    fields.push({
      path: child.path,
      name: child.name,
      depth,
      isRequired: child.isRequired,
      type,
      rules: rulesOf(node),
      description: typeof description === "string" ? description : undefined
    })
    for (const each of children) visit(each, depth + 1, followed)
  }
  visit({ name: "payload", path: "", value: schema, isRequired: true }, 0, [])
  return { fields, isComplete }
}

/** Whether a schema says nothing of what is stored. */
export const isOpaque = ({ fields }: Fields): boolean => fields.length === 1 && fields[0]?.type === "anything"

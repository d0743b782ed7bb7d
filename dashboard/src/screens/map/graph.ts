/** What is drawn of the model: near what was searched for, and modules as one where there is too much. */
import { added, type Connection, type Counts, endedOf, type Model, type Trouble, troubleOf } from "./model.ts"

export interface GraphNode {
  /** As `event:invoice.created`; `module:`, `consumer:`, and `events:`, `consumers:` for all of a module. */
  readonly id: string
  readonly kind: "module" | "event" | "consumer" | "events" | "consumers"
  readonly name: string
  readonly module: string
  /** How many it stands for. */
  readonly size: number
  /** What came out of it, or into it. */
  readonly count: number
  readonly trouble: Trouble
  /** A consumer that nobody serves, an event that nobody gets. */
  readonly isHollow: boolean
  readonly isPaused: boolean
}

export interface GraphEdge {
  readonly id: string
  readonly source: string
  readonly target: string
  readonly count: number
  readonly trouble: Trouble
}

export interface Graph {
  readonly nodes: ReadonlyArray<GraphNode>
  readonly edges: ReadonlyArray<GraphEdge>
  /** Whether modules are shown as one, unless they were opened. */
  readonly isCollapsed: boolean
}

/** With more nodes, modules are shown as one. */
const mostNodes = 60

/** How far from what was searched for. */
const hops = 2

const modulesOf = (model: Model) => [...new Set(model.events.map(({ module }) => module))].toSorted()

/** Everything within two hops of what has the text in its name. */
export const focused = (model: Model, text: string): Model => {
  if (text === "") return model
  const beside = new Map<string, Set<string>>()
  const join = (one: string, other: string) => {
    for (const [from, to] of [
      [one, other],
      [other, one]
    ] as const)
      beside.set(from, (beside.get(from) ?? new Set()).add(to))
  }
  for (const { module, name } of model.events) join(`module:${module}`, `event:${name}`)
  for (const { consumer, event } of model.connections) join(`event:${event}`, `consumer:${consumer}`)
  for (const { name } of model.consumers) beside.set(`consumer:${name}`, beside.get(`consumer:${name}`) ?? new Set())
  const wanted = text.toLowerCase()
  const near = new Set(
    [...beside.keys()].filter((id) =>
      id
        .slice(id.indexOf(":") + 1)
        .toLowerCase()
        .includes(wanted)
    )
  )
  for (let hop = 0; hop < hops; hop += 1)
    for (const id of [...near]) for (const next of beside.get(id) ?? []) near.add(next)
  return {
    events: model.events.filter(({ name }) => near.has(`event:${name}`)),
    consumers: model.consumers.filter(({ name }) => near.has(`consumer:${name}`)),
    connections: model.connections.filter(
      ({ consumer, event }) => near.has(`event:${event}`) && near.has(`consumer:${consumer}`)
    )
  }
}

const merged = (edges: ReadonlyArray<Counts & { readonly source: string; readonly target: string }>) => {
  const all = new Map<string, Counts & { readonly source: string; readonly target: string }>()
  for (const edge of edges) {
    const id = `${edge.source} ${edge.target}`
    const before = all.get(id)
    all.set(id, before === undefined ? edge : { ...edge, ...added(before, edge) })
  }
  return [...all].map(
    ([id, edge]): GraphEdge => ({
      id,
      source: edge.source,
      target: edge.target,
      count: endedOf(edge),
      trouble: troubleOf(edge)
    })
  )
}

const worst = (troubles: ReadonlyArray<Trouble>): Trouble =>
  troubles.includes("gave-up") ? "gave-up" : troubles.includes("retrying") ? "retrying" : "none"

/** @param opened - ids of `events:` and `consumers:` that are shown in full */
export const graphOf = (model: Model, opened: ReadonlySet<string>): Graph => {
  const modules = modulesOf(model)
  const isCollapsed = modules.length + model.events.length + model.consumers.length > mostNodes
  const placeOf = (kind: "event" | "consumer", name: string, module: string) =>
    isCollapsed && !opened.has(`${kind}s:${module}`) ? `${kind}s:${module}` : `${kind}:${name}`
  const eventPlaces = new Map(model.events.map(({ module, name }) => [name, placeOf("event", name, module)]))
  const consumerPlaces = new Map(model.consumers.map(({ module, name }) => [name, placeOf("consumer", name, module)]))
  const subscribed = new Set(model.connections.map(({ event }) => event))
  const plain = { size: 1, trouble: "none", isHollow: false, isPaused: false } as const
  const nodes = new Map<string, GraphNode>()
  const put = (node: GraphNode) => {
    const before = nodes.get(node.id)
    nodes.set(
      node.id,
      before === undefined
        ? node
        : {
            ...before,
            size: before.size + node.size,
            count: before.count + node.count,
            trouble: worst([before.trouble, node.trouble])
          }
    )
  }
  for (const { module, name, published } of model.events) {
    const id = eventPlaces.get(name)!
    const isOne = id.startsWith("event:")
    put({ ...plain, id: `module:${module}`, kind: "module", name: module, module, count: published })
    put({
      ...plain,
      id,
      kind: isOne ? "event" : "events",
      name: isOne ? name : module,
      module,
      count: published,
      isHollow: isOne && !subscribed.has(name)
    })
  }
  for (const consumer of model.consumers) {
    const { isPaused, isServed, module, name } = consumer
    const id = consumerPlaces.get(name)!
    const isOne = id.startsWith("consumer:")
    put({
      id,
      kind: isOne ? "consumer" : "consumers",
      name: isOne ? name : module,
      module,
      size: 1,
      count: endedOf(consumer),
      trouble: troubleOf(consumer),
      isHollow: isOne && !isServed,
      isPaused: isOne && isPaused
    })
  }
  const published = model.events.map(({ lastAt, module, name, published }) => ({
    source: `module:${module}`,
    target: eventPlaces.get(name)!,
    settled: published,
    retried: 0,
    gaveUp: 0,
    lastAt
  }))
  const delivered = model.connections.map((connection: Connection) => ({
    ...connection,
    source: eventPlaces.get(connection.event)!,
    target: consumerPlaces.get(connection.consumer)!
  }))
  return { nodes: [...nodes.values()], edges: merged([...published, ...delivered]), isCollapsed }
}

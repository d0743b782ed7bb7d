/** Where things stand: modules at the left, their events, and consumers by module at the right. */
import { Graph as Dagre, layout } from "@dagrejs/dagre"
import type { Graph } from "./graph.ts"

export interface Box {
  readonly x: number
  readonly y: number
  readonly width: number
  readonly height: number
}

export interface Frame extends Box {
  readonly module: string
}

export interface Places {
  readonly boxes: ReadonlyMap<string, Box>
  /** Around the consumers of each module. */
  readonly frames: ReadonlyArray<Frame>
  readonly width: number
  readonly height: number
}

const widths = { module: 148, event: 216, events: 216, consumer: 232, consumers: 232 }
const height = 36
/** Around consumers of a module, with room for its name. */
const around = { side: 12, top: 26, bottom: 12 }
const gap = { rows: 10, columns: 200, frames: 20 }

/** The order from top to bottom that dagre finds to have few crossings. */
const ordered = ({ edges, nodes }: Graph): ReadonlyArray<string> => {
  const graph = new Dagre({ compound: true })
  graph.setGraph({ rankdir: "LR", nodesep: 8, ranksep: 80 })
  graph.setDefaultEdgeLabel(() => ({}))
  for (const { id, kind, module } of nodes) {
    graph.setNode(id, { width: widths[kind], height })
    if (kind !== "consumer" && kind !== "consumers") continue
    graph.setNode(`frame:${module}`, {})
    graph.setParent(id, `frame:${module}`)
  }
  for (const { source, target } of edges) graph.setEdge(source, target)
  layout(graph)
  return nodes.map(({ id }) => id).toSorted((one, other) => graph.node(one).y - graph.node(other).y)
}

/** Groups in the order in which their first is met. */
const grouped = <Item>(items: ReadonlyArray<Item>, keyOf: (item: Item) => string) => {
  const groups = new Map<string, Array<Item>>()
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item])
  return [...groups]
}

export const placesOf = (graph: Graph): Places => {
  const byId = new Map(graph.nodes.map((node) => [node.id, node]))
  const nodes = ordered(graph).map((id) => byId.get(id)!)
  const boxes = new Map<string, Box>()
  const frames: Array<Frame> = []
  const eventsX = widths.module + gap.columns
  const consumersX = eventsX + widths.event + gap.columns
  const row = height + gap.rows
  const columns = {
    events: grouped(
      nodes.filter(({ kind }) => kind === "event" || kind === "events"),
      ({ module }) => module
    ),
    consumers: grouped(
      nodes.filter(({ kind }) => kind === "consumer" || kind === "consumers"),
      ({ module }) => module
    )
  }
  const eventsHeight =
    columns.events.reduce((sum, [, own]) => sum + own.length * row, 0) + (columns.events.length - 1) * gap.frames
  const frameHeight = (count: number) => around.top + count * row - gap.rows + around.bottom
  const consumersHeight =
    columns.consumers.reduce((sum, [, own]) => sum + frameHeight(own.length) + gap.frames, 0) - gap.frames
  const total = Math.max(eventsHeight, consumersHeight, row)
  let y = (total - eventsHeight) / 2
  for (const [module, own] of columns.events) {
    boxes.set(`module:${module}`, { x: 0, y: y + (own.length * row - row) / 2, width: widths.module, height })
    for (const { id, kind } of own) {
      boxes.set(id, { x: eventsX, y, width: widths[kind], height })
      y += row
    }
    y += gap.frames
  }
  y = (total - consumersHeight) / 2
  for (const [module, own] of columns.consumers) {
    const width = widths.consumer + 2 * around.side
    frames.push({ module, x: consumersX - around.side, y, width, height: frameHeight(own.length) })
    for (const [index, { id, kind }] of own.entries())
      boxes.set(id, { x: consumersX, y: y + around.top + index * row, width: widths[kind], height })
    y += frameHeight(own.length) + gap.frames
  }
  return { boxes, frames, width: consumersX + widths.consumer + around.side, height: total }
}

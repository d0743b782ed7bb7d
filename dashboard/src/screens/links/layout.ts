/** Where the entities of a graph are drawn: in columns, those that lead to the entity at its left, those it leads to at its right. */
import type { LinkGraph } from "../../api/wire.ts"
import { entityText } from "../../words/entities.ts"

export type GraphEntity = LinkGraph["entities"][number]

export type GraphLink = LinkGraph["links"][number]

export interface Placed {
  readonly key: string
  readonly entity: GraphEntity["entity"]
  readonly hops: number
  /** Of its left upper corner, in pixels. */
  readonly x: number
  readonly y: number
}

export interface Edge {
  readonly link: GraphLink
  readonly path: string
  readonly labelX: number
  readonly labelY: number
}

export interface Layout {
  readonly nodes: ReadonlyArray<Placed>
  readonly edges: ReadonlyArray<Edge>
  readonly width: number
  readonly height: number
}

export const nodeWidth = 156

export const nodeHeight = 44

const columnGap = 92

const rowGap = 12

const margin = 8

/** Column of each entity, the one that was asked for in 0: by the first link that reaches it. */
const columnsOf = ({ entities, links }: LinkGraph): ReadonlyMap<string, number> => {
  const columns = new Map<string, number>()
  const first = entities[0]
  if (first === undefined) return columns
  columns.set(entityText(first.entity), 0)
  const ends = links.map(({ source, target }) => [entityText(source), entityText(target)] as const)
  let reached = [entityText(first.entity)]
  while (reached.length > 0) {
    const from = new Set(reached)
    reached = []
    const reach = (key: string, column: number) => {
      if (columns.has(key)) return
      columns.set(key, column)
      reached.push(key)
    }
    for (const [source, target] of ends) {
      if (from.has(source)) reach(target, columns.get(source)! + 1)
      if (from.has(target)) reach(source, columns.get(target)! - 1)
    }
  }
  for (const { entity } of entities) if (!columns.has(entityText(entity))) columns.set(entityText(entity), 1)
  return columns
}

const average = (values: ReadonlyArray<number>) =>
  values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length

/** Rows in each column, so that who is linked is near: each column by where its neighbours towards the middle are. */
const orderOf = (graph: LinkGraph, columns: ReadonlyMap<string, number>) => {
  const byColumn = new Map<number, Array<string>>()
  for (const [key, column] of columns) byColumn.set(column, [...(byColumn.get(column) ?? []), key])
  const neighbours = new Map<string, Array<string>>()
  const join = (one: string, other: string) => neighbours.set(one, [...(neighbours.get(one) ?? []), other])
  for (const { source, target } of graph.links) {
    join(entityText(source), entityText(target))
    join(entityText(target), entityText(source))
  }
  const middle = new Map<string, number>()
  const fromTheMiddle = [...byColumn.keys()].toSorted((a, b) => Math.abs(a) - Math.abs(b))
  for (const column of fromTheMiddle) {
    const keys = byColumn.get(column)!
    const wanted = (key: string) =>
      average((neighbours.get(key) ?? []).map((each) => middle.get(each)).filter((row) => row !== undefined))
    const rows = new Map(keys.map((key) => [key, wanted(key)]))
    keys.sort((a, b) => rows.get(a)! - rows.get(b)!)
    for (const [index, key] of keys.entries()) middle.set(key, index - (keys.length - 1) / 2)
  }
  return byColumn
}

const curve = (from: Placed, to: Placed): Omit<Edge, "link"> => {
  const [y1, y2] = [from.y + nodeHeight / 2, to.y + nodeHeight / 2]
  if (from.x === to.x) {
    const x = from.x + nodeWidth
    const out = x + columnGap / 2
    return { path: `M${x},${y1} C${out},${y1} ${out},${y2} ${x + 4},${y2}`, labelX: out - 12, labelY: (y1 + y2) / 2 }
  }
  const isForward = from.x < to.x
  const x1 = isForward ? from.x + nodeWidth : from.x
  const x2 = isForward ? to.x - 4 : to.x + nodeWidth + 4
  const bend = (x2 - x1) / 2
  // Near the end that is farther from the middle, where lines are apart.
  const share = to.hops >= from.hops ? 0.84 : 0.16
  return {
    path: `M${x1},${y1} C${x1 + bend},${y1} ${x2 - bend},${y2} ${x2},${y2}`,
    labelX: x1 + (x2 - x1) * (y1 === y2 ? 0.5 : share > 0.5 ? 0.66 : 0.34),
    labelY: y1 + (y2 - y1) * share
  }
}

export const layoutOf = (graph: LinkGraph): Layout => {
  const columns = columnsOf(graph)
  const byColumn = orderOf(graph, columns)
  const least = Math.min(0, ...byColumn.keys())
  const most = Math.max(0, ...byColumn.keys())
  const tallest = Math.max(1, ...[...byColumn.values()].map(({ length }) => length))
  const height = 2 * margin + tallest * (nodeHeight + rowGap) - rowGap
  const rows = new Map(
    [...byColumn.values()].flatMap((keys) =>
      keys.map((key, index) => {
        const own = keys.length * (nodeHeight + rowGap) - rowGap
        return [key, (height - own) / 2 + index * (nodeHeight + rowGap)] as const
      })
    )
  )
  const nodes = graph.entities.map(({ entity, hops }): Placed => {
    const key = entityText(entity)
    const x = margin + (columns.get(key)! - least) * (nodeWidth + columnGap)
    return { key, entity, hops, x, y: rows.get(key)! }
  })
  const byKey = new Map(nodes.map((node) => [node.key, node]))
  const edges = graph.links.flatMap((link): ReadonlyArray<Edge> => {
    const [from, to] = [byKey.get(entityText(link.source)), byKey.get(entityText(link.target))]
    return from === undefined || to === undefined ? [] : [{ link, ...curve(from, to) }]
  })
  return { nodes, edges, height, width: 2 * margin + (most - least + 1) * (nodeWidth + columnGap) - columnGap }
}

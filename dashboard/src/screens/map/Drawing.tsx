/** The map as a drawing. Loaded with what draws it. */
import { type Edge, type Node, ReactFlow, ReactFlowProvider, useReactFlow } from "@xyflow/react"
import "@xyflow/react/dist/base.css"
import { Maximize, Minus, Plus } from "lucide-react"
import { useEffect, useMemo, useState } from "react"
import { Button } from "../../parts/Button.tsx"
import { useMayMove } from "../../parts/media.ts"
import { type EdgeData, edgeTypes, type NodeData, nodeTypes } from "./drawn.tsx"
import type { Graph } from "./graph.ts"
import { type Places, placesOf } from "./layout.ts"
import { lineWidth } from "./looks.ts"

export interface DrawingProps {
  readonly graph: Graph
  /** Of the span of time that its figures are of. */
  readonly minutes: number
  readonly isLive: boolean
  readonly selected: string | undefined
  readonly onSelect: (id: string) => void
}

/** What is drawn is the same: then nothing is placed anew, and nothing moves. */
const shapeOf = ({ edges, nodes }: Graph) =>
  JSON.stringify([nodes.map(({ id }) => id).toSorted(), edges.map(({ id }) => id).toSorted()])

const usePlaces = (graph: Graph) => {
  const shape = shapeOf(graph)
  // biome-ignore lint/correctness/useExhaustiveDependencies: figures do not move anything.
  return useMemo(() => placesOf(graph), [shape])
}

/** The node, and what it is connected with. */
const around = ({ edges }: Graph, id: string): ReadonlySet<string> => {
  const out = (from: string): Array<string> => edges.flatMap(({ source, target }) => (source === from ? [target] : []))
  const into = (to: string): Array<string> => edges.flatMap(({ source, target }) => (target === to ? [source] : []))
  return new Set([id, ...out(id), ...out(id).flatMap(out), ...into(id), ...into(id).flatMap(into)])
}

/** How wide the detail is, in pixels. */
const drawerWidth = 640

/** The detail stands over the right of the page: what is chosen is moved from under it. */
const useUncovered = (places: Places | undefined, selected: string | undefined) => {
  const flow = useReactFlow()
  const part = selected === undefined ? undefined : places?.boxes.get(selected)
  useEffect(() => {
    if (part === undefined || !matchMedia("(min-width: 901px)").matches) return
    const free = innerWidth - drawerWidth
    const { x: right } = flow.flowToScreenPosition({ x: part.x + part.width, y: part.y })
    if (right < free - 16) return
    const { x, y, zoom } = flow.getViewport()
    void flow.setViewport({ x: x - (right - free + 48), y, zoom }, { duration: 160 })
  }, [flow, part])
}

const fixed = { draggable: false, selectable: false, connectable: false, focusable: false } as const

const Zoom = () => {
  const flow = useReactFlow()
  return (
    <div className="absolute right-3 bottom-3 z-10 flex gap-1">
      <Button isIcon aria-label="Zoom in" onClick={() => void flow.zoomIn({ duration: 120 })}>
        <Plus size={14} aria-hidden="true" />
      </Button>
      <Button isIcon aria-label="Zoom out" onClick={() => void flow.zoomOut({ duration: 120 })}>
        <Minus size={14} aria-hidden="true" />
      </Button>
      <Button isIcon aria-label="Show all" onClick={() => void flow.fitView({ padding: 0.06, maxZoom: 1.1 })}>
        <Maximize size={14} aria-hidden="true" />
      </Button>
    </div>
  )
}

const Flow = ({ graph, isLive, minutes, onSelect, selected }: DrawingProps) => {
  const flow = useReactFlow()
  const places = usePlaces(graph)
  const mayMove = useMayMove()
  const [fitted, setFitted] = useState<Places>()
  // biome-ignore lint/correctness/useExhaustiveDependencies: shown as a whole whenever it was placed anew.
  useEffect(() => void flow.fitView({ padding: 0.06, maxZoom: 1.1 }).then(() => setFitted(places)), [places])
  const [pointed, setPointed] = useState<string>()
  useUncovered(fitted, selected)
  const centre = selected ?? pointed
  const lit = centre === undefined ? undefined : around(graph, centre)
  const isDim = (id: string) => lit !== undefined && !lit.has(id)
  const frames = places.frames.map(
    ({ height, module, width, x, y }): Node => ({
      ...fixed,
      id: `frame:${module}`,
      type: "frame",
      position: { x, y },
      width,
      height,
      zIndex: -1,
      data: { module }
    })
  )
  const nodes = graph.nodes.map((node): Node<NodeData> => {
    const { height, width, x, y } = places.boxes.get(node.id)!
    const data = { node, minutes, isDim: isDim(node.id), isSelected: node.id === selected, onSelect }
    return { ...fixed, id: node.id, type: "part", position: { x, y }, width, height, data }
  })
  const edges = graph.edges.map((edge): Edge<EdgeData> => {
    const isOff = lit !== undefined && !(lit.has(edge.source) && lit.has(edge.target))
    const data = { edge, width: lineWidth(edge, minutes), isDim: isOff, moves: isLive && mayMove && !isOff }
    return { ...fixed, id: edge.id, type: "stream", source: edge.source, target: edge.target, data }
  })
  return (
    <>
      <ReactFlow
        nodes={[...frames, ...nodes]}
        edges={edges}
        nodeTypes={nodeTypes}
        edgeTypes={edgeTypes}
        nodesFocusable={false}
        edgesFocusable={false}
        minZoom={0.2}
        maxZoom={2}
        // The page is scrolled with the wheel; with Ctrl or by pinching, the map is made larger.
        zoomOnScroll={false}
        preventScrolling={false}
        deleteKeyCode={null}
        selectionKeyCode={null}
        attributionPosition="bottom-left"
        onNodeMouseEnter={(_, { id }) => setPointed(id.startsWith("frame:") ? undefined : id)}
        onNodeMouseLeave={() => setPointed(undefined)}
        aria-label="Map of events and consumers"
      />
      <Zoom />
    </>
  )
}

const Drawing = (props: DrawingProps) => (
  <div className="relative h-[max(420px,calc(100dvh-232px))] w-full overflow-hidden [&_.react-flow\_\_attribution]:bg-transparent! [&_.react-flow\_\_attribution_a]:text-faint!">
    <ReactFlowProvider>
      <Flow {...props} />
    </ReactFlowProvider>
  </div>
)

export default Drawing

/** What the map is drawn with: boxes for modules, events and consumers, and streams between them. */
import { type Edge, type EdgeProps, getBezierPath, Handle, type Node, type NodeProps, Position } from "@xyflow/react"
import type { GraphEdge, GraphNode } from "./graph.ts"
import { nameOf, rateText, tokens, wordsOf } from "./looks.ts"

export interface NodeData extends Record<string, unknown> {
  readonly node: GraphNode
  readonly minutes: number
  readonly isDim: boolean
  readonly isSelected: boolean
  readonly onSelect: (id: string) => void
}

export interface EdgeData extends Record<string, unknown> {
  readonly edge: GraphEdge
  readonly width: number
  readonly isDim: boolean
  /** Whether dots go along it. */
  readonly moves: boolean
}

const hidden = "pointer-events-none! min-h-0! min-w-0! size-0! border-0! opacity-0!"

const borders = { none: "border-line", retrying: "border-retrying", "gave-up": "border-gave-up" }

/** Trouble has a shape as well as a colour. */
const shapes = { none: "", retrying: "▲", "gave-up": "■" }
const colours = { none: "", retrying: "text-retrying", "gave-up": "text-gave-up" }

const Part = ({ data: { isDim, isSelected, minutes, node, onSelect } }: NodeProps<Node<NodeData>>) => {
  const { count, isHollow, isPaused, kind, trouble } = node
  const look = kind === "module" ? "bg-hover font-semibold" : isHollow ? "border-dashed bg-transparent" : "bg-panel"
  return (
    <>
      <Handle type="target" position={Position.Left} className={hidden} isConnectable={false} />
      <button
        type="button"
        aria-label={wordsOf(node, minutes)}
        title={wordsOf(node, minutes)}
        aria-pressed={isSelected}
        onClick={() => onSelect(node.id)}
        className={`nodrag flex size-full items-center gap-1.5 rounded-md border px-2 text-left hover:bg-hover ${look} ${isHollow && trouble === "none" ? "border-edge" : borders[trouble]} ${isSelected ? "ring-2 ring-accent" : ""} ${isDim ? "border-line! bg-transparent! font-normal! text-faint" : ""}`}
      >
        <span className="min-w-0 flex-1 truncate">{nameOf(node)}</span>{" "}
        {isPaused ? (
          <span aria-hidden="true" className="text-[10px] text-paused">
            ‖
          </span>
        ) : null}
        {trouble === "none" ? null : (
          <span aria-hidden="true" className={`text-[10px] ${colours[trouble]}`}>
            {shapes[trouble]}
          </span>
        )}
        <span className="shrink-0 text-xs font-normal text-faint">{rateText(count, minutes)}</span>
      </button>
      <Handle type="source" position={Position.Right} className={hidden} isConnectable={false} />
    </>
  )
}

const Frame = ({ data }: NodeProps<Node<{ readonly module: string }>>) => (
  <div className="size-full rounded-md border border-line px-3 pt-1 text-xs text-faint">{data.module}</div>
)

/** Seconds for one way: the more, the faster. */
const wayOf = (width: number) => (7 - width).toFixed(1)

const Stream = ({ data, id, sourceX, sourceY, targetX, targetY }: EdgeProps<Edge<EdgeData>>) => {
  const [path] = getBezierPath({
    sourceX,
    sourceY,
    targetX,
    targetY,
    sourcePosition: Position.Right,
    targetPosition: Position.Left
  })
  const { edge, isDim, moves, width } = data!
  const isSilent = edge.count === 0 && edge.trouble === "none"
  const colour = `var(${tokens[edge.trouble]})`
  return (
    <g opacity={isDim ? 0.12 : isSilent ? 0.8 : edge.trouble === "none" ? 0.55 : 0.85} className="transition-opacity">
      <path
        d={path}
        fill="none"
        stroke={colour}
        strokeWidth={isSilent ? 1 : width}
        strokeDasharray={isSilent ? "3 4" : undefined}
      />
      {moves && !isSilent ? (
        <circle r={Math.max(2, width / 2 + 0.75)} fill={edge.trouble === "none" ? "var(--text)" : colour}>
          <animateMotion
            path={path}
            dur={`${wayOf(width)}s`}
            begin={`-${(id.length * 7) % 5}s`}
            repeatCount="indefinite"
          />
        </circle>
      ) : null}
    </g>
  )
}

export const nodeTypes = { part: Part, frame: Frame }

export const edgeTypes = { stream: Stream }

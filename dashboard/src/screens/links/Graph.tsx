/** Entities around one and the links between them: whoever is chosen is in the middle next. */
import { useLayoutEffect, useMemo, useRef, useState } from "react"
import { Link } from "wouter"
import type { LinkGraph } from "../../api/wire.ts"
import { type Edge, layoutOf, nodeHeight, nodeWidth, type Placed } from "./layout.ts"
import { linkTypeNames, linkTypes } from "./linkTypes.ts"
import { useEntityPlace } from "./place.ts"

/** With more, only the links of the entity under the pointer are named. */
const mostNamed = 24

const endsOf = ({ link: { source, target } }: Edge) =>
  [source, target].map(({ entityId, entityType, module }) => `${module}/${entityType}/${entityId}`)

const EdgeLine = ({
  edge,
  isDim,
  isNamed
}: {
  readonly edge: Edge
  readonly isDim: boolean
  readonly isNamed: boolean
}) => {
  const { dash, width, word } = linkTypes[edge.link.linkType]
  return (
    <g opacity={isDim ? 0.2 : isNamed ? 1 : 0.5}>
      <path
        d={edge.path}
        fill="none"
        stroke="var(--edge)"
        strokeWidth={width}
        strokeDasharray={dash}
        markerEnd="url(#link-end)"
      />
      {isNamed ? (
        <text
          x={edge.labelX}
          y={edge.labelY + 4}
          textAnchor="middle"
          fontSize={11}
          fill="var(--muted)"
          stroke="var(--panel)"
          strokeWidth={4}
          paintOrder="stroke"
        >
          {word}
        </text>
      ) : null}
    </g>
  )
}

const Node = ({
  href,
  isDim,
  node,
  onLook
}: {
  readonly node: Placed
  readonly href: string
  readonly isDim: boolean
  readonly onLook: (key: string | undefined) => void
}) => {
  const { entityId, entityType, module } = node.entity
  const isFirst = node.hops === 0
  return (
    <li className="absolute" style={{ left: node.x, top: node.y, width: nodeWidth, height: nodeHeight }}>
      <Link
        href={href}
        title={node.key}
        aria-current={isFirst ? true : undefined}
        onMouseEnter={() => onLook(node.key)}
        onMouseLeave={() => onLook(undefined)}
        onFocus={() => onLook(node.key)}
        onBlur={() => onLook(undefined)}
        className={`grid h-full content-center rounded-md border px-2 ${isFirst ? "border-accent bg-accent-soft" : "border-line bg-raised hover:border-edge"} ${isDim ? "opacity-40" : ""}`}
      >
        <span className={`truncate text-sm ${isFirst ? "font-semibold" : ""}`}>{entityId}</span>
        <span className="truncate text-xs text-muted">
          {module}/{entityType}
        </span>
      </Link>
    </li>
  )
}

/** How the lines of link types look, of those that are drawn. */
const Legend = ({ graph }: { readonly graph: LinkGraph }) => (
  <ul className="flex flex-wrap gap-x-4 gap-y-1 border-t border-line pt-2 text-sm text-muted">
    {linkTypeNames
      .filter((name) => graph.links.some(({ linkType }) => linkType === name))
      .map((name) => (
        <li key={name} className="flex items-center gap-2">
          <svg width={28} height={8} aria-hidden="true">
            <path
              d="M0,4 H28"
              stroke="var(--edge)"
              strokeWidth={linkTypes[name].width}
              strokeDasharray={linkTypes[name].dash}
            />
          </svg>
          {linkTypes[name].word}: {linkTypes[name].means}
        </li>
      ))}
  </ul>
)

export const Graph = ({ graph }: { readonly graph: LinkGraph }) => {
  const { hrefOf } = useEntityPlace()
  const layout = useMemo(() => layoutOf(graph), [graph])
  const [looked, setLooked] = useState<string>()
  const box = useRef<HTMLDivElement>(null)
  const first = layout.nodes[0]
  const middle = first === undefined ? undefined : `${first.key} ${first.x} ${first.y}`
  useLayoutEffect(() => {
    const element = box.current
    if (element === null || first === undefined || middle === undefined) return
    element.scrollLeft = first.x + nodeWidth / 2 - element.clientWidth / 2
    element.scrollTop = first.y + nodeHeight / 2 - element.clientHeight / 2
  }, [middle, first])
  const near = new Set(
    looked === undefined ? [] : layout.edges.filter((edge) => endsOf(edge).includes(looked)).flatMap(endsOf)
  )
  const isDim = (key: string) => looked !== undefined && key !== looked && near.size > 0 && !near.has(key)
  return (
    <>
      <div ref={box} className="relative max-h-[560px] overflow-auto py-2">
        <div className="relative mx-auto" style={{ width: layout.width, height: layout.height }}>
          <svg width={layout.width} height={layout.height} aria-hidden="true" className="absolute inset-0">
            <defs>
              <marker
                id="link-end"
                viewBox="0 0 8 8"
                refX={6}
                refY={4}
                markerWidth={8}
                markerHeight={8}
                markerUnits="userSpaceOnUse"
                orient="auto"
              >
                <path d="M0,0 L8,4 L0,8 z" fill="var(--edge)" />
              </marker>
            </defs>
            {layout.edges.map((edge) => {
              const isLooked = looked !== undefined && endsOf(edge).includes(looked)
              return (
                <EdgeLine
                  key={edge.link.id}
                  edge={edge}
                  isDim={looked !== undefined && near.size > 0 && !isLooked}
                  isNamed={layout.edges.length <= mostNamed || isLooked}
                />
              )
            })}
          </svg>
          <ul aria-label="Entities, the nearest first" className="absolute inset-0">
            {layout.nodes.map((node) => (
              <Node key={node.key} node={node} href={hrefOf(node.entity)} isDim={isDim(node.key)} onLook={setLooked} />
            ))}
          </ul>
        </div>
      </div>
      <Legend graph={graph} />
    </>
  )
}

/** Types of links: each has its own line, since colour is for states. */
import type { Link } from "../../api/wire.ts"

export type LinkType = Link["linkType"]

interface Look {
  readonly word: string
  readonly means: string
  /** Of the line, as SVG has it. */
  readonly dash: string | undefined
  readonly width: number
}

export const linkTypes: Readonly<Record<LinkType, Look>> = {
  reference: { word: "reference", means: "mentions", dash: "5 4", width: 1.25 },
  cascade: { word: "cascade", means: "lives and ends with", dash: undefined, width: 1.5 },
  aggregate_root: { word: "aggregate root", means: "belongs to", dash: undefined, width: 3 }
}

export const linkTypeNames = Object.keys(linkTypes) as ReadonlyArray<LinkType>

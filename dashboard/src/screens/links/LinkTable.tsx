/** Links as a list: who is linked with whom, and since when. */
import { ArrowRight } from "lucide-react"
import { Link } from "wouter"
import type { Entity, Link as EntityLink } from "../../api/wire.ts"
import { type Column, Table } from "../../parts/Table.tsx"
import { Ago } from "../../parts/Time.tsx"
import { entityText } from "../../words/entities.ts"
import { linkTypes } from "./linkTypes.ts"
import { useEntityPlace } from "./place.ts"

/** An entity that leads to what is known of it; the one that is looked at stands as a text. */
export const EntityName = ({ entity }: { readonly entity: Entity }) => {
  const { hrefOf, text } = useEntityPlace()
  const name = entityText(entity)
  return name === text ? (
    <code className="font-semibold break-all">{name}</code>
  ) : (
    <Link href={hrefOf(entity)} className="text-accent hover:underline">
      <code className="break-all">{name}</code>
    </Link>
  )
}

const columns: ReadonlyArray<Column<EntityLink>> = [
  {
    id: "link",
    title: "From → to",
    narrow: "first",
    isWide: true,
    cell: ({ source, target }) => (
      <span className="inline-flex max-w-full flex-wrap items-center gap-x-1.5">
        <EntityName entity={source} />
        <ArrowRight size={12} aria-label="to" className="shrink-0 text-faint" />
        <EntityName entity={target} />
      </span>
    )
  },
  { id: "type", title: "Type", cell: ({ linkType }) => linkTypes[linkType].word },
  { id: "at", title: "Linked", isNumber: true, cell: ({ createdAt }) => <Ago at={createdAt} /> }
]

export const LinkTable = ({ label, links }: { readonly label: string; readonly links: ReadonlyArray<EntityLink> }) => (
  <Table label={label} rows={links} columns={columns} keyOf={({ id }) => id} />
)

/** What an event's aggregate is linked with. */
import { Link as To } from "wouter"
import { useAsk } from "../../api/asking.ts"
import type { Entity, Link } from "../../api/wire.ts"
import { Answered, Empty } from "../../parts/Answers.tsx"
import { type Column, Table } from "../../parts/Table.tsx"
import { Ago } from "../../parts/Time.tsx"
import { entityText } from "../../words/entities.ts"

const hrefOf = (entity: Entity) => `/links?entity=${encodeURIComponent(entityText(entity))}`

const isSame = (a: Entity, b: Entity) => entityText(a) === entityText(b)

const columnsFor = (entity: Entity): ReadonlyArray<Column<Link>> => {
  const otherOf = ({ source, target }: Link) => (isSame(source, entity) ? target : source)
  return [
    {
      id: "way",
      title: "Way",
      cell: ({ source }) => (isSame(source, entity) ? "to" : "from")
    },
    {
      id: "entity",
      title: "Entity",
      isWide: true,
      narrow: "first",
      cell: (link) => (
        <To href={hrefOf(otherOf(link))} className="text-accent hover:underline">
          {entityText(otherOf(link))}
        </To>
      )
    },
    { id: "type", title: "Type", cell: ({ linkType }) => linkType.replace("_", " ") },
    { id: "made", title: "Made", cell: ({ createdAt }) => <Ago at={createdAt} /> }
  ]
}

export const EventLinks = ({ entity }: { readonly entity: Entity }) => {
  const query = useAsk("/links", { query: { ...entity, limit: 100 } })
  const graph = (
    <To href={hrefOf(entity)} className="inline-flex min-h-8 items-center text-accent hover:underline">
      Graph and life of {entityText(entity)}
    </To>
  )
  return (
    <Answered query={query}>
      {({ items, next }) =>
        items.length === 0 ? (
          <Empty title="No links">
            Nothing is linked with {entityText(entity)}. {graph}
          </Empty>
        ) : (
          <>
            <Table
              label={`Links of ${entityText(entity)}`}
              rows={items}
              columns={columnsFor(entity)}
              keyOf={({ id }) => id}
            />
            <p className="pt-2 text-muted">
              {next === undefined ? null : "The first 100 are shown. "}
              {graph}
            </p>
          </>
        )
      }
    </Answered>
  )
}

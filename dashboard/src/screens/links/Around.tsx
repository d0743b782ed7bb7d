/** What an entity is linked with: as a graph, or as a table of the same links. */
import type { ReactNode } from "react"
import { useAsk } from "../../api/asking.ts"
import type { Entity, LinkGraph } from "../../api/wire.ts"
import { Answered, Empty, Skeleton } from "../../parts/Answers.tsx"
import { Button } from "../../parts/Button.tsx"
import { useIsNarrow } from "../../parts/media.ts"
import { Panel } from "../../parts/Panel.tsx"
import { useParam } from "../../parts/params.ts"
import { entityText } from "../../words/entities.ts"
import { exact } from "../../words/numbers.ts"
import { Graph } from "./Graph.tsx"
import { LinkTable } from "./LinkTable.tsx"
import { useLinkPages } from "./pages.ts"
import { type Hops, useEntityPlace } from "./place.ts"

const views = ["graph", "table", "own"] as const

type View = (typeof views)[number]

const viewNames: Readonly<Record<View, string>> = { graph: "Graph", table: "Table", own: "Its own links" }

const ViewChoice = ({ view, onChange }: { readonly view: View; readonly onChange: (view: View) => void }) => (
  <fieldset className="flex gap-1">
    <legend className="sr-only">How links are shown</legend>
    {views.map((each) => (
      <Button
        key={each}
        look="quiet"
        aria-pressed={each === view}
        onClick={() => onChange(each)}
        className={each === view ? "bg-accent-soft font-semibold text-accent" : "text-muted"}
      >
        {viewNames[each]}
      </Button>
    ))}
  </fieldset>
)

const Alone = ({ entity }: { readonly entity: Entity }) => (
  <Empty title="It is linked with nothing">
    No link names <code className="break-all">{entityText(entity)}</code>. Handlers make links with{" "}
    <code>LinkStore.create</code>.
  </Empty>
)

const countText = ({ entities, links }: LinkGraph) =>
  `${exact(entities.length)} ${entities.length === 1 ? "entity" : "entities"}, ${exact(links.length)} ${links.length === 1 ? "link" : "links"}`

const WithinHops = ({
  children,
  entity,
  hops
}: {
  readonly entity: Entity
  readonly hops: Hops
  readonly children: (graph: LinkGraph) => ReactNode
}) => {
  const query = useAsk("/links/graph", { query: { ...entity, hops } }, { every: 30_000 })
  return (
    <Answered query={query} skeleton={<Skeleton className="h-80 w-full" />}>
      {(graph) =>
        graph.links.length === 0 ? (
          <Alone entity={entity} />
        ) : (
          <>
            <p className="text-sm text-muted">
              {countText(graph)} within {hops === 1 ? "one hop" : `${hops} hops`}.
              {graph.isComplete
                ? null
                : " There are more within these hops; the nearest are shown. Its own links are all in their list."}
            </p>
            {children(graph)}
          </>
        )
      }
    </Answered>
  )
}

/** All links of the entity itself, page by page. */
const OwnLinks = ({ entity }: { readonly entity: Entity }) => {
  const query = useLinkPages(entity)
  return (
    <Answered query={query}>
      {({ pages }) => {
        const links = pages.flatMap(({ items }) => items)
        return links.length === 0 ? (
          <Alone entity={entity} />
        ) : (
          <>
            <LinkTable label={`Links of ${entityText(entity)}`} links={links} />
            {query.hasNextPage ? (
              <Button className="my-2" disabled={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
                Show more
              </Button>
            ) : (
              <p className="py-2 text-sm text-muted">These are all.</p>
            )}
          </>
        )
      }}
    </Answered>
  )
}

export const Around = ({ entity }: { readonly entity: Entity }) => {
  const { hops } = useEntityPlace()
  const [given, setView] = useParam("view")
  const isSmall = useIsNarrow()
  const usual = isSmall ? "table" : "graph"
  const view = views.find((each) => each === given) ?? usual
  const choice = <ViewChoice view={view} onChange={(each) => setView(each === usual ? undefined : each)} />
  return (
    <Panel title="Links" actions={choice}>
      {view === "own" ? (
        <OwnLinks entity={entity} />
      ) : (
        <WithinHops entity={entity} hops={hops}>
          {(graph) =>
            view === "graph" ? (
              <Graph graph={graph} />
            ) : (
              <LinkTable label={`Links around ${entityText(entity)}`} links={graph.links} />
            )
          }
        </WithinHops>
      )}
    </Panel>
  )
}

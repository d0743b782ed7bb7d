/** Who publishes which events, and who gets them. */

import { Download } from "lucide-react"
import { DropdownMenu } from "radix-ui"
import { lazy, useDeferredValue, useMemo } from "react"
import { useAsk } from "../../api/asking.ts"
import { useLive } from "../../api/live.ts"
import { patiently } from "../../api/loading.ts"
import { Answered, Empty, Skeleton } from "../../parts/Answers.tsx"
import { Button } from "../../parts/Button.tsx"
import { copy } from "../../parts/clipboard.ts"
import { download } from "../../parts/download.ts"
import { Later } from "../../parts/Later.tsx"
import { useIsNarrow } from "../../parts/media.ts"
import { notify } from "../../parts/notices.tsx"
import { ScreenTitle } from "../../parts/Panel.tsx"
import { useParams } from "../../parts/params.ts"
import { type Range, ranges, rangeWords, spanOf, useRange } from "../../parts/range.ts"
import { SearchInput } from "../../parts/SearchInput.tsx"
import { Detail } from "./Detail.tsx"
import { focused, type Graph, graphOf } from "./graph.ts"
import { Legend } from "./Legend.tsx"
import { MapTable } from "./MapTable.tsx"
import { mermaidOf } from "./mermaid.ts"
import { useMinute } from "./minute.ts"
import { type Answers, type Model, modelOf } from "./model.ts"

const Drawing = lazy(() => patiently(() => import("./Drawing.tsx")))

const views = [
  ["map", "Map"],
  ["table", "Table"]
] as const

const ViewChoice = ({ onChange, view }: { readonly view: string; readonly onChange: (view: string) => void }) => (
  <fieldset aria-label="How it is shown" className="flex">
    {views.map(([id, name]) => (
      <Button
        key={id}
        aria-pressed={view === id}
        onClick={() => onChange(id)}
        className="first:rounded-r-none last:-ml-px last:rounded-l-none aria-pressed:bg-accent-soft aria-pressed:text-accent"
      >
        {name}
      </Button>
    ))}
  </fieldset>
)

const item = "flex h-9 items-center rounded px-3 outline-none data-[highlighted]:bg-hover"

const Export = ({ graph, minutes }: { readonly graph: Graph; readonly minutes: number }) => {
  const copyMermaid = () =>
    void copy(mermaidOf(graph, minutes)).then((isThere) => isThere && notify("The map was copied as Mermaid text."))
  const saveSvg = () =>
    void import("./svg.ts").then(({ svgOf }) => download("map.svg", "image/svg+xml", svgOf(graph, minutes)))
  return (
    <DropdownMenu.Root modal={false}>
      <DropdownMenu.Trigger asChild>
        <Button>
          <Download size={14} aria-hidden="true" /> Export
        </Button>
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal>
        <DropdownMenu.Content
          align="end"
          className="opens z-40 min-w-48 rounded-md border border-line bg-raised p-1 shadow-lg"
        >
          <DropdownMenu.Item className={item} onSelect={copyMermaid}>
            Copy as Mermaid
          </DropdownMenu.Item>
          <DropdownMenu.Item
            className={item}
            onSelect={() => download("map.mmd", "text/vnd.mermaid", mermaidOf(graph, minutes))}
          >
            Save as Mermaid
          </DropdownMenu.Item>
          <DropdownMenu.Item className={item} onSelect={saveSvg}>
            Save as SVG
          </DropdownMenu.Item>
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  )
}

const Parts = ({ minutes, whole }: { readonly whole: Model; readonly minutes: number }) => {
  const [params, change] = useParams()
  const isNarrow = useIsNarrow()
  const { state } = useLive()
  const view = params.get("view") ?? (isNarrow ? "table" : "map")
  const near = params.get("near") ?? ""
  const selected = params.get("part") ?? undefined
  const opened = params.getAll("open")
  const wanted = useDeferredValue(near)
  const model = useMemo(() => focused(whole, wanted), [whole, wanted])
  const all = opened.join("\n")
  const graph = useMemo(() => graphOf(model, new Set(all.split("\n"))), [model, all])
  const select = (id: string | undefined) => change({ part: id })
  const hrefOf = (id: string) => {
    const next = new URLSearchParams(params)
    next.set("part", id)
    return `/map?${next}`
  }
  return (
    <>
      <div className="mb-3 flex flex-wrap items-center gap-2">
        <SearchInput
          label="Show only what is near a module, event or consumer"
          placeholder="Module, event or consumer"
          value={near}
          onChange={(text) => change({ near: text })}
        />
        {opened.length === 0 ? null : <Button onClick={() => change({ open: undefined })}>Show modules as one</Button>}
        <div className="ml-auto flex gap-2">
          <Export graph={graph} minutes={minutes} />
          <ViewChoice view={view} onChange={(id) => change({ view: id })} />
        </div>
      </div>
      <div className="rounded-md border border-line bg-panel">
        {view === "table" ? (
          <MapTable model={model} minutes={minutes} hrefOf={hrefOf} selected={selected} />
        ) : graph.nodes.length === 0 ? (
          <Empty title="Nothing has such a name">
            Search for a part of a module's, an event's or a consumer's name.
          </Empty>
        ) : (
          <>
            <Later fallback={<Waiting />}>
              <Drawing
                graph={graph}
                minutes={minutes}
                isLive={state === "live"}
                selected={selected}
                onSelect={select}
              />
            </Later>
            <Legend isCollapsed={graph.isCollapsed} />
          </>
        )}
      </div>
      <Detail
        id={selected}
        model={whole}
        minutes={minutes}
        hrefOf={hrefOf}
        onClose={() => select(undefined)}
        onOpen={(id) => change({ open: [...opened, id], part: undefined })}
      />
    </>
  )
}

const Waiting = () => <Skeleton className="h-[max(420px,calc(100dvh-232px))] w-full" />

const Known = ({ answers, range }: { readonly answers: Answers; readonly range: Range }) => {
  const { consumers, contracts, flows } = answers
  const model = useMemo(() => modelOf({ consumers, contracts, flows }), [consumers, contracts, flows])
  return model.events.length + model.consumers.length === 0 ? (
    <Empty title="There is nothing to map yet">
      As soon as an event is defined or a consumer declared, it is here.
    </Empty>
  ) : (
    <Parts whole={model} minutes={ranges[range] / 60_000} />
  )
}

const MapScreen = () => {
  const [range] = useRange()
  const span = spanOf(range, useMinute())
  const flows = useAsk("/map", { query: span })
  const contracts = useAsk("/contracts", {}, { every: 60_000 })
  const consumers = useAsk("/consumers", {})
  return (
    <>
      <ScreenTitle title="Map">Who publishes which events, and who gets them, in {rangeWords[range]}.</ScreenTitle>
      <Answered query={flows} skeleton={<Waiting />}>
        {(known) => (
          <Answered query={contracts} skeleton={<Waiting />}>
            {(versions) => (
              <Answered query={consumers} skeleton={<Waiting />}>
                {(readers) => (
                  <Known answers={{ flows: known, contracts: versions, consumers: readers }} range={range} />
                )}
              </Answered>
            )}
          </Answered>
        )}
      </Answered>
    </>
  )
}

export default MapScreen

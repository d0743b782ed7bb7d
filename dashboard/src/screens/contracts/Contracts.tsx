/** What events hold, in which versions, who publishes them and who takes them. */
import { Answered, Empty } from "../../parts/Answers.tsx"
import { Drawer } from "../../parts/Drawer.tsx"
import { Count } from "../../parts/Figure.tsx"
import { useMedia } from "../../parts/media.ts"
import { Panel, ScreenTitle } from "../../parts/Panel.tsx"
import { useParam } from "../../parts/params.ts"
import { useGo, useHref, usePlace } from "../../parts/place.ts"
import { type Range, rangeShort } from "../../parts/range.ts"
import { SearchInput } from "../../parts/SearchInput.tsx"
import { type Column, Table } from "../../parts/Table.tsx"
import { Ago } from "../../parts/Time.tsx"
import { EventDetail } from "./EventDetail.tsx"
import { type KnownEvent, publishedOf, useKnownEvents } from "./known.ts"

/** What belongs to the detail only. */
const ofDetail = ["tab", "version", "from", "to"]

const hasText = (text: string) => (event: KnownEvent) =>
  [event.name, event.latest.sourceModule, event.latest.owner ?? "", ...event.consumers].some((each) =>
    each.toLowerCase().includes(text)
  )

const Published = ({ event }: { readonly event: KnownEvent }) => {
  const published = publishedOf(event)
  return published === undefined ? "–" : <Count value={published} />
}

const VersionsText = ({ event: { versions } }: { readonly event: KnownEvent }) => {
  const deprecated = versions.filter((each) => each.deprecated !== null)
  return (
    <span>
      {versions.map(({ version }) => version).join(", ")}
      {deprecated.length > 0 ? (
        <span className="text-retrying">
          {" "}
          <span aria-hidden="true" className="text-[10px]">
            ▲
          </span>{" "}
          {deprecated.map(({ version }) => version).join(", ")} deprecated
        </span>
      ) : null}
    </span>
  )
}

const columnsFor = (range: Range): ReadonlyArray<Column<KnownEvent>> => [
  { id: "name", title: "Event", narrow: "first", cell: ({ name }) => <span className="break-all">{name}</span> },
  {
    id: "versions",
    title: "Versions",
    cell: (event) => (
      <>
        <span className="sm:hidden">{event.versions.length === 1 ? "version " : "versions "}</span>
        <VersionsText event={event} />
      </>
    )
  },
  { id: "module", title: "Module", cell: ({ latest }) => latest.sourceModule },
  {
    id: "owner",
    title: "Owner",
    narrow: "left-out",
    cell: ({ latest }) => latest.owner ?? <span className="text-faint">–</span>
  },
  {
    id: "consumers",
    title: "Consumers",
    isWide: true,
    narrow: "left-out",
    cell: ({ consumers }) =>
      consumers.length === 0 ? (
        <span className="text-faint">none</span>
      ) : (
        <span title={consumers.join(", ")}>{consumers.join(", ")}</span>
      )
  },
  {
    id: "published",
    title: `Published, ${rangeShort[range]}`,
    isNumber: true,
    cell: (event) => (
      <>
        <Published event={event} />
        <span className="sm:hidden"> published</span>
      </>
    )
  },
  {
    id: "seen",
    title: "Registered",
    isNumber: true,
    narrow: "left-out",
    cell: ({ latest }) => <Ago at={latest.lastSeenAt} />
  }
]

const Filter = () => {
  const [text = "", setText] = useParam("q")
  return (
    <SearchInput
      label="Filter by event, module, owner or consumer"
      placeholder="Event, module, owner or consumer"
      value={text}
      onChange={(value) => setText(value === "" ? undefined : value)}
    />
  )
}

const List = ({ events, range }: { readonly events: ReadonlyArray<KnownEvent>; readonly range: Range }) => {
  const isWide = useMedia("(min-width: 1024px)")
  const columns = columnsFor(range)
  const [text = ""] = useParam("q")
  const current = usePlace<"event">("/contracts/:event")?.event
  const hrefTo = useHref()
  const shown = events.filter(hasText(text.trim().toLowerCase()))
  if (events.length === 0) {
    return (
      <Empty title="No contract is registered">
        They are registered when a process starts whose subscribers or publishers have definitions of events.
      </Empty>
    )
  }
  return shown.length === 0 ? (
    <Empty title={`None of ${events.length} events has “${text}”`} />
  ) : (
    <Table
      label="Events with their contracts"
      rows={shown}
      columns={isWide ? columns : columns.filter(({ id }) => id !== "owner")}
      keyOf={({ name }) => name}
      hrefOf={({ name }) => hrefTo(`/contracts/${encodeURIComponent(name)}`)}
      currentKey={current}
    />
  )
}

const Detail = ({ events, range }: { readonly events: ReadonlyArray<KnownEvent>; readonly range: Range }) => {
  const name = usePlace<"event">("/contracts/:event")?.event
  const go = useGo()
  const event = events.find((each) => each.name === name)
  return (
    <Drawer
      isOpen={name !== undefined}
      onClose={() => go("/contracts", ofDetail)}
      title={name ?? ""}
      subtitle={
        event === undefined ? undefined : `of ${event.latest.sourceModule}, about ${event.latest.aggregateType}`
      }
    >
      {event === undefined ? (
        <Empty title="It is not registered">No process registered a contract of this event.</Empty>
      ) : (
        <EventDetail event={event} range={range} />
      )}
    </Drawer>
  )
}

const Contracts = () => {
  const { contracts, events, range } = useKnownEvents()
  return (
    <>
      <ScreenTitle title="Contracts" actions={<Filter />}>
        What events hold, in which versions, who publishes them and who takes them.
      </ScreenTitle>
      <Panel title="Events">
        <Answered query={contracts}>
          {() => (
            <>
              <List events={events} range={range} />
              <Detail events={events} range={range} />
            </>
          )}
        </Answered>
      </Panel>
    </>
  )
}

export default Contracts

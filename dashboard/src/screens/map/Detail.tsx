/** What is known of a part of the map, beside it. */
import type { ReactNode } from "react"
import { Link } from "wouter"
import { useAsk } from "../../api/asking.ts"
import { Button } from "../../parts/Button.tsx"
import { Drawer } from "../../parts/Drawer.tsx"
import { Count } from "../../parts/Figure.tsx"
import { Facts } from "../../parts/Panel.tsx"
import { StateMark } from "../../parts/StateMark.tsx"
import { Ago } from "../../parts/Time.tsx"
import { duration } from "../../words/numbers.ts"
import { quoted } from "../events/language.ts"
import { rateText } from "./looks.ts"
import { type ConsumerPart, type Counts, type EventPart, endedOf, type Model, troubleOf } from "./model.ts"

interface DetailProps {
  readonly model: Model
  readonly minutes: number
  readonly hrefOf: (id: string) => string
}

const To = ({ children, href }: { readonly href: string; readonly children: ReactNode }) => (
  <Link href={href} className="inline-flex min-h-8 items-center text-accent hover:underline">
    {children}
  </Link>
)

const Heading = ({ children }: { readonly children: ReactNode }) => <h3 className="mt-5 mb-1">{children}</h3>

const Last = ({ at }: { readonly at: string | undefined }) =>
  at === undefined ? <span className="text-muted">none in this span of time</span> : <Ago at={at} />

const countFacts = (counts: Counts, minutes: number): ReadonlyArray<readonly [string, ReactNode]> => [
  ["Rate", rateText(endedOf(counts), minutes)],
  ["Settled", <Count key="settled" value={counts.settled} />],
  ["Retried", <Count key="retried" value={counts.retried} />],
  ["Gave up", <Count key="gave-up" value={counts.gaveUp} />],
  ["Last", <Last key="last" at={counts.lastAt} />]
]

const states = { none: "done", retrying: "retrying", "gave-up": "gave-up" } as const

/** What it is connected with, each with what flowed. */
const Connected = ({
  hrefOf,
  list,
  minutes
}: {
  readonly list: ReadonlyArray<{ readonly id: string; readonly name: string; readonly counts: Counts }>
  readonly minutes: number
  readonly hrefOf: (id: string) => string
}) =>
  list.length === 0 ? (
    <p className="text-muted">None.</p>
  ) : (
    <ul>
      {list.map(({ counts, id, name }) => {
        const trouble = troubleOf(counts)
        return (
          <li key={id} className="flex min-h-8 items-center gap-3 border-b border-line/60 last:border-0">
            <span className="min-w-0 flex-1 truncate">
              <To href={hrefOf(id)}>{name}</To>
            </span>
            {trouble === "none" ? null : (
              <StateMark
                state={states[trouble]}
                word={trouble === "gave-up" ? `${counts.gaveUp} gave up` : `${counts.retried} retried`}
              />
            )}
            <span className="shrink-0 text-muted">{rateText(endedOf(counts), minutes)}</span>
          </li>
        )
      })}
    </ul>
  )

const LastEvent = ({ name }: { readonly name: string }) => {
  const query = { name: [name], limit: 1, budget: 5_000 }
  const last = useAsk("/events", { query }).data?.found[0]
  if (last === undefined || last.eventName !== name) return null
  return <To href={`/events/${encodeURIComponent(last.id)}`}>See the last one</To>
}

const EventDetail = ({ event, hrefOf, minutes, model }: DetailProps & { readonly event: EventPart }) => {
  const { lastAt, module, name, published, versions } = event
  const consumers = model.connections.filter((connection) => connection.event === name)
  return (
    <>
      <Facts
        facts={[
          [
            "Published by",
            <To key="module" href={hrefOf(`module:${module}`)}>
              {module}
            </To>
          ],
          ["Rate", rateText(published, minutes)],
          ["Published", <Count key="count" value={published} />],
          ["Last", <Last key="last" at={lastAt} />],
          [
            versions.length === 1 ? "Version" : "Versions",
            versions.map(({ published: count, version }) => (
              <span key={version} className="mr-3">
                {version} <span className="text-muted">({rateText(count, minutes)})</span>
              </span>
            ))
          ]
        ]}
      />
      <p className="mt-2 flex flex-wrap gap-x-4">
        <To href={`/events?q=${encodeURIComponent(`name:${quoted(name)}`)}`}>See its events</To>
        <LastEvent name={name} />
        <To href={`/contracts/${encodeURIComponent(name)}`}>See its contract</To>
      </p>
      <Heading>Consumers</Heading>
      <Connected
        hrefOf={hrefOf}
        minutes={minutes}
        list={consumers.map((counts) => ({ id: `consumer:${counts.consumer}`, name: counts.consumer, counts }))}
      />
    </>
  )
}

const LastError = ({ consumer }: { readonly consumer: string }) => {
  const { data } = useAsk("/error-groups", { query: { consumer, onlyOpen: true, limit: 1 } })
  const group = data?.items[0]
  if (group === undefined) return null
  return (
    <>
      <Heading>Last error</Heading>
      <p className="break-words">
        {group.title} <span className="text-muted">(</span>
        <Ago at={group.lastSeenAt} />
        <span className="text-muted">)</span>
      </p>
      <To href={`/dead-letters/${encodeURIComponent(group.fingerprint)}`}>See the error</To>
    </>
  )
}

const stateOf = ({ isPaused, isServed }: ConsumerPart) =>
  isPaused ? (
    <StateMark state="paused" />
  ) : isServed ? (
    <StateMark state="running" word="served" />
  ) : (
    <StateMark state="gave-up" word="nobody serves it" />
  )

const ConsumerDetail = ({ consumer, hrefOf, minutes, model }: DetailProps & { readonly consumer: ConsumerPart }) => {
  const depth = consumer.about?.depth
  const events = model.connections.filter((connection) => connection.consumer === consumer.name)
  const open = depth === undefined ? 0 : depth.ready + depth.delayed + depth.retrying + depth.leased + depth.parked
  return (
    <>
      <Facts
        facts={[
          ["State", stateOf(consumer)],
          ...countFacts(consumer, minutes),
          ["Open now", <Count key="open" value={open} />],
          ["Oldest", depth === undefined || depth.oldestMillis === 0 ? "nothing waits" : duration(depth.oldestMillis)]
        ]}
      />
      <p className="mt-2">
        <To href={`/consumers/${encodeURIComponent(consumer.name)}`}>See the consumer</To>
      </p>
      <Heading>Events</Heading>
      <Connected
        hrefOf={hrefOf}
        minutes={minutes}
        list={events.map((counts) => ({ id: `event:${counts.event}`, name: counts.event, counts }))}
      />
      <LastError consumer={consumer.name} />
    </>
  )
}

const ModuleDetail = ({ hrefOf, minutes, model, module }: DetailProps & { readonly module: string }) => (
  <>
    <Heading>Events that it publishes</Heading>
    <Connected
      hrefOf={hrefOf}
      minutes={minutes}
      list={model.events
        .filter((event) => event.module === module)
        .map(({ lastAt, name, published }) => ({
          id: `event:${name}`,
          name,
          counts: { settled: published, retried: 0, gaveUp: 0, lastAt }
        }))}
    />
    <Heading>Consumers in it</Heading>
    <Connected
      hrefOf={hrefOf}
      minutes={minutes}
      list={model.consumers
        .filter((consumer) => consumer.module === module)
        .map((consumer) => ({ id: `consumer:${consumer.name}`, name: consumer.name, counts: consumer }))}
    />
  </>
)

export const Detail = ({
  id,
  onClose,
  onOpen,
  ...rest
}: DetailProps & {
  /** As in the graph; undefined: nothing is chosen. */
  readonly id: string | undefined
  readonly onClose: () => void
  /** Shows each part of a module that is shown as one. */
  readonly onOpen: (id: string) => void
}) => {
  const kind = id?.slice(0, id.indexOf(":"))
  const name = id?.slice(id.indexOf(":") + 1) ?? ""
  const event = kind === "event" ? rest.model.events.find((each) => each.name === name) : undefined
  const consumer = kind === "consumer" ? rest.model.consumers.find((each) => each.name === name) : undefined
  const isModule = kind === "module" || kind === "events" || kind === "consumers"
  return (
    <Drawer
      isOpen={event !== undefined || consumer !== undefined || isModule}
      onClose={onClose}
      title={name}
      subtitle={event !== undefined ? "Event" : consumer !== undefined ? "Consumer" : "Module"}
    >
      {event === undefined ? null : <EventDetail {...rest} event={event} />}
      {consumer === undefined ? null : <ConsumerDetail {...rest} consumer={consumer} />}
      {isModule ? (
        <>
          {kind === "module" ? null : <Button onClick={() => onOpen(id!)}>Show each on the map</Button>}
          <ModuleDetail {...rest} module={name} />
        </>
      ) : null}
    </Drawer>
  )
}

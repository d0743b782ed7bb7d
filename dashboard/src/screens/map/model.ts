/** Who publishes what, and who gets it: made of flows, contracts and consumers. */

import type { Consumer, Contract, Flow } from "../../api/wire.ts"
import { subscribedTo } from "../../words/eventPattern.ts"

/** The worst that happened: nothing, attempts that are tried again, or deliveries that gave up. */
export type Trouble = "none" | "retrying" | "gave-up"

export interface Counts {
  readonly settled: number
  readonly retried: number
  readonly gaveUp: number
  /** When something last flowed. */
  readonly lastAt: string | undefined
}

export interface EventPart {
  readonly name: string
  readonly module: string
  readonly published: number
  readonly lastAt: string | undefined
  /** Those that are known, the newest first, with how many of them were published. */
  readonly versions: ReadonlyArray<{ readonly version: number; readonly published: number }>
}

export interface ConsumerPart extends Counts {
  readonly name: string
  readonly module: string
  readonly isServed: boolean
  readonly isPaused: boolean
  readonly about: Consumer | undefined
}

export interface Connection extends Counts {
  readonly event: string
  readonly consumer: string
}

export interface Model {
  readonly events: ReadonlyArray<EventPart>
  readonly consumers: ReadonlyArray<ConsumerPart>
  readonly connections: ReadonlyArray<Connection>
}

export interface Answers {
  readonly flows: ReadonlyArray<Flow>
  readonly contracts: ReadonlyArray<Contract>
  readonly consumers: ReadonlyArray<Consumer>
}

/** A share of attempts that is retried now and then is no trouble. */
const fewRetries = 0.01

export const troubleOf = ({ gaveUp, retried, settled }: Counts): Trouble => {
  if (gaveUp > 0) return "gave-up"
  return retried > fewRetries * (settled + retried) ? "retrying" : "none"
}

/** Deliveries that came to an end. */
export const endedOf = ({ gaveUp, settled }: Counts): number => settled + gaveUp

const nothing: Counts = { settled: 0, retried: 0, gaveUp: 0, lastAt: undefined }

const later = (one: string | undefined, other: string | undefined) =>
  one === undefined || (other !== undefined && other > one) ? other : one

export const added = (one: Counts, other: Counts): Counts => ({
  settled: one.settled + other.settled,
  retried: one.retried + other.retried,
  gaveUp: one.gaveUp + other.gaveUp,
  lastAt: later(one.lastAt, other.lastAt)
})

/** The first part of a name, as `finance` of `finance.payments`. */
const moduleOf = (consumer: string): string => {
  const dot = consumer.indexOf(".")
  return dot > 0 ? consumer.slice(0, dot) : "others"
}

const byName = (one: { readonly name: string }, other: { readonly name: string }) => one.name.localeCompare(other.name)

const grouped = <Item>(items: ReadonlyArray<Item>, keyOf: (item: Item) => string) => {
  const groups = new Map<string, Array<Item>>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group === undefined) groups.set(keyOf(item), [item])
    else group.push(item)
  }
  return groups
}

const eventsOf = ({ consumers, contracts, flows }: Answers): ReadonlyArray<EventPart> => {
  const exact = consumers.flatMap(({ subscriptions }) => subscriptions.map(({ event }) => event))
  const names = new Set([
    ...contracts.map(({ eventName }) => eventName),
    ...flows.map(({ eventName }) => eventName),
    ...exact.filter((event) => !event.includes("*"))
  ])
  const contractsOf = grouped(contracts, ({ eventName }) => eventName)
  const publishedOf = grouped(
    flows.filter(({ consumer }) => consumer === null),
    ({ eventName }) => eventName
  )
  const parts = [...names].map((name): EventPart => {
    const own = contractsOf.get(name) ?? []
    const published = publishedOf.get(name) ?? []
    const versions = new Set([...own.map(({ version }) => version), ...published.map((flow) => flow.schemaVersion)])
    return {
      name,
      module: own.at(-1)?.sourceModule ?? "unknown",
      published: published.reduce((sum, flow) => sum + flow.published, 0),
      lastAt: published.reduce<string | undefined>((last, flow) => later(last, flow.lastAt), undefined),
      versions: [...versions]
        .toSorted((one, other) => other - one)
        .map((version) => ({
          version,
          published: published.reduce((sum, flow) => (flow.schemaVersion === version ? sum + flow.published : sum), 0)
        }))
    }
  })
  return parts.toSorted(byName)
}

const connectionsOf = ({ consumers, flows }: Answers, events: ReadonlyArray<EventPart>): ReadonlyArray<Connection> => {
  const all = new Map<string, Connection>()
  const add = (event: string, consumer: string, counts: Counts) => {
    const key = `${event}\n${consumer}`
    all.set(key, { event, consumer, ...added(all.get(key) ?? nothing, counts) })
  }
  const subscribed = subscribedTo(consumers)
  for (const { name } of events) for (const { consumer } of subscribed(name)) add(name, consumer, nothing)
  for (const { consumer, eventName, gaveUp, lastAt, processed, retried, skipped } of flows)
    if (consumer !== null) add(eventName, consumer, { settled: processed + skipped, retried, gaveUp, lastAt })
  return [...all.values()]
}

export const modelOf = (answers: Answers): Model => {
  const events = eventsOf(answers)
  const connections = connectionsOf(answers, events)
  const known = new Map(answers.consumers.map((consumer) => [consumer.consumer, consumer]))
  const connectionsTo = grouped(connections, ({ consumer }) => consumer)
  const names = new Set([...known.keys(), ...connectionsTo.keys()])
  const consumers = [...names].map((name): ConsumerPart => {
    const about = known.get(name)
    const counts = (connectionsTo.get(name) ?? []).reduce<Counts>(added, nothing)
    return {
      name,
      module: moduleOf(name),
      isServed: about !== undefined && about.servedBy.length > 0,
      isPaused: about !== undefined && about.pausedAt !== null,
      about,
      ...counts
    }
  })
  return { events, consumers: consumers.toSorted(byName), connections }
}

/** **What the screens of operations ask for: a new screen, or question, goes into this list.** */
import { type Effect, Stream } from "effect"
import type { SqlClient } from "effect/sql"
import { Admin } from "../../src/admin.ts"
import {
  Audit,
  DeadLetters,
  Entities,
  ErrorGroups,
  Events,
  InboxStore,
  type Integration,
  Lineage,
  OperationStore,
  Operations,
  Processor,
  Statistics,
  SubscriptionStore
} from "../../src/index.ts"
import * as Here from "../here.ts"
import { consumers, firstFingerprint } from "./screensData.ts"
import { operationId } from "./screensRecords.ts"

export type Services = Admin | Integration.Services | SqlClient.SqlClient

/** Ids that questions are about. */
export interface Known {
  /** The last event of a story in the middle of the day, and its first. */
  readonly event: string
  readonly root: string
  /** The middle of the day, in milliseconds since 1970. */
  readonly noon: number
  readonly size: number
}

export interface Screen {
  readonly name: string
  readonly ask: (known: Known) => Effect.Effect<unknown, unknown, Services>
}

const span = (hours: number) => ({ from: new Date(Date.now() - hours * 3_600_000), to: new Date() })

const find = (filter: Parameters<Events["Service"]["find"]>[0]) => Events.use((events) => events.find(filter))

const thing = (known: Known, module: number) => ({
  module: `module-${module}`,
  entityType: "Thing",
  entityId: `thing-${Math.floor(known.size / 20)}`
})

const hub = { module: "module-0", entityType: "Hub", entityId: "hub" }

const account = { module: "module-0", entityType: "Account", entityId: "account" }

/** One that has taken nothing yet. */
const operation = {
  id: operationId,
  kind: "requeue",
  filter: {},
  cursor: null,
  countCursor: null
} as Parameters<OperationStore["Service"]["next"]>[0]

export const screens: ReadonlyArray<Screen> = [
  { name: "events, the newest 50", ask: () => find({}) },
  { name: "events, a name that never occurs, 50,000 rows", ask: () => find({ names: ["no.such"] }) },
  { name: "events, a pattern", ask: () => find({ names: ["*happened-7"] }) },
  { name: "events of an aggregate", ask: (known) => find({ aggregate: thing(known, 3) }) },
  { name: "events of an aggregate with size/50 events", ask: () => find({ aggregate: account }) },
  { name: "events by correlation", ask: ({ root }) => find({ correlationId: root }) },
  { name: "events by cause", ask: ({ root }) => find({ causationId: root }) },
  {
    name: "events by payload path that never occurs, 50,000 rows",
    ask: () => find({ payload: [{ path: "customer.id", equals: -1 }] })
  },
  {
    name: "events by payload text that never occurs, 50,000 rows",
    ask: () => find({ payloadText: "nowhere" })
  },
  { name: "events with dead letters", ask: () => find({ statuses: ["dead_letter"] }) },
  {
    name: "events with dead letters of one consumer",
    ask: () => find({ statuses: ["dead_letter"], consumer: Here.consumerName(3) })
  },
  { name: "events pending", ask: () => find({ statuses: ["pending"] }) },
  { name: "events in hand", ask: () => find({ statuses: ["processing"] }) },
  { name: "events of a consumer", ask: () => find({ consumer: Here.consumerName(3) }) },
  {
    name: "events of ten minutes at noon",
    ask: ({ noon }) => find({ since: new Date(noon), until: new Date(noon + 600_000), names: ["*happened-7"] })
  },
  { name: "one event with deliveries and attempts", ask: ({ event }) => Events.use((events) => events.get(event)) },
  { name: "lineage, a day", ask: ({ event }) => Lineage.of(event) },
  { name: "lineage, ten minutes", ask: ({ event }) => Lineage.of(event, { span: "10 minutes" }) },
  { name: "links of an entity", ask: (known) => Entities.use((_) => _.links(thing(known, 1))) },
  { name: "links of an entity with size/125 links", ask: () => Entities.use((_) => _.links(hub, { limit: 200 })) },
  { name: "graph, 3 hops", ask: (known) => Entities.use((_) => _.graph(thing(known, 1), { hops: 3 })) },
  { name: "graph of the entity with many links, 3 hops", ask: () => Entities.use((_) => _.graph(hub, { hops: 3 })) },
  { name: "life of an entity", ask: (known) => Entities.use((_) => _.life(thing(known, 3))) },
  { name: "life with those around", ask: (known) => Entities.use((_) => _.life(thing(known, 3), { hops: 1 })) },
  { name: "life of the aggregate with many events", ask: () => Entities.use((_) => _.life(account)) },
  { name: "dead letters, the last 50", ask: () => DeadLetters.use((_) => _.list({ limit: 50 })) },
  {
    name: "dead letters of one consumer and error",
    ask: () => DeadLetters.use((_) => _.list({ limit: 50, consumer: Here.consumerName(3), errorTag: "Unreachable1" }))
  },
  {
    name: "dead letters of an aggregate",
    ask: (known) => DeadLetters.use((_) => _.list({ limit: 50, aggregate: thing(known, 3) }))
  },
  {
    name: "depths of 20 consumers",
    ask: () =>
      InboxStore.use((inbox) => inbox.depths(Array.from({ length: consumers }, (_, index) => Here.consumerName(index))))
  },
  { name: "subscriptions", ask: () => SubscriptionStore.use((_) => _.all) },
  { name: "what nobody serves", ask: () => SubscriptionStore.use((_) => _.unserved) },
  { name: "processes", ask: () => Processor.use((_) => _.replicas) },
  { name: "series, an hour by minute", ask: () => Statistics.use((_) => _.series({ ...span(1), step: "minute" })) },
  { name: "series, a day by minute", ask: () => Statistics.use((_) => _.series({ ...span(24), step: "minute" })) },
  {
    name: "series, a day by minute, one consumer",
    ask: () => Statistics.use((_) => _.series({ ...span(24), step: "minute", consumer: Here.consumerName(3) }))
  },
  {
    name: "series, a day by five minutes",
    ask: () => Statistics.use((_) => _.series({ ...span(24), step: "5 minutes" }))
  },
  { name: "series, 30 days by hour", ask: () => Statistics.use((_) => _.series({ ...span(720), step: "hour" })) },
  { name: "rates of consumers, an hour", ask: () => Statistics.use((_) => _.consumers(span(1))) },
  { name: "rates of consumers, a day", ask: () => Statistics.use((_) => _.consumers(span(24))) },
  { name: "flows, a day", ask: () => Statistics.use((_) => _.flows(span(24))) },
  { name: "gauges", ask: () => Statistics.use((_) => _.gauges) },
  {
    name: "gauges of a consumer, a day",
    ask: () => Statistics.use((_) => _.gaugeSeries({ ...span(24), consumer: Here.consumerName(3) }))
  },
  { name: "error groups, the last 50", ask: () => ErrorGroups.use((_) => _.list()) },
  { name: "error groups that are open", ask: () => ErrorGroups.use((_) => _.list({ onlyOpen: true })) },
  { name: "an error group", ask: () => ErrorGroups.use((_) => _.get(String(firstFingerprint + 9))) },
  {
    name: "preview of an operation on all",
    ask: () => Operations.use((_) => _.preview({ kind: "requeue", filter: {} }))
  },
  {
    name: "preview of an operation on one consumer and error",
    ask: () =>
      Operations.use((_) =>
        _.preview({ kind: "requeue", filter: { consumer: Here.consumerName(3), errorTag: "Unreachable1" } })
      )
  },
  {
    name: "preview of an operation on an error group",
    ask: () =>
      Operations.use((_) => _.preview({ kind: "requeue", filter: { fingerprint: String(firstFingerprint + 9) } }))
  },
  { name: "operations", ask: () => Operations.use((_) => _.list()) },
  { name: "an operation's next 500", ask: () => OperationStore.use((_) => _.next(operation, 500)) },
  { name: "an operation's count of 10,000 more", ask: () => OperationStore.use((_) => _.count(operation, 10_000)) },
  { name: "audit", ask: () => Audit.use((_) => _.list()) },
  { name: "audit of somebody", ask: () => Audit.use((_) => _.list({ who: "user-3" })) },
  { name: "consumers", ask: () => Admin.use((_) => _.consumers.list) },
  { name: "overview", ask: () => Admin.use((_) => _.overview) },
  { name: "figures of the moment", ask: () => Admin.use((_) => Stream.runHead(_.live)) },
  { name: "lineage, as the screen asks", ask: ({ event }) => Admin.use((_) => _.events.lineage(event)) }
]

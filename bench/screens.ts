/** What the screens of operations ask for, beside as many finished events as are kept: the server's time for each. */
import { type Effect, Layer, ManagedRuntime } from "effect"
import type { SqlClient } from "effect/sql"
import { DeadLetters, Entities, Events, InboxStore, Integration, Lineage } from "../src/index.ts"
import { clientFor, execute } from "./harness/database.ts"
import { type Bench, median, type Run } from "./harness/model.ts"
import { beginning, consumers, fill, idOf } from "./harness/screensData.ts"
import { notingClient, type ServerTime, serverTime } from "./harness/serverTime.ts"
import * as Here from "./here.ts"

type Services = Integration.Services | SqlClient.SqlClient

/** Ids that questions are about. */
interface Known {
  /** The last event of a story in the middle of the day, and its first. */
  readonly event: string
  readonly root: string
  /** The middle of the day, in milliseconds since 1970. */
  readonly noon: number
  readonly size: number
}

interface Screen {
  readonly name: string
  readonly ask: (known: Known) => Effect.Effect<unknown, unknown, Services>
}

const find = (filter: Parameters<Events["Service"]["find"]>[0]) => Events.use((events) => events.find(filter))

const thing = (known: Known, module: number) => ({
  module: `module-${module}`,
  entityType: "Thing",
  entityId: `thing-${Math.floor(known.size / 20)}`
})

const hub = { module: "module-0", entityType: "Hub", entityId: "hub" }

const account = { module: "module-0", entityType: "Account", entityId: "account" }

/** **A new screen, or question, goes into this list.** */
const screens: ReadonlyArray<Screen> = [
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
  { name: "dead letters, counted", ask: () => DeadLetters.use((_) => _.count()) },
  {
    name: "depths of 20 consumers",
    ask: () =>
      InboxStore.use((inbox) => inbox.depths(Array.from({ length: consumers }, (_, index) => Here.consumerName(index))))
  }
]

/** How often each is asked for. */
const times = 5

const knownOf = async (runtime: Parameters<typeof execute>[0], size: number): Promise<Known> => {
  const first = Math.floor(size / 2 / 5) * 5
  const [row] = (await execute(
    runtime,
    `SELECT ${idOf(`${first + 4}`, size)}::text AS event, ${idOf(`${first}`, size)}::text AS root`
  )) as ReadonlyArray<Pick<Known, "event" | "root">>
  if (row === undefined) throw new Error("a row is returned")
  return { ...row, noon: beginning + 43_200_000, size }
}

const said = (name: string, all: ReadonlyArray<ServerTime>, whole: number) =>
  process.stderr.write(
    `${name}: ${all[0]?.statements} statements, longest ${median(all.map(({ largest }) => largest)).toFixed(1)} ms, ` +
      `all ${median(all.map(({ sum }) => sum)).toFixed(1)} ms, with sending and reading ${whole.toFixed(1)} ms\n`
  )

const measure = async ({ size, url }: Run) => {
  const plain = ManagedRuntime.make(clientFor(url))
  await fill(url, plain, size)
  const known = await knownOf(plain, size)
  await plain.dispose()
  const runtime = ManagedRuntime.make(
    Integration.layer({ settings: { pollingIntervalMs: 3_600_000, idlePollingIntervalMs: 3_600_000 } }).pipe(
      Layer.provideMerge(Layer.provideMerge(notingClient, clientFor(url)))
    )
  )
  const figures: Record<string, number> = {}
  for (const { ask, name } of screens) {
    const all: Array<ServerTime> = []
    const whole: Array<number> = []
    for (let time = 0; time < times + 1; time++) {
      const began = performance.now()
      await runtime.runPromise(ask(known))
      const took = performance.now() - began
      const explained = await runtime.runPromise(serverTime(ask(known)))
      // The first fills caches.
      if (time > 0) all.push(explained)
      if (time > 0) whole.push(took)
    }
    said(name, all, median(whole))
    figures[`ms, ${name}`] = median(all.map(({ sum }) => sum))
  }
  await runtime.dispose()
  return { figures }
}

export default {
  title: "server's time of a screen's question",
  lessIsBetter: true,
  size: { short: 100_000, long: 1_000_000 },
  rounds: 1,
  sides: [{ name: "here", role: "here", measure }]
} satisfies Bench

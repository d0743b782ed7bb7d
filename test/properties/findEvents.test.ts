/** A search that is followed to its end gives what a plain filter over all events gives, however little it may look at at once. */
import { assert, it } from "@effect/vitest"
import { Arbitrary, Context, Effect, Layer, Schema } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import { SqlClient } from "effect/sql"
import {
  type EventSelection,
  Events,
  InboxStore,
  Integration,
  OutboxStore,
  SubscriptionStore,
  Transactor
} from "../../src/index.ts"
import { rangeOf } from "../../src/operations/eventRange.ts"
import { eventStatusOf } from "../../src/stores/eventStatus.ts"
import type { EventStatus, NewEvent } from "../../src/stores.ts"
import { newEvent, settlement } from "../../src/testing/conformance/support.ts"
import { postgres } from "../support/databases.ts"
import { unpolled } from "../support/scenario.ts"

const upTo = (maximum: number) => Schema.Int.check(Schema.isBetween({ minimum: 0, maximum }))

const Outcome = Schema.Literals(["untouched", "processed", "skipped", "dead_letter", "failed", "later", "leased"])

/** An event: its names by number, what its id is like, and what becomes of it for each of two consumers. */
const Stored = Schema.Struct({
  name: upTo(2),
  module: upTo(1),
  aggregate: upTo(1),
  id: Schema.Literals(["time", "time", "alike", "random"]),
  story: upTo(4),
  payload: upTo(3),
  outcomes: Schema.Tuple([Outcome, Outcome])
})

const statuses: ReadonlyArray<EventStatus> = ["pending", "processing", "processed", "failed", "dead_letter"]

/** What is looked for: a field of each kind, or not (0). */
const Looked = Schema.Struct({
  names: upTo(3),
  modules: upTo(2),
  aggregate: upTo(2),
  correlation: upTo(6),
  causation: upTo(6),
  statuses: Schema.Array(Schema.Literals(statuses)).check(Schema.isMaxLength(3)),
  consumer: upTo(2),
  payload: upTo(3),
  text: upTo(2),
  limit: upTo(4),
  budget: upTo(8)
})

const payloads = ['{"a":{"b":1}}', '{"a":{"b":1.0},"c":[null]}', '{"a":{"b":"1"}}', '{"c":[2,null]}']

const conditions = [
  undefined,
  { path: "a.b", equals: 1, covers: [0, 1] },
  { path: "c[0]", equals: null, covers: [1] },
  { path: "a.b", equals: "1", covers: [2] }
]

const texts = [undefined, { text: '"b": 1', covers: [0, 1] }, { text: "null]", covers: [1, 3] }]

const names = ["n.one", "n.two", "m.one"]

const patterns = [undefined, ["n.*"], ["m.one", "nobody"], ["*.one"]]

const coveredBy = [[], ["n.one", "n.two"], ["m.one"], ["n.one", "m.one"]]

const consumers = ["searched-x", "searched-y"]

interface Known extends NewEvent {
  readonly payloadNumber: number
  readonly outcomes: ReadonlyArray<typeof Outcome.Type>
}

/** Events of a run, the same for all stores. Those of a story have the first of them as their correlation and cause. */
const eventsOf = (stored: ReadonlyArray<typeof Stored.Type>): ReadonlyArray<Known> => {
  const alike = SecureRandom.uuidV7Unsafe().slice(0, 20)
  const first = SecureRandom.uuidV7Unsafe()
  return stored.map((each, n) => ({
    ...newEvent(names[each.name] as string, {
      id:
        n === 0
          ? first
          : each.id === "time"
            ? SecureRandom.uuidV7Unsafe()
            : each.id === "random"
              ? SecureRandom.uuidV4Unsafe()
              : alike + SecureRandom.uuidV4Unsafe().slice(20),
      sourceModule: `module-${each.module}`,
      aggregateId: String(each.aggregate),
      payload: payloads[each.payload] as string,
      correlationId: each.story === 1 || each.story === 2 ? first : each.story === 3 ? "by hand" : undefined,
      causationId: each.story === 2 ? first : undefined
    }),
    payloadNumber: each.payload,
    outcomes: each.outcomes
  }))
}

const states = {
  untouched: { status: "received", isOpen: true },
  processed: { status: "processed", isOpen: false },
  skipped: { status: "skipped", isOpen: false },
  dead_letter: { status: "dead_letter", isOpen: false },
  failed: { status: "failed", isOpen: false },
  later: { status: "failed", isOpen: true },
  leased: { status: "processing", isOpen: true }
} as const

/** Stores events, and lets become of them what is to. */
const store = Effect.fnUntraced(function* (events: ReadonlyArray<Known>) {
  const inbox = yield* InboxStore
  yield* SubscriptionStore.use((subscriptions) =>
    subscriptions.register(
      consumers.map((consumer) => ({ consumer, event: "*.*", priority: 0, ordering: "none" as const }))
    )
  )
  yield* OutboxStore.use((outbox) => outbox.append(events))
  const byId = new Map(events.map((event) => [event.id, event]))
  for (const [index, consumer] of consumers.entries()) {
    const interest = { names: [], patterns: ["*.*"] }
    yield* Transactor.withTransaction(
      Effect.gen(function* () {
        for (const row of yield* inbox.claim({ consumer, interest, limit: 100 })) {
          const outcome = byId.get(row.eventId)?.outcomes[index] ?? "untouched"
          if (outcome === "untouched") continue
          if (outcome === "leased") yield* inbox.lease(row, 600_000, SecureRandom.uuidV7Unsafe())
          else {
            yield* inbox.settle(
              settlement(row, {
                status: outcome === "later" ? "failed" : outcome,
                retryInMillis: outcome === "later" ? 3_600_000 : undefined,
                ...(outcome === "processed" || outcome === "skipped"
                  ? {}
                  : { error: "no", errorTag: "No", failure: { durationMillis: 0, detail: "" } })
              })
            )
          }
        }
      })
    )
  }
})

const storyIds = (events: ReadonlyArray<Known>, n: number) =>
  n === 0 || n > 4 ? undefined : n === 1 ? events[0]?.id : n === 2 ? "by hand" : n === 3 ? events.at(-1)?.id : "nobody"

const filterOf = (looked: typeof Looked.Type, events: ReadonlyArray<Known>): EventSelection => {
  const { covers: _, ...condition } = conditions[looked.payload] ?? { covers: [] }
  const correlationId = storyIds(events, looked.correlation)
  const causationId = storyIds(events, looked.causation)
  return {
    ...(looked.names === 0 ? {} : { names: patterns[looked.names] ?? [] }),
    ...(looked.modules === 0 ? {} : { modules: [`module-${looked.modules - 1}`] }),
    ...(looked.aggregate === 0 ? {} : { aggregate: { entityType: "Thing", entityId: String(looked.aggregate - 1) } }),
    ...(correlationId === undefined ? {} : { correlationId }),
    ...(causationId === undefined ? {} : { causationId }),
    ...(looked.statuses.length === 0 ? {} : { statuses: looked.statuses }),
    ...(looked.consumer === 0 ? {} : { consumer: consumers[looked.consumer - 1] ?? "" }),
    ...("path" in condition ? { payload: [condition] } : {}),
    ...(looked.text === 0 ? {} : { payloadText: texts[looked.text]?.text ?? "" })
  }
}

/** The plain filter: ids that are expected, in order. */
const expected = (looked: typeof Looked.Type, filter: EventSelection, events: ReadonlyArray<Known>) => {
  const { causationId, correlationId } = filter
  const range = rangeOf({ ...(correlationId && { correlationId }), ...(causationId && { causationId }) })
  const isMeant = (event: Known) => {
    const outcomes = looked.consumer === 0 ? event.outcomes : [event.outcomes[looked.consumer - 1] ?? "untouched"]
    const status = eventStatusOf(
      outcomes.map((outcome) => states[outcome]),
      true
    )
    return (
      (looked.names === 0 || (coveredBy[looked.names] ?? []).includes(event.eventName)) &&
      (looked.modules === 0 || event.sourceModule === `module-${looked.modules - 1}`) &&
      (looked.aggregate === 0 || event.aggregateId === String(looked.aggregate - 1)) &&
      (correlationId === undefined || event.correlationId === correlationId || event.id === correlationId) &&
      (causationId === undefined || event.causationId === causationId) &&
      (looked.statuses.length === 0 || looked.statuses.includes(status)) &&
      (looked.payload === 0 || conditions[looked.payload]?.covers.includes(event.payloadNumber)) &&
      (looked.text === 0 || texts[looked.text]?.covers.includes(event.payloadNumber)) &&
      // What ids of no time say about the time of a story.
      event.id >= range.from
    )
  }
  const ids = events.filter(isMeant).map(({ id }) => id)
  return range.direction === "backward" ? ids.toSorted().toReversed() : ids.toSorted()
}

const found = Effect.fnUntraced(function* (looked: typeof Looked.Type, filter: EventSelection) {
  const events = yield* Events
  const options = { ...filter, limit: looked.limit + 1, budget: looked.budget + 1 }
  const ids: Array<string> = []
  for (let after: string | undefined, n = 0; ; n++) {
    const answer: Effect.Success<ReturnType<typeof events.find>> = yield* events.find({
      ...options,
      ...(after === undefined ? {} : { after })
    })
    assert.isAtMost(answer.found.length, options.limit)
    assert.isBelow(n, 200, "it goes on and on")
    ids.push(...answer.found.map(({ id }) => id))
    if (answer.next === undefined) return ids
    after = answer.next
  }
})

class Database extends Context.Service<Database, Context.Context<Integration.Services | SqlClient.SqlClient>>()(
  "Database"
) {}

const database = Layer.effect(
  Database,
  Layer.build(Layer.provideMerge(Integration.layer({ settings: unpolled }), postgres()))
)

it.layer(database, { excludeTestServices: true, timeout: "10 minutes" })("a search", (it) => {
  it.effect.prop(
    "gives all that a plain filter gives, in order, once, on PostgreSQL and in memory",
    {
      stored: Arbitrary.array(Arbitrary.schema(Stored), { minLength: 1, maxLength: 14 }),
      searches: Arbitrary.array(Arbitrary.schema(Looked), { minLength: 12, maxLength: 12 })
    },
    ({ searches, stored }) =>
      Effect.gen(function* () {
        const events = eventsOf(stored)
        const check = Effect.gen(function* () {
          yield* store(events)
          for (const looked of searches) {
            const filter = filterOf(looked, events)
            const wanted = expected(looked, filter, events)
            assert.deepStrictEqual(yield* found(looked, filter), wanted, JSON.stringify({ looked, filter }))
          }
        })
        const onPostgres = Effect.andThen(
          // TRUNCATE would lock the table against the process's own first poll, and the two could wait for each other.
          SqlClient.SqlClient.use((sql) => sql`DELETE FROM integration_event`),
          check
        )
        yield* Effect.provideContext(onPostgres, yield* Database)
        yield* Effect.provide(check, Integration.layerMemory({ settings: unpolled }))
      }),
    { arbitrary: { runs: Number(process.env.MODEL_RUNS ?? 60) }, timeout: 600_000 }
  )
})

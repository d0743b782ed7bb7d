/**
 * What every store in which events are looked for must do.
 *
 * @internal
 */
import assert from "node:assert/strict"
import { Effect } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import { idBefore as before, highestId, lowestId } from "../../model/eventIdOrder.ts"
import { type EventQuery, EventSearchStore, type SliceRequest } from "../../stores/EventSearchStore.ts"
import { InboxStore } from "../../stores/InboxStore.ts"
import { OutboxStore } from "../../stores/OutboxStore.ts"
import { Transactor } from "../../stores/Transactor.ts"
import { checkOf } from "./Check.ts"
import { leaseNext, newEvent, settleNext, subscribe, unique, withDeliveries } from "./support.ts"

const check = checkOf("EventSearchStore")

/** Events of a new aggregate, in the order of their ids, of two names. */
const stored = Effect.fnUntraced(function* (
  count: number,
  more: (n: number) => Parameters<typeof newEvent>[1] = () => ({})
) {
  const aggregateId = unique("aggregate")
  const names = [unique("found.one"), unique("found.two")] as const
  const events = Array.from({ length: count }, (_, n) =>
    newEvent(names[n % 2] as string, { aggregateId, ...more(n) })
  ).toSorted((a, b) => (a.id < b.id ? -1 : 1))
  yield* OutboxStore.use((outbox) => outbox.append(events))
  return {
    aggregateId,
    names,
    events,
    ids: events.map(({ id }) => id),
    aggregate: { entityType: "Thing", entityId: aggregateId }
  }
})

const look = (query: EventQuery, more: Partial<SliceRequest> = {}) =>
  EventSearchStore.use((store) =>
    store.slice({ query, direction: "backward", from: lowestId, to: highestId, rows: 1000, limit: 100, ...more })
  )

/** Ids of what is found in slices of this size, one after the other. */
const lookAll = Effect.fnUntraced(function* (query: EventQuery, between: readonly [string, string], rows = 1000) {
  const { found } = yield* look(query, { from: between[0], to: between[1], rows })
  return found.map(({ id }) => id)
})

const documents = [
  { customer: { id: 1 }, items: [{ sku: "a" }, { sku: "b" }], note: 'ä % _ \\ "quoted"' },
  { customer: { id: "1" }, items: [], note: null },
  { "odd.key": { "": [0, [true]] }, "7": "seven" }
].map((document) => JSON.stringify(document))

const numbers = '{"large": 9007199254740993, "price": 1.50, "small": 1.5e-3, "zero": -0, "thousand": 1e3}'

export const eventSearchStore = [
  check(
    "looks at ids in both directions, as far as it may, and says how far that was",
    Effect.gen(function* () {
      const { aggregate, ids, names } = yield* stored(6)
      const [last, ...before] = ids.toReversed()
      const all = yield* look({ aggregate })
      assert.deepEqual(
        all.found.map(({ id }) => id),
        [last, ...before]
      )
      assert.deepEqual([all.looked, all.doneTo], [6, undefined])
      assert.partialDeepStrictEqual(all.found[5], {
        ...{ id: ids[0], eventName: names[0], schemaVersion: 1, sourceModule: "conformance", origin: null },
        ...{ correlationId: null, causationId: null, status: "processed", isRouted: true, deliveries: [] },
        aggregate: { module: "conformance", entityType: "Thing", entityId: aggregate.entityId }
      })
      assert.deepEqual(all.lastAt, all.found[5]?.createdAt)
      // It ends with the last that is wanted, or the last row.
      const two = yield* look({ aggregate }, { limit: 2 })
      assert.deepEqual([two.found.length, two.looked, two.doneTo], [2, 2, ids[4]])
      const rows = yield* look({ aggregate, names: [names[0]] }, { rows: 3 })
      assert.deepEqual([rows.found.map(({ id }) => id), rows.looked, rows.doneTo], [[ids[4]], 3, ids[3]])
      const forward = yield* look(
        { aggregate },
        { direction: "forward", from: ids[1] as string, to: ids[4] as string, rows: 3 }
      )
      assert.deepEqual([forward.found.map(({ id }) => id), forward.doneTo], [ids.slice(1, 4), ids[3]])
      const rest = yield* look({ aggregate }, { direction: "forward", from: ids[4] as string, to: ids[4] as string })
      assert.deepEqual([rest.found.length, rest.doneTo], [1, undefined])
      const none = yield* look({ aggregate: { ...aggregate, module: "another" } })
      assert.deepEqual(none, { found: [], looked: 0, doneTo: undefined, lastAt: undefined })
      // Without an index that leads to them.
      const plain = yield* look({ names: [names[1]] }, { from: ids[0] as string, to: ids[5] as string })
      assert.deepEqual(
        plain.found.map(({ id }) => id),
        [ids[5], ids[3], ids[1]]
      )
    })
  ),

  check(
    "finds events by name, module, correlation, cause and time",
    Effect.gen(function* () {
      const [correlationId, causationId] = [unique("story"), SecureRandom.uuidV7Unsafe()]
      const { events, ids, names } = yield* stored(4, (n) => ({
        sourceModule: n === 0 ? "a" : "b",
        ...(n > 1 ? { correlationId } : {}),
        ...(n > 2 ? { causationId } : {})
      }))
      const between = [ids[0] as string, ids[3] as string] as const
      const indexes = (query: EventQuery) =>
        Effect.map(lookAll(query, between), (found) => found.map((id) => ids.indexOf(id)).toSorted())
      assert.deepEqual(yield* indexes({ names: [names[1]] }), [1, 3])
      assert.deepEqual(yield* indexes({ names: [`${names[0].slice(0, 6)}*`, "other"] }), [0, 1, 2, 3])
      assert.deepEqual(yield* indexes({ names: [names[0].replace("found", "%")] }), [])
      const inA = events.findIndex(({ sourceModule }) => sourceModule === "a")
      assert.deepEqual(yield* indexes({ modules: ["a", "c"] }), [inA])
      assert.deepEqual(yield* indexes({ correlationId }), [2, 3])
      // The first event of a story has its id, and no correlation.
      assert.deepEqual(yield* indexes({ correlationId: ids[1] as string }), [1])
      assert.deepEqual(yield* indexes({ causationId }), [3])
      const { found } = yield* look({}, { from: between[0], to: between[1] })
      const since = found[0]?.createdAt ?? new Date(0)
      assert.equal((yield* indexes({ since: new Date(since.getTime() + 60_000) })).length, 0)
      assert.deepEqual(yield* indexes({ until: new Date(since.getTime() + 60_000), names: [names[1]] }), [1, 3])
    })
  ),

  check(
    "finds events by what stands in their payloads, to the letter and the digit",
    Effect.gen(function* () {
      const texts = [...documents, numbers]
      const { events, ids } = yield* stored(4, (n) => ({ payload: texts[n] as string }))
      const between = [ids[0] as string, ids[3] as string] as const
      const indexes = (query: EventQuery) =>
        Effect.map(lookAll(query, between), (found) =>
          found.map((id) => texts.indexOf(events.find((event) => event.id === id)?.payload ?? "")).toSorted()
        )
      const at = (json: string, ...path: ReadonlyArray<string>) => indexes({ payload: [{ path, json }] })
      assert.deepEqual(yield* at("1", "customer", "id"), [0])
      assert.deepEqual(yield* at("1.0", "customer", "id"), [0])
      assert.deepEqual(yield* at('"1"', "customer", "id"), [1])
      assert.deepEqual(yield* at('{"id":1}', "customer"), [0])
      assert.deepEqual(yield* at('"b"', "items", "1", "sku"), [0])
      assert.deepEqual(yield* at('"b"', "items", "-1", "sku"), [0])
      assert.deepEqual(yield* at('"b"', "items", "2", "sku"), [])
      assert.deepEqual(yield* at('"b"', "items", "b", "sku"), [])
      assert.deepEqual(yield* at("[]", "items"), [1])
      assert.deepEqual(yield* at("null", "note"), [1])
      assert.deepEqual(yield* at("null", "nothing"), [])
      assert.deepEqual(yield* at("true", "odd.key", "", "1", "0"), [2])
      assert.deepEqual(yield* at('"seven"', "7"), [2])
      assert.deepEqual(yield* at('"seven"', "'; DROP TABLE inbox_event; --"), [])
      assert.deepEqual(yield* at("9007199254740993", "large"), [3])
      assert.deepEqual(yield* at("9007199254740992", "large"), [])
      assert.deepEqual(yield* at("15e-1", "price"), [3])
      assert.deepEqual(yield* at("0.0015", "small"), [3])
      assert.deepEqual(yield* at("0", "zero"), [3])
      assert.deepEqual(yield* at("1000.00", "thousand"), [3])
      const both = [
        { path: ["customer", "id"], json: "1" },
        { path: ["items", "0", "sku"], json: '"a"' }
      ]
      assert.deepEqual(yield* indexes({ payload: both }), [0])
      assert.deepEqual(yield* indexes({ payload: [...both, { path: ["note"], json: "null" }] }), [])
      assert.deepEqual(yield* indexes({ payloadText: 'ä % _ \\\\ \\"quoted' }), [0])
      assert.deepEqual(yield* indexes({ payloadText: "ä_" }), [])
      assert.deepEqual(yield* indexes({ payloadText: '"customer": {"id": ' }), [0, 1])
      assert.deepEqual(yield* indexes({ payloadText: "1.50" }), [3])
      assert.deepEqual(yield* indexes({ payloadText: '"thousand": 1000' }), [3])
    })
  ),

  check(
    "finds events by what became of them, and of them for one consumer",
    Effect.gen(function* () {
      const { claim, consumer, eventIds, eventName } = yield* withDeliveries(6)
      const settleAs = (status: "processed" | "failed" | "skipped" | "dead_letter", retryInMillis?: number) =>
        settleNext(claim, {
          ...{ status, error: "no", failure: { durationMillis: 1, detail: "" } },
          ...(retryInMillis === undefined ? {} : { retryInMillis })
        })
      yield* settleAs("processed")
      yield* settleAs("dead_letter")
      yield* settleAs("failed")
      yield* settleAs("failed", 3_600_000)
      yield* leaseNext(claim, 60_000)
      // For another one all but the first wait.
      const other = unique("other")
      yield* subscribe(eventName, other)
      for (const id of eventIds.slice(1)) yield* InboxStore.use((inbox) => inbox.deliver(id, other))
      const indexes = (query: EventQuery, direction: SliceRequest["direction"] = "backward") =>
        Effect.map(look({ ...query, names: [eventName] }, { direction, from: eventIds[0] ?? lowestId }), ({ found }) =>
          found.map(({ id }) => eventIds.indexOf(id))
        )
      const last = [5, 4, 3, 2, 1, 0]
      assert.deepEqual(yield* indexes({ consumer }), last)
      assert.deepEqual(yield* indexes({ consumer: other }), last.slice(0, 5))
      const ofOne = (...statuses: NonNullable<EventQuery["statuses"]>) => indexes({ consumer, statuses })
      assert.deepEqual(yield* ofOne("processed"), [0])
      assert.deepEqual(yield* ofOne("dead_letter"), [1])
      assert.deepEqual(yield* ofOne("failed"), [2])
      assert.deepEqual(yield* ofOne("dead_letter", "failed"), [2, 1])
      assert.deepEqual(yield* ofOne("pending"), [5, 3])
      assert.deepEqual(yield* ofOne("processing"), [4])
      assert.deepEqual(yield* ofOne("processing", "processed", "dead_letter"), [4, 1, 0])
      assert.deepEqual(yield* ofOne("processing", "dead_letter"), [4, 1])
      assert.deepEqual(yield* indexes({ statuses: ["pending"] }), [5, 3, 2, 1])
      assert.deepEqual(yield* indexes({ statuses: ["dead_letter"] }), [])
      assert.deepEqual(yield* indexes({ statuses: ["processing"] }), [4])
      assert.deepEqual(yield* indexes({ statuses: ["processing", "pending"] }, "forward"), [1, 2, 3, 4, 5])
      const inbox = yield* InboxStore
      for (const { deliveryId } of (yield* inbox.findByConsumer(other, undefined, 10)).slice(0, 2)) {
        yield* Transactor.withTransaction(
          Effect.flatMap(
            inbox.claim({ consumer: other, interest: { names: [eventName], patterns: [] }, limit: 1 }),
            ([row]) =>
              inbox.settle({
                ...(row ?? assert.fail(deliveryId)),
                seenAttempts: 0,
                status: "processed",
                retryInMillis: undefined,
                error: undefined,
                errorTag: undefined,
                failure: undefined
              })
          )
        )
      }
      assert.deepEqual(yield* indexes({ statuses: ["dead_letter"] }), [1])
      assert.deepEqual(yield* indexes({ statuses: ["failed"] }), [2])
      assert.deepEqual(yield* indexes({ statuses: ["failed", "dead_letter"] }, "forward"), [1, 2])
      const { found } = yield* look({ names: [eventName] })
      assert.deepEqual(
        found.map(({ status }) => status),
        ["pending", "processing", "pending", "failed", "dead_letter", "processed"]
      )
      assert.deepEqual(found.at(-2)?.deliveries, [
        { consumer, status: "dead_letter", isOpen: false, isParked: false, attemptCount: 1 },
        { consumer: other, status: "processed", isOpen: false, isParked: false, attemptCount: 1 }
      ])
    })
  ),

  check(
    "looks at what gave up in slices, though ids begin alike",
    Effect.gen(function* () {
      const consumer = unique("consumer")
      const eventName = unique("alike")
      yield* subscribe(eventName, consumer)
      const random = SecureRandom.uuidV7Unsafe()
      // Three of each first half.
      const ids = Array.from(
        { length: 9 },
        (_, n) => `${random.slice(0, 17)}${Math.floor(n / 3)}${random.slice(18, 35)}${n}`
      )
      yield* OutboxStore.use((outbox) => outbox.append(ids.toReversed().map((id) => newEvent(eventName, { id }))))
      const inbox = yield* InboxStore
      const interest = { names: [eventName], patterns: [] }
      for (const _ of ids) {
        yield* settleNext((limit) => inbox.claim({ consumer, interest, limit }), { status: "dead_letter" })
      }
      for (const rows of [1, 2, 3, 4, 5, 8, 20]) {
        const found: Array<string> = []
        let to: string | undefined = ids.at(-1)
        for (let n = 0; n < 50 && to !== undefined; n++) {
          const slice: { doneTo: string | undefined; found: ReadonlyArray<{ id: string }> } = yield* look(
            { names: [eventName], statuses: ["dead_letter"] },
            { from: ids[0] as string, to, rows }
          )
          found.push(...slice.found.map(({ id }) => id))
          to = slice.doneTo === undefined ? undefined : before(slice.doneTo)
        }
        assert.deepEqual(found, ids.toReversed(), `in slices of ${rows}`)
      }
    })
  )
]

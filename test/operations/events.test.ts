/** Looking for events, as far as a budget reaches, and at one of them. */
import { assert, describe, it, layer as withLayer } from "@effect/vitest"
import { Effect } from "effect"
import * as SecureRandom from "effect/crypto/SecureRandom"
import { Consumer, Events, OutboxStore, Processor, Publisher, Subscriber } from "../../src/index.ts"
import { firstIdAt, highestId, idAfter, idBefore, lowestId, madeAt } from "../../src/model/eventIdOrder.ts"
import { stepsOf } from "../../src/operations/payloadPath.ts"
import { newEvent, unique } from "../../src/testing/conformance/support.ts"
import { runtimes } from "../support/databases.ts"
import { eventsOf, serve, unpolled } from "../support/scenario.ts"

const find = (options: Parameters<Events["Service"]["find"]>[0]) => Events.use((events) => events.find(options))

const idsOf = ({ found }: Effect.Success<ReturnType<typeof find>>) => found.map(({ id }) => id)

const refused = (options: unknown) => Effect.flip(find(options as Parameters<typeof find>[0]))

/** Everything a search comes to, however often it has to go on. */
const findAll = Effect.fnUntraced(function* (options: Parameters<typeof find>[0]) {
  const ids: Array<string> = []
  for (let after: string | undefined; ; ) {
    const answer: Effect.Success<ReturnType<typeof find>> = yield* find({
      ...options,
      ...(after === undefined ? {} : { after })
    })
    ids.push(...idsOf(answer))
    assert.strictEqual(answer.isComplete, answer.next === undefined)
    if (answer.next === undefined) return ids
    after = answer.next
  }
})

describe.each(runtimes)("on $name", ({ layer: runtime }) => {
  withLayer(runtime({ settings: unpolled }), { excludeTestServices: true, timeout: "120 seconds" })("events", (it) => {
    it.effect("a search says how far it looked, and goes on from there", () =>
      Effect.gen(function* () {
        const [one, two] = [unique("search.one"), unique("search.two")]
        const events = Array.from({ length: 30 }, (_, n) => newEvent(n % 10 === 0 ? one : two)).toSorted((a, b) =>
          a.id < b.id ? 1 : -1
        )
        yield* OutboxStore.use((outbox) => outbox.append(events))
        const wanted = events.filter(({ eventName }) => eventName === one).map(({ id }) => id)
        const first = yield* find({ names: [one], budget: 25 })
        assert.isAtMost(first.found.length, 3)
        assert.deepStrictEqual([first.looked, first.isComplete, first.direction], [25, false, "backward"])
        assert.instanceOf(first.lookedBackTo, Date)
        assert.deepStrictEqual(yield* findAll({ names: [one], budget: 7 }), wanted)
        assert.deepStrictEqual(
          yield* findAll({ names: [one, `${two}*`], limit: 3 }),
          events.map(({ id }) => id)
        )
        const last = yield* find({ names: [one] })
        assert.deepStrictEqual([idsOf(last), last.isComplete, last.next], [wanted, true, undefined])
        const none = yield* find({ aggregate: { entityType: "Thing", entityId: unique("nothing") } })
        assert.deepStrictEqual(none, {
          ...{ direction: "backward", found: [], looked: 0, lookedBackTo: null, next: undefined, isComplete: true }
        })
      })
    )

    it.effect(
      "a story is told from its first event on, also by its cause, and ids of no time are looked for from the last",
      () =>
        Effect.gen(function* () {
          const { Followed, Happened } = eventsOf(unique("story"))
          yield* serve(
            Subscriber.make({
              consumer: unique("teller"),
              event: Happened,
              handler: Effect.fnUntraced(function* () {
                yield* Publisher.publish(Followed, { n: 1 })
                yield* Publisher.publish(Followed, { n: 2 })
              })
            })
          )
          const correlationId = unique("by-hand")
          const first = yield* Publisher.publish(Happened, { n: 0 })
          yield* Processor.use((_) => _.settled(first.id))
          const story = yield* find({ correlationId: first.id })
          assert.deepStrictEqual(
            story.found.map(({ causationId, eventName }) => [eventName, causationId]),
            [
              [Happened.name, null],
              [Followed.name, first.id],
              [Followed.name, first.id]
            ]
          )
          assert.strictEqual(story.direction, "forward")
          assert.deepStrictEqual(idsOf(yield* find({ causationId: first.id })), idsOf(story).slice(1))
          assert.deepStrictEqual(yield* findAll({ correlationId: first.id, limit: 1 }), idsOf(story))
          assert.deepStrictEqual(yield* findAll({ correlationId: first.id.toUpperCase(), limit: 1 }), [first.id])
          const published = yield* Publisher.publish(Happened, { n: 9 }, { correlationId })
          const byHand = yield* find({ correlationId, names: [Happened.name] })
          assert.deepStrictEqual([byHand.direction, idsOf(byHand)], ["backward", [published.id]])
        })
    )

    it.effect("times are those of storing, of events whose ids say about the same", () =>
      Effect.gen(function* () {
        const name = unique("times")
        const old = firstIdAt(Date.now() - 86_400_000)
        const random = SecureRandom.uuidV4Unsafe()
        const now = newEvent(name)
        yield* OutboxStore.use((outbox) => outbox.append([now, ...[old, random].map((id) => newEvent(name, { id }))]))
        const since = new Date(Date.now() - 60_000)
        // Stored just now: but the id of one is of yesterday, and that of the other of no time.
        const found = yield* findAll({ names: [name], since })
        assert.include(found, now.id)
        assert.notInclude(found, old)
        assert.deepStrictEqual((yield* findAll({ names: [name] })).toSorted(), [now.id, old, random].toSorted())
        assert.deepStrictEqual(yield* findAll({ names: [name], until: since }), [])
        assert.deepStrictEqual(yield* findAll({ names: [name], since, until: since }), [])
      })
    )

    it.effect("payloads are looked into by paths, with numbers of any size", () =>
      Effect.gen(function* () {
        const name = unique("paths")
        const payloads = ['{"items":[{"sku":"a"}],"odd.key":{"x":9007199254740993}}', '{"items":null,"7":true}']
        const events = payloads.map((payload) => newEvent(name, { payload }))
        yield* OutboxStore.use((outbox) => outbox.append(events))
        const ids = events.map(({ id }) => id)
        const by = (payload: NonNullable<Parameters<typeof find>[0]>["payload"]) =>
          Effect.map(find({ names: [name], payload: payload ?? [] }), idsOf)
        assert.deepStrictEqual(yield* by([{ path: "items[0].sku", equals: "a" }]), [ids[0]])
        assert.deepStrictEqual(yield* by([{ path: "items[0]", equals: { sku: "a" } }]), [ids[0]])
        assert.deepStrictEqual(yield* by([{ path: "items", equals: null }]), [ids[1]])
        assert.deepStrictEqual(yield* by([{ path: '["odd.key"].x', equalsJson: "9007199254740993" }]), [ids[0]])
        assert.deepStrictEqual(yield* by([{ path: '["odd.key"].x', equalsJson: "9007199254740992" }]), [])
        assert.deepStrictEqual(yield* by([{ path: '["7"]', equals: true }]), [ids[1]])
        assert.deepStrictEqual(idsOf(yield* find({ names: [name], payloadText: '"sku": "a"' })), [ids[0]])
        const refusals = [
          [{ path: "a" }],
          [{ path: "", equals: 1 }],
          [{ path: "a..b", equals: 1 }],
          [{ path: "a[x]", equals: 1 }],
          [{ path: "a", equals: 2 ** 60 }],
          [{ path: "a", equals: 1, equalsJson: "1" }],
          [{ path: "a", equalsJson: "{" }],
          [{ path: "a", equalsJson: "1e999999" }],
          [{ path: "a", equalsJson: 5 }],
          [{ path: "a\u0000", equals: 1 }],
          [{ path: "a", equals: "\u0000" }],
          [{ path: "a", equals: 1, other: 1 }],
          [null],
          [],
          Array.from({ length: 6 }, () => ({ path: "a", equals: 1 }))
        ]
        for (const payload of refusals) assert.strictEqual((yield* refused({ payload }))._tag, "InvalidOption")
      })
    )

    it.effect("what is misspelt, out of its range, or no cursor of this search is refused", () =>
      Effect.gen(function* () {
        const cursor = (yield* find({ limit: 1, budget: 1 })).next ?? `b${"0".repeat(32)}`
        const refusals = [
          ...[{ name: ["a"] }, { names: "a" }, { names: [] }, { names: [""] }, { names: ["\u0000"] }, { modules: [1] }],
          ...[{ limit: 0 }, { limit: 201 }, { limit: 1.5 }, { budget: 0 }, { budget: 200_001 }, { budget: "many" }],
          ...[{ statuses: ["dead"] }, { statuses: [] }, { consumer: "" }, { correlationId: 7 }, { since: "soon" }],
          ...[{ aggregate: { entityType: "A" } }, { aggregate: { entityType: "A", entityId: "1", kind: "x" } }],
          ...[{ payloadText: "" }, { payloadText: "x".repeat(1001) }, { payload: {} }, { aggregate: "A/1" }],
          ...[{ after: "" }, { after: "b123" }, { after: `${cursor}0` }, { after: `B${"0".repeat(32)}` }, { after: 7 }],
          { after: cursor, correlationId: SecureRandom.uuidV7Unsafe() },
          { after: `f${"0".repeat(32)}` }
        ]
        for (const options of refusals) {
          assert.strictEqual((yield* refused(options))._tag, "InvalidOption", JSON.stringify(options))
        }
        assert.include((yield* refused({ name: ["a"] })).message, "names, modules, aggregate")
        // What is there and undefined is as if it was not.
        assert.isAtMost((yield* find({ names: undefined, limit: 1 } as never)).found.length, 1)
      })
    )

    it.effect("one event is shown with its documents to the digit, and what became of it", () =>
      Effect.gen(function* () {
        const Happened = eventsOf(unique("whole")).Happened
        yield* serve(
          Subscriber.make({
            consumer: Consumer.make(unique("gives-up"), { maxAttempts: 2, retryBaseDelay: "1 millis" }),
            event: Happened,
            handler: () => Effect.fail("not today")
          }),
          Subscriber.make({ consumer: unique("works"), event: Happened, handler: () => Effect.void })
        )
        const { id } = yield* Publisher.publish(Happened, { n: 7 }, { metadata: { by: "me" } })
        yield* Processor.use((_) => _.settled(id))
        const details = yield* Events.use((events) => events.get(id))
        assert.deepStrictEqual(
          [details.payloadText, details.payload, details.metadataText, details.status, details.eventName],
          ['{"n": 7}', { n: 7 }, '{"by": "me"}', "dead_letter", Happened.name]
        )
        assert.deepStrictEqual(
          details.deliveries.map(({ attempts, status }) => [status, attempts.map(({ outcome }) => outcome)]),
          [
            ["dead_letter", ["retry", "dead_letter"]],
            ["processed", []]
          ]
        )
        assert.strictEqual(JSON.parse(JSON.stringify(details)).position, String(details.position))
        for (const unknown of ["no id", SecureRandom.uuidV7Unsafe()]) {
          const error = yield* Effect.flip(Events.use((events) => events.get(unknown)))
          assert.strictEqual(error._tag, "EventNotFound")
        }
      })
    )
  })
})

describe("paths into payloads", () => {
  it.each([
    ["customer.id", ["customer", "id"]],
    ["items[0].sku", ["items", "0", "sku"]],
    ["[0][12]", ["0", "12"]],
    ['["odd.key"].x', ["odd.key", "x"]],
    ['a["\\"].b"]["c"]', ["a", '"].b', "c"]],
    ['a.[""]', ["a", ""]],
    ["ä-b_c$'", ["ä-b_c$'"]],
    ["", undefined],
    [".a", undefined],
    ["a.", undefined],
    ["a..b", undefined],
    ["a[", undefined],
    ["a[-1]", undefined],
    ["a[0]b", undefined],
    ["a b", ["a b"]],
    ['["a', undefined],
    ['["\\x"]', undefined]
  ])("%s", (path, steps) => assert.deepStrictEqual(stepsOf(path), steps))
})

describe("ids in the order of time", () => {
  it("come after and before each other, and say when they were made", () => {
    assert.strictEqual(idAfter("00000000-0000-0000-0000-00ffffffffff"), "00000000-0000-0000-0000-010000000000")
    assert.strictEqual(idBefore("00000000-0000-0000-0001-000000000000"), "00000000-0000-0000-0000-ffffffffffff")
    assert.deepStrictEqual([idAfter(highestId), idBefore(lowestId)], [undefined, undefined])
    const id = SecureRandom.uuidV7Unsafe()
    assert.closeTo(madeAt(id) ?? 0, Date.now(), 1000)
    assert.strictEqual(madeAt(SecureRandom.uuidV4Unsafe()), undefined)
    assert.isTrue(firstIdAt(madeAt(id) ?? 0) <= id && firstIdAt((madeAt(id) ?? 0) + 1) > id)
    assert.deepStrictEqual([firstIdAt(-5), firstIdAt(1e18).slice(0, 13)], [lowestId, "ffffffff-ffff"])
  })
})

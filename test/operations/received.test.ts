/** What the handler of a consumer gets of a stored event: as at delivery, and without one. */
import { assert, describe, it, layer as withLayer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Consumer, DeadLetters, DomainEvent, Events, InboxStore, Publisher, Subscriber } from "../../src/index.ts"
import { writtenAlike } from "../../src/model/writtenAlike.ts"
import { runtimes } from "../support/databases.ts"
import { serve, unpolled, until } from "../support/scenario.ts"

const of = { sourceModule: "tests", aggregateType: "Invoice", aggregateId: () => "1" }

const V1 = Schema.Struct({ serial: Schema.Finite, amount: Schema.Finite, who: Schema.String })
const V2 = Schema.Struct({ who: Schema.String, cents: Schema.Int, serial: Schema.Finite })

/** In two versions; the step fails for nobody's invoices. */
const latest = (name: string) =>
  DomainEvent.define(name, {
    ...of,
    payload: DomainEvent.versions(V1)
      .next(V2)
      .from(({ amount, serial, who }) => {
        if (who === "nobody") throw new Error("who is nobody?")
        return { who, serial, cents: amount * 100 }
      })
  })

/** Stored as somebody in another language writes it. */
const store = (name: string, payload: Schema.Json, schemaVersion = 1) =>
  Publisher.publishEvent({ ...of, eventName: name, aggregateId: "1", payload, schemaVersion })

const served = (event: DomainEvent.Definition.Any | string, consumer: string) => {
  const got: Array<unknown> = []
  const subscriber = Subscriber.make({
    consumer: Consumer.make(consumer, { maxAttempts: 1 }),
    event: event as string,
    handler: ({ payload }) => Effect.sync(() => void got.push(payload))
  })
  return Effect.as(serve(subscriber), got)
}

const settled = (consumer: string) =>
  InboxStore.use((inbox) =>
    until(inbox.findByConsumer(consumer, undefined, 10), (rows) => rows.length > 0 && rows.every((row) => !row.isOpen))
  )

describe.each(runtimes)("on $name", ({ layer }) => {
  withLayer(layer({ settings: unpolled }), { excludeTestServices: true, timeout: "120 seconds" })(
    "what a handler gets",
    (it) => {
      it.effect("is what it was given, and nothing comes of asking", () =>
        Effect.gen(function* () {
          const events = yield* Events
          const got = yield* served(latest("got.upcast"), "got.upcast")
          const { id } = yield* store("got.upcast", { serial: 7, amount: 12.5, who: "ada" })
          const before = yield* settled("got.upcast")
          const answer = yield* events.received(id, "got.upcast")
          assert.deepStrictEqual(
            [answer.state, answer.isEdited, answer.schemaVersion, answer.receivedVersion, answer.reason],
            ["upcast", false, 1, 2, null]
          )
          assert.deepStrictEqual(got, [JSON.parse(answer.payloadText ?? "")])
          // Keys stand where they stood, so that only what differs looks different.
          assert.strictEqual(answer.payloadText, '{"who":"ada","serial":7,"cents":1250}')
          assert.deepStrictEqual(yield* settled("got.upcast"), before)
          assert.deepStrictEqual(
            (yield* events.get(id)).deliveries.map((each) => each.receivedVersion),
            [2]
          )
        })
      )

      it.effect("is the text that was published where nothing was brought to another version", () =>
        Effect.gen(function* () {
          const events = yield* Events
          yield* served("got.same", "got.same")
          yield* served(latest("got.same"), "got.same.latest")
          const first = yield* store("got.same", { serial: 1e21, amount: 1.5, who: "a" })
          const second = yield* store("got.same", { serial: 1, cents: 1, who: "a" }, 2)
          yield* Effect.all([settled("got.same"), settled("got.same.latest")])
          for (const [id, consumer] of [
            [first.id, "got.same"],
            [second.id, "got.same"],
            [second.id, "got.same.latest"]
          ] as const) {
            const answer = yield* events.received(id, consumer)
            assert.strictEqual(answer.state, "published")
            assert.strictEqual(answer.payloadText, (yield* events.get(id)).payloadText)
            assert.strictEqual(answer.receivedVersion, answer.schemaVersion)
          }
        })
      )

      it.effect("is told with the words of its delivery when it cannot be read, and what is edited afterwards", () =>
        Effect.gen(function* () {
          const [events, letters] = [yield* Events, yield* DeadLetters]
          yield* served(latest("got.bad"), "got.bad")
          const refused = yield* store("got.bad", { serial: 1, amount: "x", who: "ada" })
          const broken = yield* store("got.bad", { serial: 1, amount: 1, who: "nobody" })
          const rows = yield* until(
            InboxStore.use((inbox) => inbox.findByConsumer("got.bad", undefined, 10)),
            (found) => found.length === 2 && found.every((row) => row.status === "dead_letter")
          )
          for (const { id } of [refused, broken]) {
            const answer = yield* events.received(id, "got.bad")
            assert.strictEqual(answer.state, "unreadable")
            assert.strictEqual(answer.reason, rows.find((row) => row.eventId === id)?.lastError)
          }
          assert.deepStrictEqual(
            (yield* events.received(refused.id, "got.bad")).issues.map(({ path }) => path),
            ["amount"]
          )
          const { deliveryId = "" } = rows.find((row) => row.eventId === refused.id) ?? {}
          yield* letters.requeue(deliveryId, { payloadText: '{"serial":9007199254740993,"amount":2,"who":"eve"}' })
          yield* until(
            InboxStore.use((inbox) => inbox.findById(deliveryId)),
            (row) => row?.status === "processed"
          )
          const edited = yield* events.received(refused.id, "got.bad")
          assert.deepStrictEqual([edited.state, edited.isEdited], ["upcast", true])
          // What stayed where it was has its digits.
          assert.strictEqual(edited.payloadText, '{"who":"eve","serial":9007199254740993,"cents":200}')
          assert.include(edited.originalPayloadText ?? "", '"x"')
        })
      )

      it.effect("is not known of consumers of other processes, nor of versions that only they know", () =>
        Effect.gen(function* () {
          const events = yield* Events
          yield* Effect.scoped(served(latest("got.away"), "got.away"))
          yield* served(latest("got.away"), "got.away.here")
          const { id } = yield* store("got.away", { serial: 1, amount: 1, who: "ada" })
          const later = yield* store("got.away", { who: "ada" }, 3)
          yield* until(events.get(id), ({ deliveries }) => deliveries.length === 2)
          yield* until(events.get(later.id), ({ deliveries }) => deliveries.length === 2)
          const away = yield* events.received(id, "got.away")
          assert.deepStrictEqual([away.state, away.receivedVersion], ["elsewhere", null])
          assert.include(away.reason ?? "", 'no handler of consumer "got.away" for "got.away"')
          const unknown = yield* events.received(later.id, "got.away.here")
          assert.strictEqual(unknown.state, "elsewhere")
          assert.include(unknown.reason ?? "", "up to version 2. Version 3 is left to processes that know it")
          const nobody = yield* Effect.flip(events.received(id, "got.awey"))
          assert.include(nobody.message, 'Did you mean "got.away"?')
        })
      )
    }
  )
})

it("is written as the document it was made from is", () => {
  const document = '{"b": 1.50, "a": [9007199254740993, 2], "__proto__": {"n": 1.0}, "gone": 1}'
  const value = JSON.parse('{"a":[9007199254740992,3,4],"new":{"n":1},"__proto__":{"n":1},"b":1.5}')
  assert.strictEqual(
    writtenAlike(value, document),
    '{"b":1.50,"a":[9007199254740993,3,4],"__proto__":{"n":1.0},"new":{"n":1}}'
  )
})

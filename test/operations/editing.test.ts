/** Payloads of dead letters that somebody edits: as text, so that no number changes, and only as they were seen. */
import { assert, describe, layer as withLayer } from "@effect/vitest"
import { Effect, Schema } from "effect"
import { Consumer, DeadLetters, DomainEvent, InboxStore, Publisher, Subscriber } from "../../src/index.ts"
import { runtimes } from "../support/databases.ts"
import { serve, unpolled, until } from "../support/scenario.ts"

const Paid = DomainEvent.define("editing.paid", {
  sourceModule: "tests",
  aggregateType: "Invoice",
  aggregateId: () => "1",
  payload: Schema.Struct({ amount: Schema.Number, items: Schema.Array(Schema.Struct({ sku: Schema.String })) })
})

/** A dead letter of a consumer of its own. */
const withDead = Effect.fnUntraced(function* (name: string) {
  const state = { isBroken: true }
  yield* serve(
    Subscriber.make({
      consumer: Consumer.make(name, { maxAttempts: 1 }),
      event: Paid,
      handler: () => (state.isBroken ? Effect.fail(new Error("broken")) : Effect.void)
    })
  )
  yield* Publisher.publish(Paid, { amount: 1, items: [{ sku: "a" }] })
  const inbox = yield* InboxStore
  const isDead = inbox.findByConsumer(name, undefined, 1)
  const [row] = yield* until(isDead, ([first]) => first?.status === "dead_letter")
  const id = row?.deliveryId ?? ""
  return { id, state, again: until(inbox.findById(id), (found) => found?.isOpen === false) }
})

describe.each(runtimes)("on $name", ({ layer }) => {
  withLayer(layer({ settings: unpolled }), { excludeTestServices: true, timeout: "120 seconds" })(
    "edited payloads",
    (it) => {
      it.effect("keep every digit of their numbers", () =>
        Effect.gen(function* () {
          const letters = yield* DeadLetters
          const { again, id } = yield* withDead("editing.digits")
          const before = yield* letters.inspect(id)
          assert.deepStrictEqual(JSON.parse(before.payloadText ?? ""), { amount: 1, items: [{ sku: "a" }] })
          const numbers = ["12345678901234567890.123", "9007199254740993", "0.1000000000000000055511151231257827"]
          for (const number of numbers) {
            const payloadText = `{"amount":${number},"items":[]}`
            assert.isTrue(yield* letters.requeue(id, { payloadText }))
            yield* again
            const { originalPayloadText, payloadText: stored } = yield* letters.inspect(id)
            // PostgreSQL orders keys, and writes spaces.
            assert.include(stored?.replaceAll(" ", "") ?? "", `"amount":${number}`)
            assert.deepStrictEqual(JSON.parse(originalPayloadText ?? ""), { amount: 1, items: [{ sku: "a" }] })
          }
        })
      )

      it.effect("are refused with the line and column of what is wrong", () =>
        Effect.gen(function* () {
          const letters = yield* DeadLetters
          const { id } = yield* withDead("editing.refused")
          const refused = (payloadText: string) =>
            Effect.map(Effect.flip(letters.requeue(id, { payloadText })), (error) => {
              const issues = "issues" in error ? error.issues : []
              return [error._tag, ...issues.map(({ column, line, path }) => [path, line, column])]
            })
          assert.deepStrictEqual(
            yield* Effect.all([
              refused('{\n  "amount": 1,\n}'),
              refused('{\n  "amount": 1,\n  "items": [{ "sku": 5 }]\n}'),
              refused('{ "amount": "x", "items": [] }'),
              refused('{ "amount": 1e131072, "items": [] }'),
              refused('{ "amount": 1, "items": [{ "sku": "\\u0000" }] }'),
              refused("")
            ]),
            [
              ["EventEncodingError", ["payload", 3, 1]],
              ["EventDecodingError", ["items.0.sku", 3, 22]],
              ["EventDecodingError", ["amount", 1, 13]],
              ["EventEncodingError", ["payload.amount", 1, 13]],
              ["EventEncodingError", ["payload.items.0.sku", 1, 35]],
              ["EventEncodingError", ["payload", 1, 1]]
            ]
          )
          const words = yield* Effect.flip(letters.requeue(id, { payloadText: "[1,]" }))
          assert.strictEqual(
            words.message,
            `Delivery ${id} of "editing.paid" was not requeued, nothing was changed. Its new payload cannot be stored:\n  at payload.1 (line 1, column 4): is not JSON: expected a value, found "]"`
          )
          const both = yield* Effect.flip(letters.requeue(id, { payload: 1, payloadText: "1" }))
          assert.strictEqual(
            both.message,
            "Option payloadText of DeadLetters.requeue is given beside payload, expected one of the two."
          )
          assert.isFalse((yield* letters.inspect(id)).isEdited)
        })
      )

      it.effect("change nothing when the dead letter is not as it was seen", () =>
        Effect.gen(function* () {
          const letters = yield* DeadLetters
          const { again, id, state } = yield* withDead("editing.stale")
          const seen = yield* letters.inspect(id)
          const expect = { attemptCount: seen.attemptCount, gaveUpAt: seen.gaveUpAt }
          yield* Effect.sleep("5 millis")
          assert.isTrue(yield* letters.requeue(id))
          yield* again
          const now = yield* letters.inspect(id)
          const stale = yield* Effect.flip(letters.requeue(id, { payloadText: '{"amount":2,"items":[]}', expect }))
          assert.strictEqual(
            stale.message,
            `Delivery ${id} is not as you saw it: it gave up at ${now.gaveUpAt.toISOString()}, after 1 attempts. Nothing was changed; look at it again.`
          )
          state.isBroken = false
          assert.isTrue(yield* letters.requeue(id, { expect: { attemptCount: 1, gaveUpAt: now.gaveUpAt } }))
          yield* again
          const gone = yield* Effect.flip(letters.requeue(id, { expect }))
          assert.strictEqual(
            gone.message,
            `Delivery ${id} is not as you saw it: it is processed. Nothing was changed; look at it again.`
          )
        })
      )
    }
  )
})

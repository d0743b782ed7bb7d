/** Events that are larger when they are read than a client takes in one message: no claim fails because of them. */
import { PgTypes } from "@effect/sql-pg"
import { assert, describe, layer } from "@effect/vitest"
import { Effect, Result } from "effect"
import { SqlClient } from "effect/sql"
import { Consumer, DeadLetters, InboxStore, OutboxStore, Processor, Publisher, Subscriber } from "../../src/index.ts"
import * as Testing from "../../src/testing.ts"
import { databases, postgres, runtimes } from "../support/databases.ts"
import { eventsOf, serve, services } from "../support/scenario.ts"

const million = 1_000_000

/** `count` times the same JSON value, in a list. */
const listOf = (value: string, count: number) => `[${Array.from({ length: count }, () => value).join(",")}]`

const text = (length: number) => JSON.stringify({ text: "x".repeat(length) })

/** Payload and metadata that cannot be read in one message, as JSON. */
const variants = {
  numbers: { payload: listOf("1e308", 70_000), metadata: "{}" },
  spaces: { payload: listOf("1", 6 * million), metadata: "{}" },
  together: { payload: text(9 * million), metadata: text(9 * million) },
  large: { payload: text(20 * million), metadata: "{}" }
} as const

const event = (eventName: string, { metadata, payload }: { readonly payload: string; readonly metadata: string }) => ({
  eventName,
  sourceModule: "tests",
  aggregateType: "Thing",
  aggregateId: "thing-1",
  payload: JSON.parse(payload),
  metadata: JSON.parse(metadata)
})

const insert = Effect.fnUntraced(function* (
  eventName: string,
  { metadata, payload }: { readonly payload: string; readonly metadata: string }
) {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ id: string }>`
    INSERT INTO outbox_event (event_name, source_module, aggregate_type, aggregate_id, payload, metadata)
    VALUES (${eventName}, 'tests', 'Thing', 'thing-1', ${payload}::text::jsonb, ${metadata}::text::jsonb)
    RETURNING id::text AS id`
  return row?.id ?? ""
})

const options = { maxPayloadBytes: 15 * million }

describe.each(runtimes)("on $name", ({ layer: runtime }) => {
  layer(runtime(options), { excludeTestServices: true, timeout: "60 seconds" })("publishing", (it) => {
    it.effect("what could not be read again is refused, with what it would take", () =>
      Effect.gen(function* () {
        const publisher = yield* Publisher
        const refused = (name: Exclude<keyof typeof variants, "large">) =>
          Effect.map(Effect.flip(publisher.publishEvent(event(`refused.${name}`, variants[name]))), (error) => {
            assert.strictEqual(error._tag, "EventEncodingError")
            return error.message
          })
        assert.match(yield* refused("numbers"), /at payload: takes up to 2\d{7} bytes when it is read/)
        assert.match(yield* refused("spaces"), /at payload: takes up to 1800000\d bytes when it is read/)
        assert.match(
          yield* refused("together"),
          /at metadata: takes up to 180000\d\d bytes when it is read, with the payload/
        )
        // Looks like numbers, but is text.
        const digits = event("refused.not", {
          payload: JSON.stringify({ hash: "1e99999999 ".repeat(1000) }),
          metadata: "{}"
        })
        yield* publisher.publishEvent(digits)
      })
    )
  })
})

describe.each(databases)("on $name", ({ layer: database }) => {
  layer(services(database, options), { excludeTestServices: true, timeout: "120 seconds" })("large rows", (it) => {
    it.effect.each([
      ["numbers", "transactional", "none"],
      ["spaces", "leased", "none"],
      ["together", "transactional", "aggregate"],
      ["large", "transactional", "none"],
      ["large", "leased", "aggregate"]
    ] as const)(
      "a row that is too large to be read is a dead letter, and its consumer goes on with the others (%s, %s, %s)",
      ([variant, mode, ordering]) =>
        Effect.gen(function* () {
          const name = `rows-${variant}-${mode}`
          const { Happened, happenings } = eventsOf(name)
          const handled: Array<number> = []
          const settings =
            ordering === "none" ? ({ mode } as const) : ({ mode, ordering, onDeadLetter: "continue" } as const)
          yield* serve(
            Subscriber.make({
              consumer: Consumer.make(name, settings),
              event: Happened,
              handler: ({ payload }) => Effect.sync(() => handled.push(payload.n))
            })
          )
          const processor = yield* Processor
          const large = yield* insert(Happened.name, variants[variant])
          const others = yield* Publisher.publishAll(happenings(3))
          yield* processor.drain
          for (const { id } of others) yield* processor.settled(id)
          assert.sameMembers(handled, [0, 1, 2])
          const [delivery] = yield* processor.settled(large)
          assert.deepInclude(delivery, { status: "dead_letter", attemptCount: 1, errorTag: "PayloadTooLarge" })
          assert.match(delivery?.lastError ?? "", /take \d{8} bytes/)

          const letters = yield* DeadLetters
          const { deadLetters } = yield* letters.list({ consumer: name })
          assert.lengthOf(deadLetters, 1)
          const details = yield* letters.inspect(deadLetters[0]?.deliveryId ?? "")
          assert.deepInclude(details, { payload: null, originalPayload: null, metadata: null })
          assert.isAbove(details.oversizeBytes ?? 0, 16 * million)
          const found = yield* (yield* OutboxStore).findById(large)
          assert.strictEqual(found?.payload, null)
          assert.strictEqual(found?.oversizeBytes, details.oversizeBytes)
          const error = yield* Effect.flip(Testing.published(Happened))
          assert.include(error.message, "bytes when they are read")
          // Requeued as it is, it ends the same way; edited, it is handled unless its metadata are too large.
          yield* letters.requeue(details.deliveryId, variant === "together" ? {} : { payload: { n: 7 } })
          yield* processor.drain
          const [again] = yield* processor.settled(large)
          assert.strictEqual(again?.status, variant === "together" ? "dead_letter" : "processed")
          if (variant !== "together") assert.include(handled, 7)
        }),
      60_000
    )

    it.effect("an event that can be read can be inspected, though its payload was edited too", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("inspected")
        yield* serve(
          Subscriber.make({
            consumer: Consumer.make("inspected", { maxAttempts: 1 }),
            event: Happened,
            handler: () => Effect.fail("no")
          })
        )
        const processor = yield* Processor
        const id = yield* insert(Happened.name, {
          payload: JSON.stringify({ n: 1, text: "x".repeat(9 * million) }),
          metadata: "{}"
        })
        yield* processor.drain
        const [delivery] = yield* processor.settled(id)
        const letters = yield* DeadLetters
        const before = yield* letters.inspect(delivery?.deliveryId ?? "")
        assert.deepStrictEqual(before.payload, before.originalPayload)
        yield* letters.requeue(before.deliveryId, { payload: { n: 2, text: "y".repeat(9 * million) } })
        yield* processor.drain
        const after = yield* letters.inspect(before.deliveryId)
        assert.deepInclude(after, { isEdited: true, oversizeBytes: null })
        assert.deepInclude(after.payload, { n: 2 })
        assert.deepInclude(after.originalPayload, { n: 1 })
      })
    )

    it.effect.each(["none", "aggregate"] as const)("one claim takes a few MiB at once, in its order (%s)", (ordering) =>
      Effect.gen(function* () {
        const name = `claimed-${ordering}`
        const { Happened } = eventsOf(name)
        const consumer = Consumer.make(name, { ordering })
        yield* Effect.scoped(serve(Subscriber.make({ consumer, event: Happened, handler: () => Effect.void })))
        for (let n = 0; n < 12; n++) {
          const size = n % 3 === 2 ? 3 * million : 10
          yield* insert(Happened.name, { payload: JSON.stringify({ n, text: "x".repeat(size) }), metadata: "{}" })
        }
        yield* (yield* OutboxStore).route(100)
        const inbox = yield* InboxStore
        const claimed = yield* inbox.claim({
          consumer: name,
          interest: { names: [Happened.name], patterns: [] },
          onDeadLetter: ordering === "none" ? undefined : "park",
          limit: 500
        })
        assert.deepStrictEqual(
          claimed.map(({ payload }) => (payload as { readonly n: number }).n),
          [0, 1, 2, 3, 4, 5, 6, 7]
        )
      }).pipe(Effect.scoped)
    )

    it.effect(
      "one claim takes a few MiB at once, also of payloads that are written far larger than they are stored",
      () =>
        Effect.gen(function* () {
          const { Happened } = eventsOf("misjudged")
          const consumer = Consumer.make("misjudged")
          yield* Effect.scoped(serve(Subscriber.make({ consumer, event: Happened, handler: () => Effect.void })))
          // 150 kB in PostgreSQL, 3 MB as text.
          for (let n = 0; n < 5; n++) {
            yield* insert(Happened.name, {
              payload: `{"n": ${n}, "all": ${listOf("1e299", 10_000)}}`,
              metadata: '{"of": "it"}'
            })
          }
          yield* (yield* OutboxStore).route(100)
          const inbox = yield* InboxStore
          const interest = { names: [Happened.name], patterns: [] }
          const claimed = yield* inbox.claim({ consumer: consumer.name, interest, limit: 500 })
          assert.deepStrictEqual(
            claimed.map(({ metadata, payload }) => ({ n: (payload as { readonly n: number }).n, metadata })),
            [0, 1].map((n) => ({ n, metadata: { of: "it" } }))
          )
          const last = claimed[1]?.payload as { readonly all: ReadonlyArray<number> } | undefined
          assert.strictEqual(last?.all[9_999], 1e299)
        })
    )
  })
})

/** A client that leaves JSON as text. */
const jsonAsText = () => {
  const types = PgTypes.makeRegistry()
  const decoder = new TextDecoder()
  types.register(PgTypes.OID.json, {
    encode: (value: string) => Result.succeed(new TextEncoder().encode(value)),
    decode: (bytes) => Result.succeed(decoder.decode(bytes))
  })
  return types
}

layer(services(postgres({ types: jsonAsText() })), { excludeTestServices: true, timeout: "60 seconds" })(
  "a client that leaves JSON as text",
  (it) => {
    it.effect("reads payloads, also those that are strings", () =>
      Effect.gen(function* () {
        yield* serve(Subscriber.make({ consumer: "text", event: "plain.text", handler: () => Effect.void }))
        const stored = ['"text"', '"[1]"', "null", "[1]", '{"n": 1}']
        const ids = yield* Effect.forEach(stored, (payload) =>
          insert("plain.text", { payload, metadata: '{"of": "it"}' })
        )
        const outbox = yield* OutboxStore
        const found = yield* Effect.forEach(ids, outbox.findById)
        assert.deepStrictEqual(
          found.map((row) => row?.payload),
          stored.map((json) => JSON.parse(json))
        )
        assert.deepStrictEqual(found[0]?.metadata, { of: "it" })
      })
    )
  }
)

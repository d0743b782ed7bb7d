/** Properties that need a database: what is stored is what was given. */
import { assert, it } from "@effect/vitest"
import { Arbitrary, Effect, Equal, Layer, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { DomainEvent, Processor, Publisher, Subscriber } from "../../src/index.ts"
import { writtenBytes } from "../../src/model/contentSize.ts"
import { matcher, toLike } from "../../src/model/eventPattern.ts"
import { storableJson } from "../../src/model/storable.ts"
import { postgres } from "../support/databases.ts"
import { services } from "../support/scenario.ts"

const Rich = Schema.Struct({
  id: Schema.String.check(Schema.isUUID()),
  text: Schema.String,
  amount: Schema.BigInt,
  ratio: Schema.Finite,
  at: Schema.DateTimeUtc,
  note: Schema.optionalKey(Schema.String),
  maybe: Schema.Option(Schema.Int),
  list: Schema.Array(Schema.Union([Schema.Boolean, Schema.Null, Schema.Int]))
})

const Published = DomainEvent.define("properties.published", {
  sourceModule: "tests",
  aggregateType: "Thing",
  aggregateId: (payload) => payload.id,
  payload: Rich
})

/** Payloads that hold text PostgreSQL cannot store are refused, which other tests show. */
const isStorable = (payload: typeof Rich.Type) =>
  payload.text.isWellFormed() &&
  !payload.text.includes("\u0000") &&
  (payload.note === undefined || (payload.note.isWellFormed() && !payload.note.includes("\u0000")))

const received = new Map<string, unknown>()

const subscription = Subscriber.layer(
  Subscriber.make({
    consumer: "properties",
    event: Published,
    handler: (event) => Effect.sync(() => received.set(event.id, event.payload))
  })
)

const database = Layer.fresh(subscription.pipe(Layer.provideMerge(services(postgres()))))

it.live("a handler receives the payload that was published, whatever it holds", () =>
  Effect.gen(function* () {
    const samples = yield* Arbitrary.sampleEffect(Arbitrary.schema(Rich), { count: 200 })
    const payloads = samples.filter(isStorable)
    assert.isAbove(payloads.length, 50)
    const stored = yield* Publisher.publishAll(payloads.map((payload) => DomainEvent.publication(Published, payload)))
    const processor = yield* Processor
    for (const { id, payload } of stored) {
      yield* processor.settled(id)
      assert.isTrue(Equal.equals(received.get(id), payload), JSON.stringify(payload.text))
    }
  }).pipe(Effect.provide(database))
)

it.live("every document that is accepted comes back from jsonb as it was", () =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const documents = yield* Arbitrary.sampleEffect(Arbitrary.schema(Schema.Json), { count: 200 })
    const texts = documents.flatMap((document) => {
      const stored = storableJson(document, 1_000_000)
      return "json" in stored ? [stored.json] : []
    })
    const rows = yield* sql<{ value: unknown }>`SELECT value FROM unnest(${texts}::jsonb[]) AS i (value)`
    assert.deepStrictEqual(
      rows.map((row) => row.value),
      texts.map((text) => JSON.parse(text))
    )
  }).pipe(Effect.provide(postgres()))
)

it.live("a document is never larger when jsonb writes it back than was foreseen", () =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const samples = yield* Arbitrary.sampleEffect(Arbitrary.schema(Schema.Json), { count: 200 })
    const numbers = "1e308 -1.7976931348623157e+308 5e-324 1E5 1e+21 0.1 123456789012345680000 1e131071 1.5e-16000"
    const listed = `[${numbers.replaceAll(" ", ",")}]`
    const tricky = [
      '"1e999"',
      '["\\"",1e300,"a:b,c"]',
      '{"e1":[true,false,null,1e9],"1e9":1e9}',
      "[]",
      '{"":{}}',
      '"\\u0001é😀"'
    ]
    const texts = [...samples.flatMap((each) => JSON.stringify(each) ?? []), listed, ...tricky].filter(
      (json) => "json" in storableJson(JSON.parse(json), 1_000_000)
    )
    const rows = yield* sql<{ bytes: number }>`
      SELECT octet_length(value::text) AS bytes FROM unnest(${texts}::jsonb[]) WITH ORDINALITY AS i (value, place) ORDER BY place`
    assert.isAbove(rows.length, 50)
    texts.forEach((json, index) => {
      const bytes = rows[index]?.bytes ?? 0
      assert.isAtMost(bytes, writtenBytes(json), json.slice(0, 200))
      // Close to it too, where no number has an exponent.
      if (!/\d[eE]/.test(json)) assert.isAtMost(writtenBytes(json), 2 * bytes, json.slice(0, 200))
    })
  }).pipe(Effect.provide(postgres()))
)

it.live("LIKE agrees with the matcher about every pattern", () =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const letters = Arbitrary.schema(Schema.Literals(["a", ".", "*", "_", "%", "\\"]))
    const texts = (yield* Arbitrary.sampleEffect(Arbitrary.array(letters, { maxLength: 6 }), { count: 600 })).map((_) =>
      _.join("")
    )
    const pairs = texts
      .slice(0, 300)
      .map((pattern, index) => ({ pattern, name: (texts[300 + index] ?? "").replaceAll("*", "a") }))
    const rows = yield* sql<{ matches: boolean }>`
      SELECT name LIKE pattern AS matches
      FROM unnest(${pairs.map((_) => _.name)}::text[], ${pairs.map((_) => toLike(_.pattern))}::text[]) AS i (name, pattern)`
    assert.deepStrictEqual(
      rows.map((row) => row.matches),
      pairs.map(({ name, pattern }) => matcher(pattern)(name))
    )
  }).pipe(Effect.provide(postgres()))
)

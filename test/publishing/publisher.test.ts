/** What can be published, and what is refused before anything is written. */
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it, layer } from "@effect/vitest"
import { Effect, Layer, Redacted, Schema } from "effect"
import { SqlClient } from "effect/sql"
import { inject } from "vitest"
import { DomainEvent, OutboxStore, Processor, Publisher, Subscriber, Transactor } from "../../src/index.ts"
import { maxDepth } from "../../src/model/storable.ts"
import { databases, uniqueSchema, withSchema } from "../support/databases.ts"
import { eventsOf, noted, noting, serve, services } from "../support/scenario.ts"

const Anything = DomainEvent.define("publisher.anything", {
  sourceModule: "tests",
  aggregateType: "Thing",
  aggregateId: () => "1",
  payload: Schema.Json
})

const untyped = (more: object = {}) => ({
  eventName: "publisher.untyped",
  sourceModule: "tests",
  aggregateType: "Thing",
  aggregateId: "1",
  payload: {},
  ...more
})

const countEvents = SqlClient.SqlClient.use((sql) =>
  Effect.map(sql<{ n: number }>`SELECT count(*)::int AS n FROM outbox_event`, ([row]) => row?.n ?? -1)
)

/** The error of something that must not write. */
const refused = <A, E, R>(publish: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const before = yield* countEvents
    const error = yield* Effect.flip(publish)
    assert.strictEqual(yield* countEvents, before)
    return error
  })

const nested = (levels: number) => {
  let value: Schema.Json = 1
  for (let level = 0; level < levels; level++) value = [value]
  return value
}

const storable: ReadonlyArray<readonly [string, Schema.Json]> = [
  ["quotes", `it's "quoted" \\ and $1 {}`],
  ["4-byte characters", "😀𝄞".repeat(10)],
  ["text that looks like an escape", "\\u0000 \\ud800"],
  ["the deepest nesting", nested(maxDepth)],
  ["many kinds", { a: [1, 2.5, -3e-7, true, null, ""], "ключ 🔑": { b: {} } }],
  ["null", null]
]

const unstorable: ReadonlyArray<readonly [string, Schema.Json, string]> = [
  ["\\u0000", { a: ["x\u0000"] }, "at payload.a.0: contains \\u0000"],
  ["a lone surrogate", { a: "x\ud800" }, "at payload.a: contains a lone surrogate"],
  ["a key PostgreSQL refuses", { "\u0000": 1 }, "the key contains \\u0000"],
  ["nesting too deep", nested(maxDepth + 1), `at payload: is nested deeper than ${maxDepth} levels`],
  ["nesting far too deep", nested(100_000), "at payload"],
  ["too many bytes", "x".repeat(1_048_576), "at payload: has 1048578 bytes as JSON, at most 1048576 are allowed"]
]

describe.each(databases)("on $name", ({ layer: database }) => {
  layer(services(database), { excludeTestServices: true, timeout: "60 seconds" })("publishing", (it) => {
    it.effect.each(storable)("stores %s as it is", ([, payload]) =>
      Effect.gen(function* () {
        const event = yield* Publisher.publish(Anything, payload)
        const row = yield* (yield* OutboxStore).findById(event.id)
        assert.deepStrictEqual(row?.payload, payload)
      })
    )

    it.effect.each(unstorable)("refuses %s, naming the place", ([, payload, problem]) =>
      Effect.gen(function* () {
        const error = yield* refused(Publisher.publish(Anything, payload))
        assert.strictEqual(error._tag, "EventEncodingError")
        assert.include(error.message, 'Event "publisher.anything" was not published, nothing was written.')
        assert.include(error.message, problem)
      })
    )

    it.effect("refuses what does not match the schema, what is no JSON, and an aggregate id that cannot be found", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("encode")
        const wrong = { n: "one" } as unknown as { readonly n: number }
        assert.include((yield* refused(Publisher.publish(Happened, wrong))).message, "at payload.n: Expected number")
        const circular: Record<string, unknown> = {}
        circular.self = circular
        assert.include(
          (yield* refused(Publisher.publishEvent(untyped({ payload: circular })))).message,
          "at payload.self: is not JSON: it refers to what it is in"
        )
        assert.include((yield* refused(Publisher.publishEvent(untyped({ payload: () => 1 })))).message, "is not JSON")
        // One that says nothing says that it happened.
        assert.deepStrictEqual((yield* Publisher.publishEvent(untyped({ payload: undefined }))).payload, {})
        const Thrown = DomainEvent.define("encode.thrown", {
          ...Happened,
          sourceModule: "tests",
          aggregateId: () => {
            throw new Error("no id")
          }
        })
        assert.include(
          (yield* refused(Publisher.publish(Thrown, { n: 1 }))).message,
          "at aggregateId: the definition's aggregateId function failed: Error: no id"
        )
      })
    )

    class Money {
      readonly amount = 7
    }
    const lossy: ReadonlyArray<readonly [string, unknown, string]> = [
      ["NaN", { a: [1, Number.NaN] }, "at payload.a.1: is NaN, for which JSON has no number"],
      ["Infinity", { a: -Infinity }, "at payload.a: is -Infinity"],
      ["a Map", { byName: new Map([["a", 1]]) }, "at payload.byName: is not JSON: an instance of Map without toJSON"],
      ["a Set", new Set([1]), "at payload: is not JSON: an instance of Set"],
      ["undefined in a list", { a: [1, undefined] }, "at payload.a.1: is not JSON: undefined"],
      // biome-ignore lint/suspicious/noSparseArray: that is what is refused
      ["a hole in a list", { a: [1, , 2] }, "at payload.a.1: is not JSON: undefined"],
      ["a function", { a: { b: () => 1 } }, "at payload.a.b: is not JSON: a function"],
      ["a symbol", { a: Symbol("b") }, "at payload.a: is not JSON: a symbol"],
      ["a bigint", { a: 1n }, "at payload.a: is not JSON: a bigint"],
      ["an instance of a class", { price: new Money() }, "at payload.price: is not JSON: an instance of Money"],
      ["a date that is none", { at: new Date("never") }, "at payload.at: is a Date that is no time"],
      ["what toJSON makes of it", { a: { toJSON: () => [Number.NaN] } }, "at payload.a.0: is NaN"],
      [
        "what cannot be looked at",
        {
          get a() {
            throw new Error("not to be read")
          }
        },
        "at payload: is not JSON: Error: not to be read"
      ]
    ]

    it.effect.each(lossy)("refuses %s, which JSON would change in silence", ([, payload, problem]) =>
      Effect.gen(function* () {
        const error = yield* refused(Publisher.publishEvent(untyped({ payload })))
        assert.strictEqual(error._tag, "EventEncodingError")
        assert.include(error.message, problem)
        const inMetadata = yield* refused(Publisher.publish(Anything, 1, { metadata: { a: payload } as never }))
        assert.include(inMetadata.message, problem.replace("payload", "metadata.a"))
      })
    )

    it.effect("takes what survives JSON: dates, what has a toJSON, and optional properties that are not there", () =>
      Effect.gen(function* () {
        const shared = { b: 1 }
        const payload = {
          at: new Date(0),
          none: undefined,
          bare: Object.assign(Object.create(null), { a: 1 }),
          twice: [shared, shared]
        }
        const stored = yield* Publisher.publishEvent(untyped({ payload }))
        const row = yield* OutboxStore.use((outbox) => outbox.findById(stored.id))
        assert.deepStrictEqual(row?.payload, {
          at: "1970-01-01T00:00:00.000Z",
          bare: { a: 1 },
          twice: [{ b: 1 }, { b: 1 }]
        })
      })
    )

    const limits = [
      ["eventName", 255],
      ["sourceModule", 127],
      ["aggregateType", 127],
      ["aggregateId", 255],
      ["correlationId", 255]
    ] as const

    it.effect.each(limits)(
      "stores a %s of %i characters, and refuses longer, empty and unstorable ones",
      ([field, max]) =>
        Effect.gen(function* () {
          const longest = "😀".repeat(max)
          const stored = yield* Publisher.publishEvent(untyped({ [field]: longest }))
          const row = yield* (yield* OutboxStore).findById(stored.id)
          assert.strictEqual(row?.[field], longest)
          for (const bad of [`${longest}x`, "", "a\u0000", "\udc00"]) {
            const error = yield* refused(Publisher.publishEvent(untyped({ [field]: bad })))
            assert.strictEqual(error._tag, "InvalidIdentifier")
          }
        })
    )

    it.effect("refuses options of later versions, and names that are patterns", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("later")
        const later = { priority: 1 } as DomainEvent.PublishOptions
        const error = yield* refused(Publisher.publish(Happened, { n: 1 }, later))
        assert.strictEqual(
          error.message,
          'Publishing "later.happened": option priority is not supported by this version and would have no effect. Remove it. Supported: metadata, correlationId, cause, aggregateId, delay, availableAt, dedupeKey.'
        )
        const untypedError = yield* refused(Publisher.publishEvent(untyped({ expiresAt: 1000 })))
        assert.strictEqual(untypedError._tag, "UnsupportedOption")
        assert.include((yield* refused(Publisher.publishEvent(untyped({ eventName: "a.*" })))).message, "contains *")
        for (const metadata of ["text", ["x"], null]) {
          const noObject = yield* refused(Publisher.publish(Happened, { n: 1 }, { metadata: metadata as never }))
          assert.include(noObject.message, "at metadata: are not an object")
        }
      })
    )

    it.effect("publishes a list of several definitions in its order, all or none", () =>
      Effect.gen(function* () {
        const { Followed, Happened } = eventsOf("mixed")
        yield* serve(noting("mixed", Happened))
        const stored = yield* Publisher.publishAll([
          DomainEvent.publication(Happened, { n: 1 }, { metadata: { a: 1 } }),
          DomainEvent.publication(Followed, { n: 2 }),
          DomainEvent.publication(Happened, { n: 3 }, { aggregateId: "other" })
        ])
        assert.deepStrictEqual(
          stored.map((_) => [_.name, _.payload, _.status, _.consumers, _.aggregate.entityId, _.metadata]),
          [
            ["mixed.happened", { n: 1 }, "pending", ["mixed"], "thing-1", { a: 1 }],
            ["mixed.followed", { n: 2 }, "processed", [], "thing-2", {}],
            ["mixed.happened", { n: 3 }, "pending", ["mixed"], "other", {}]
          ]
        )
        const [one, two, three] = stored
        assert.isTrue(one.position < two.position && two.position < three.position)
        assert.isTrue(one.id < two.id && two.id < three.id)
        yield* refused(
          Publisher.publishAll([
            DomainEvent.publication(Happened, { n: 4 }),
            DomainEvent.publication(Anything, "\u0000")
          ])
        )
        assert.deepStrictEqual(yield* Publisher.publishAll([]), [])
        yield* (yield* Processor).settled(three.id)
        yield* (yield* Processor).drain
        assert.deepStrictEqual(yield* noted("mixed"), [1, 3])
      })
    )

    it.effect("a list of more than a thousand is all or none, in its order", () =>
      Effect.gen(function* () {
        const list = Array.from({ length: 2500 }, (_, n) => untyped({ payload: { n } }))
        const stored = yield* Publisher.publishEvents(list)
        assert.isTrue(
          stored.every((event, index) => index === 0 || event.position > (stored[index - 1]?.position ?? 0n))
        )
        yield* refused(Publisher.publishEvents([...list, untyped({ eventName: "" })]))
        const sql = yield* SqlClient.SqlClient
        // The last of them cannot be stored: a trigger refuses it after the first chunks were written.
        yield* sql`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'refused'; END $$`
        yield* sql`
          CREATE TRIGGER refuse BEFORE INSERT ON integration_event
          FOR EACH ROW WHEN (NEW.payload = '{"n": 2499}') EXECUTE FUNCTION refuse()`
        const error = yield* refused(Publisher.publishEvents(list))
        assert.deepInclude(error, { _tag: "StoreError", operation: "outbox.append", reason: "refused" })
        yield* sql`DROP TRIGGER refuse ON integration_event`
      })
    )

    it.effect("an event published in a transaction is visible in it, and has its position", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("visible")
        const found = yield* Transactor.withTransaction(
          Effect.flatMap(Publisher.publish(Happened, { n: 1 }), ({ id }) => OutboxStore.use((_) => _.findById(id)))
        )
        assert.deepInclude(found, { eventName: "visible.happened", schemaVersion: 1, status: "processed" })
      })
    )
  })
})

it.live("a client that renames columns and keys changes nothing", () => {
  const schema = uniqueSchema()
  const upper = (text: string) => text.toUpperCase()
  const database = withSchema(schema).pipe(
    Layer.provideMerge(
      PgClient.layer({
        url: Redacted.make(inject("postgresUrl")),
        startupParameters: { search_path: schema },
        transformResultNames: upper,
        transformQueryNames: (text) => text
      })
    )
  )
  return Effect.gen(function* () {
    const { Happened } = eventsOf("renamed")
    const payloads: Array<unknown> = []
    yield* serve(
      Subscriber.make({
        consumer: "renamed",
        event: Happened,
        handler: (event) => Effect.sync(() => payloads.push(event.payload))
      })
    )
    const event = yield* Publisher.publish(Happened, { n: 1 })
    assert.deepStrictEqual(
      (yield* (yield* Processor).settled(event.id)).map((_) => [_.consumer, _.status]),
      [["renamed", "processed"]]
    )
    assert.deepStrictEqual(payloads, [{ n: 1 }])
  }).pipe(Effect.scoped, Effect.provide(services(database)))
})

const Single = DomainEvent.define("publisher.single", {
  sourceModule: "tests",
  aggregateType: "Thing",
  aggregateId: (payload) => payload.id,
  payload: Schema.Struct({ id: Schema.String })
})

/** What the database did of each event: the transaction that stored it. */
const transactionsOf = (ids: ReadonlyArray<string>) =>
  SqlClient.SqlClient.use((sql) =>
    Effect.map(
      sql<{ transaction: string }>`
        SELECT transaction_id::text AS transaction FROM outbox_event WHERE id = ANY (${ids}::uuid[])`,
      (rows) => rows.map((row) => row.transaction)
    )
  )

/** Does something to every event whose aggregate is called `killer`. */
const sabotage = (statement: string) =>
  SqlClient.SqlClient.use((sql) =>
    Effect.gen(function* () {
      yield* sql.unsafe(`
        CREATE FUNCTION sabotage() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN IF NEW.aggregate_id = 'killer' THEN ${statement} END IF; RETURN NEW; END $$`)
      yield* sql`
        CREATE TRIGGER sabotage AFTER INSERT ON integration_event FOR EACH ROW EXECUTE FUNCTION sabotage()`
    })
  )

const publishAtOnce = (ids: ReadonlyArray<string>) =>
  Effect.forEach(ids, (id) => Effect.exit(Publisher.publish(Single, { id })), { concurrency: "unbounded" })

const numbered = (count: number) => Array.from({ length: count }, (_, n) => `single-${n}`)

it.live.each(databases)(
  "on $name, single events published at the same time share a statement, and each caller gets its own",
  ({ layer }) =>
    Effect.gen(function* () {
      const exits = yield* publishAtOnce(numbered(250))
      const events = yield* Effect.forEach(exits, (exit) => exit)
      assert.deepStrictEqual(
        events.map((event) => event.aggregate.entityId),
        numbered(250)
      )
      const outbox = yield* OutboxStore
      for (const event of events) {
        const row = yield* outbox.findById(event.id)
        assert.deepInclude(row, { position: event.position, aggregateId: event.aggregate.entityId })
      }
      const transactions = yield* transactionsOf(events.map((event) => event.id))
      assert.lengthOf(transactions, 250)
      assert.strictEqual(new Set(transactions).size, 3)
    }).pipe(Effect.provide(services(layer)))
)

it.live.each(databases)("on $name, one that the database refuses fails alone", ({ layer }) =>
  Effect.gen(function* () {
    yield* sabotage("RAISE EXCEPTION 'not this one';")
    const exits = yield* publishAtOnce([...numbered(5), "killer", ...numbered(5)])
    assert.deepStrictEqual(
      exits.map((exit) => exit._tag),
      ["Success", "Success", "Success", "Success", "Success", "Failure"].concat(Array(5).fill("Success"))
    )
    const error = yield* Effect.flip(exits[5] as (typeof exits)[number])
    assert.deepInclude(error, { _tag: "StoreError", reason: "not this one" })
    assert.strictEqual(yield* countEvents, 10)
  }).pipe(Effect.provide(services(layer)))
)

it.live("after a lost connection nothing is repeated, and every caller is told", () =>
  Effect.gen(function* () {
    yield* sabotage("PERFORM pg_terminate_backend(pg_backend_pid());")
    const exits = yield* publishAtOnce([...numbered(5), "killer"])
    for (const exit of exits) assert.deepInclude(yield* Effect.flip(exit), { _tag: "StoreError" })
    assert.strictEqual(yield* countEvents, 0)
  }).pipe(Effect.provide(services(databases[0].layer)))
)

it.live.each(databases)("on $name, an event in a transaction shares its fate, and none with others", ({ layer }) =>
  Effect.gen(function* () {
    const undone = Transactor.withTransaction(
      Effect.andThen(
        Effect.forEach(["a", "b"], (id) => Publisher.publish(Single, { id }), { concurrency: 2 }),
        Effect.fail("undone")
      )
    )
    yield* Effect.all([Effect.ignore(undone), publishAtOnce(numbered(5)), Effect.ignore(undone)], { concurrency: 3 })
    assert.strictEqual(yield* countEvents, 5)
  }).pipe(Effect.provide(services(layer)))
)

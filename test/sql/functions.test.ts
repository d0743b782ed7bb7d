/** `integration_publish` and `integration_link`, as triggers, psql and programs in other languages call them. */
import { readFileSync } from "node:fs"
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Fiber, Layer, Queue, Schema } from "effect"
import { SqlClient, type SqlError } from "effect/sql"
import { Client } from "pg"
import { inject } from "vitest"
import {
  Consumer,
  DomainEvent,
  Integration,
  Lineage,
  LinkStore,
  Processor,
  Publisher,
  Subscriber,
  SubscriptionStore,
  type UntypedEvent
} from "../../src/index.ts"
import { deliveryId } from "../../src/sql/writeDeliveries.ts"
import { clientFor, databases, postgres, uniqueSchema, withSchema } from "../support/databases.ts"
import { eventsOf, noted, noting, serve, services, until } from "../support/scenario.ts"

const traceId = "0af7651916cd43dd8448eb211c80319c"
const spanId = "b7ad6b7169203331"

/** What is published in both ways: every value that an argument has, beside the defaults of the others. */
interface Given {
  readonly eventName: string
  readonly sourceModule: string
  readonly aggregateType: string
  readonly aggregateId: string
  readonly payload: unknown
  readonly metadata?: DomainEvent.Metadata
  readonly schemaVersion?: number
  readonly dedupeKey?: string
  readonly correlationId?: string
  readonly cause?: DomainEvent.Cause
  readonly availableAt?: string
  readonly traceparent?: string
}

const base: Given = {
  eventName: "fn.happened",
  sourceModule: "tests",
  aggregateType: "Thing",
  aggregateId: "1",
  payload: { n: 1 }
}

const names: Readonly<Record<string, string>> = {
  eventName: "event_name",
  sourceModule: "source_module",
  aggregateType: "aggregate_type",
  aggregateId: "aggregate_id",
  payload: "payload::jsonb",
  metadata: "metadata::jsonb",
  schemaVersion: "schema_version::int",
  dedupeKey: "dedupe_key",
  correlationId: "correlation_id",
  cause: "causation_id",
  availableAt: "available_at::timestamptz",
  traceparent: "traceparent"
}

/** NULL of SQL, which null of JSON is not. */
const missing = Symbol("NULL")

const call = (given: object) => {
  const entries = Object.entries(given).filter(([, value]) => value !== undefined)
  const parameters = entries.map(([key, value]) => {
    if (value === missing) return null
    if (key === "payload" || key === "metadata") return JSON.stringify(value)
    return key === "cause" && value !== null ? (value as DomainEvent.Cause).id : value
  })
  const text = entries.map(([key], index) => {
    const [name, type = "text"] = (names[key] ?? "").split("::")
    return `${name} => $${index + 1}::${type}`
  })
  return { text: `integration_publish(${text.join(", ")})`, parameters }
}

/** Publishes by the function. */
const publishBySql = (given: object) =>
  SqlClient.SqlClient.use((sql) => {
    const { parameters, text } = call(given)
    return Effect.map(sql.unsafe<{ id: string }>(`SELECT ${text} AS id`, parameters), ([row]) => row?.id ?? "")
  })

const publish = ({ traceparent, ...event }: Given) => {
  const published = Publisher.publishEvent(event as UntypedEvent)
  return traceparent === undefined ? published : published.pipe(Lineage.within({ traceparent }))
}

/** All that is stored of an event, but for ids and the time it is. */
const storedOf = (id: string, isDueAtOnce: boolean) =>
  SqlClient.SqlClient.use((sql) =>
    Effect.map(
      sql.unsafe<{ stored: object }>(
        `SELECT jsonb_build_object(
          'event', to_jsonb(e) - '{id,position,transaction_id,created_at,routed_at,available_at}'::text[],
          'due', CASE WHEN $2 THEN (e.available_at <= e.routed_at)::text ELSE e.available_at::text END,
          'deliveries', (
            SELECT jsonb_agg(
              to_jsonb(i) - '{id,outbox_event_id,position,created_at,updated_at,available_at}'::text[] || jsonb_build_object(
                'waits', i.available_at - e.available_at, 'is_placed', i.position = e.position,
                'is_called', i.id = ${deliveryId("e.id", "i.consumer_name")}
              )
              ORDER BY i.consumer_name
            )
            FROM inbox_event AS i WHERE i.outbox_event_id = e.id
          )
        ) AS stored
        FROM integration_event AS e WHERE e.id = $1::uuid`,
        [id, isDueAtOnce]
      ),
      ([row]) => row?.stored
    )
  )

/** Consumers of many kinds. */
const kinds = [
  { consumer: "plain", event: "fn.happened", priority: 0, ordering: "none" },
  { consumer: "ordered", event: "fn.*", priority: 0, ordering: "aggregate" },
  { consumer: "early", event: "fn.prior*", priority: 7, ordering: "none" },
  { consumer: "earlier", event: "fn.priority", priority: 9, ordering: "aggregate" },
  { consumer: "earlier", event: "*", priority: -3, ordering: "aggregate" },
  { consumer: "strange", event: "fn.100%_\\*", priority: 0, ordering: "none" }
]

const register = (isRanked: boolean) =>
  SubscriptionStore.use((subscriptions) =>
    subscriptions.register(
      kinds.map(({ ordering, priority, ...each }) => ({
        ...each,
        priority: isRanked ? priority : 0,
        startFrom: undefined,
        ordering: ordering as "none"
      }))
    )
  )

const consumers = register(true)

const documents: ReadonlyArray<unknown> = [null, "text", 0, [], {}, { n: [1, { deep: 'ü\n"' }], empty: "" }]

const cause = "01900000-0000-7000-8000-00000000abcd"

/** One argument after the other takes each of its values, for each name. */
const all: ReadonlyArray<Given> = ["fn.happened", "fn.priority", "fn.100%_\\", "fn.100x_", "nobody's"].flatMap(
  (eventName) => [
    ...documents.map((payload) => ({ ...base, eventName, payload })),
    ...[{}, { tenant: "a", n: 1 }].map((metadata) => ({ ...base, eventName, metadata })),
    ...["1".repeat(255), "🙂".repeat(255), "'"].map((aggregateId) => ({ ...base, eventName, aggregateId })),
    { ...base, eventName, sourceModule: "a:b", aggregateType: "1" },
    ...[1, 2, 2_147_483_647].map((schemaVersion) => ({ ...base, eventName, schemaVersion })),
    { ...base, eventName, correlationId: "a request" },
    { ...base, eventName, cause: { id: cause, correlationId: undefined } },
    { ...base, eventName, cause: { id: "elsewhere, 5", correlationId: undefined } },
    { ...base, eventName, cause: { id: cause, correlationId: undefined }, correlationId: "another" },
    ...["2000-01-01T00:00:00Z", "2999-01-01T00:00:00.123Z", "9999-12-31T23:59:59.999Z"].map((availableAt) => ({
      ...base,
      eventName,
      availableAt
    })),
    ...[
      `00-${traceId}-${spanId}-01`,
      `00-${traceId}-${spanId}-fe`,
      `01-${traceId}-${spanId}-03-more`,
      `01-${traceId}-${spanId}-03`,
      `00-${traceId}-${spanId}-01-more`,
      `ff-${traceId}-${spanId}-01`,
      `00-${"0".repeat(32)}-${spanId}-01`,
      `00-${traceId}-${"0".repeat(16)}-01`,
      `00-${traceId.toUpperCase()}-${spanId}-01`,
      "nonsense"
    ].map((traceparent) => ({ ...base, eventName, traceparent }))
  ]
)

interface Words {
  readonly message: string
  readonly hint?: string
  readonly code?: string
}

/** What the database says when it refuses a call. */
const refusal = (given: object) =>
  Effect.map(Effect.flip(publishBySql(given)), (error) => {
    const { code, hint, message } = (error as SqlError.SqlError).reason.cause as Words
    return { code, message, hint }
  })

const longer = "Nothing was written. Give a shorter one."
const text = (most: number) => `Nothing was written. Give a text of 1 to ${most} characters.`
const flatter = "Nothing was written. Give a flatter document."
const smaller = "Nothing was written. Keep what is large in a table, and give its key."
const of = 'of event "fn.happened"'
const nested = (levels: number) => JSON.parse(`${"[".repeat(levels)}${" ".repeat(1000)}${"]".repeat(levels)}`)

/** A change, what is said of it, and whether types let the publisher be asked the same. */
const refusals: ReadonlyArray<readonly [object, string, string, string]> = [
  [{ eventName: "" }, "22023", "Invalid event name: is empty", text(255)],
  [{ eventName: missing }, "22004", "Invalid event name: is null", text(255)],
  [{ eventName: "x".repeat(256) }, "22001", "Invalid event name: has 256 characters, at most 255 are possible", longer],
  [
    { eventName: "fn.*" },
    "22023",
    'Invalid event name "fn.*": contains *, which is for patterns',
    "Nothing was written. Publish an event by its whole name."
  ],
  [{ sourceModule: missing }, "22004", `Invalid source_module ${of}: is null`, text(127)],
  [
    { sourceModule: "🙂".repeat(128) },
    "22001",
    `Invalid source_module ${of}: has 128 characters, at most 127 are possible`,
    longer
  ],
  [{ aggregateType: "" }, "22023", `Invalid aggregate_type ${of}: is empty`, text(127)],
  [{ aggregateId: "" }, "22023", `Invalid aggregate_id ${of}: is empty`, text(255)],
  [{ correlationId: "" }, "22023", `Invalid correlation_id ${of}: is empty`, text(255)],
  [{ cause: { id: "" } }, "22023", `Invalid causation_id ${of}: is empty`, text(255)],
  [{ dedupeKey: "" }, "22023", `Invalid dedupe_key ${of}: is empty`, text(255)],
  [
    { schemaVersion: 0 },
    "22023",
    `Invalid schema_version ${of}: is 0, not a positive integer`,
    "Nothing was written. Versions count from 1, which is the default."
  ],
  [
    { payload: missing },
    "22004",
    `Invalid payload ${of}: is null`,
    "Nothing was written. Give '{}' if there is nothing to say."
  ],
  [
    { metadata: [] },
    "22023",
    `Invalid metadata ${of}: of type array, not an object`,
    `Nothing was written. Give an object, as in '{"key": "value"}', or null.`
  ],
  [
    { availableAt: "infinity" },
    "22008",
    `Invalid available_at ${of}: is infinity, not a time up to the year 9999`,
    "Nothing was written. Leave it out for an event that is due at once."
  ],
  [
    { payload: "x".repeat(1_048_575) },
    "54000",
    `Invalid payload ${of}: has 1048577 bytes as JSON, at most 1048576 are allowed`,
    smaller
  ],
  [
    { metadata: { text: "ü".repeat(600_000) } },
    "54000",
    `Invalid metadata ${of}: has 1200011 bytes as JSON, at most 1048576 are allowed`,
    smaller
  ],
  [{ payload: nested(501) }, "54000", `Invalid payload ${of}: is nested deeper than 500 levels`, flatter]
]

for (const { isServer, layer, name } of databases) {
  describe(name, () => {
    it.live.each([true, false])(
      "the function stores what the publisher stores, whatever is published: consumers ranked: %s",
      (isRanked) =>
        Effect.gen(function* () {
          yield* register(isRanked)
          for (const each of all) {
            const isDueAtOnce = each.availableAt === undefined
            const published = yield* publish(each)
            const bySql = yield* publishBySql(each)
            const [expected, stored] = [yield* storedOf(published.id, isDueAtOnce), yield* storedOf(bySql, isDueAtOnce)]
            assert.isDefined(expected)
            assert.deepStrictEqual(stored, expected)
          }
        }).pipe(Effect.provide(services(layer)))
    )

    it.live.each([0, 1])(
      "what the function reads grows with the consumers, also where it was planned for one of them: priority %i",
      (priority) =>
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const read = Effect.map(
            sql<{ read: number }>`
              SELECT sum(pg_stat_get_xact_tuples_returned(t::regclass) + pg_stat_get_xact_tuples_fetched(t::regclass))::int AS read
              FROM unnest(ARRAY['integration_consumer', 'integration_subscription']) AS t`,
            ([row]) => row?.read ?? 0
          )
          yield* sql.withTransaction(
            Effect.gen(function* () {
              yield* sql`INSERT INTO integration_consumer (consumer_name) VALUES ('first')`
              yield* sql`INSERT INTO integration_subscription (consumer_name, event_pattern, priority) VALUES ('first', 'fn.*', ${priority})`
              yield* sql.unsafe("ANALYZE integration_consumer, integration_subscription")
              yield* Effect.replicateEffect(publishBySql(base), 8)
              yield* sql`INSERT INTO integration_consumer (consumer_name) SELECT 'c' || n FROM generate_series(1, 2000) AS n`
              yield* sql`
                INSERT INTO integration_subscription (consumer_name, event_pattern)
                SELECT 'c' || n, CASE WHEN n > 1000 THEN 'fn.*' ELSE 'other' END FROM generate_series(1, 2000) AS n`
              const before = yield* read
              yield* publishBySql(base)
              assert.isBelow((yield* read) - before, 20_000)
            })
          )
        }).pipe(Effect.provide(services(layer)))
    )

    it.live("events that follow from a stored one belong to its correlation and its trace", () =>
      Effect.gen(function* () {
        const first = yield* publishBySql({
          ...base,
          correlationId: "a request",
          traceparent: `00-${traceId}-${spanId}-01`
        })
        const second = yield* publishBySql({ ...base, cause: { id: first.toUpperCase() } })
        const sql = yield* SqlClient.SqlClient
        const rows =
          yield* sql`SELECT correlation_id, causation_id, traceparent FROM integration_event WHERE id = ${second}::uuid`
        assert.deepStrictEqual(rows, [
          { correlation_id: "a request", causation_id: first, traceparent: `00-${traceId}-${spanId}-01` }
        ])
      }).pipe(Effect.provide(services(layer)))
    )

    it.live("a key that is taken gives the event that has it, whoever published that", () =>
      Effect.gen(function* () {
        yield* consumers
        const sql = yield* SqlClient.SqlClient
        for (const dedupeKey of ["first", "second"]) {
          const given = { ...base, dedupeKey }
          const id = dedupeKey === "first" ? (yield* publish(given)).id : yield* publishBySql(given)
          assert.strictEqual(yield* publishBySql({ ...given, payload: { n: 2 } }), id)
          assert.strictEqual((yield* publish(given)).id, id)
          assert.notStrictEqual(yield* publishBySql({ ...given, eventName: "nobody's" }), id)
        }
        const [count] =
          yield* sql`SELECT count(*)::int AS events FROM integration_event WHERE event_name = 'fn.happened'`
        assert.deepStrictEqual(count, { events: 2 })
      }).pipe(Effect.provide(services(layer)))
    )

    it.live("what the publisher refuses is refused in a sentence, with what to do, and nothing is written", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        for (const [change, code, message, hint] of refusals) {
          assert.deepStrictEqual(yield* refusal({ ...base, ...change }), { code, message, hint })
          const asked = Object.entries(change).map(([key, value]) => [key, value === missing ? null : value])
          // Without a payload, the publisher stores {}.
          if (!("payload" in change && change.payload === missing))
            yield* Effect.flip(publish({ ...base, ...Object.fromEntries(asked) }))
        }
        yield* sql`INSERT INTO integration_setting (key, value) VALUES ('core.integration.outbox.enabled', '"false"')`
        assert.deepStrictEqual(yield* refusal(base), {
          code: "55000",
          message: 'Event "fn.happened" was not published: the outbox is disabled',
          hint: "Nothing was written. Set core.integration.outbox.enabled to true in integration_setting."
        })
        assert.isEmpty(yield* sql`SELECT 1 FROM integration_event`)
        yield* sql`UPDATE integration_setting SET value = '"nonsense"'`
        // The largest and the deepest that may be stored.
        for (const payload of ["x".repeat(1_048_574), nested(500), Array.from({ length: 349_525 }, () => 10)])
          yield* publishBySql({ ...base, payload })
      }).pipe(Effect.provide(services(layer)))
    )

    it.live("links are those of the publisher's services, and refused as there", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const link = (...values: ReadonlyArray<string | null>) => {
          const parameters = values.map((_, index) => `$${index + 1}${index === 7 ? "::jsonb" : "::text"}`)
          return sql.unsafe<{ id: string }>(`SELECT integration_link(${parameters.join(", ")})::text AS id`, values)
        }
        const ends = ["finance", "Invoice", "1", "operations", "Task", "2"]
        const [linked] = yield* link(...ends, "reference", '{"by": "hand"}')
        const created = yield* LinkStore.create({
          source: { module: "finance", entityType: "Invoice", entityId: "1" },
          target: { module: "operations", entityType: "Task", entityId: "2" },
          linkType: "reference"
        })
        assert.strictEqual(linked?.id, created.id)
        assert.deepStrictEqual(created.metadata, { by: "hand" })
        assert.deepStrictEqual(yield* link(...ends, "reference"), [{ id: created.id }])
        assert.notStrictEqual((yield* link(...ends, "cascade"))[0]?.id, created.id)
        const refused = (...values: ReadonlyArray<string | null>) =>
          Effect.map(Effect.flip(link(...values)), ({ reason }) => {
            const { code, hint, message } = reason.cause as Words
            return [code, message, hint]
          })
        assert.deepStrictEqual(yield* refused(...ends, "ref"), [
          "22023",
          'Invalid link_type of a link: "ref" is none of reference, cascade, aggregate_root',
          "Nothing was written. Give one of those."
        ])
        assert.deepStrictEqual(yield* refused(...ends.with(5, ""), "reference"), [
          "22023",
          "Invalid target_entity_id of a link: is empty",
          text(255)
        ])
        assert.deepStrictEqual(yield* refused(...ends, "reference", JSON.stringify("x".repeat(65_535))), [
          "54000",
          "Invalid metadata of a link: has 65537 bytes as JSON, at most 65536 are allowed",
          smaller
        ])
      }).pipe(Effect.provide(services(layer)))
    )

    it.live(isServer ? "consumers are woken, though polls are an hour apart" : "consumers find it with a poll", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("fnwoken")
        yield* serve(noting("woken", Happened))
        const numbers = [1, 2, 3, 4, 5]
        for (const n of numbers) {
          // The last one is for later.
          const availableAt = n === 5 ? new Date(Date.now() + 300).toISOString() : undefined
          yield* publishBySql({ ...base, eventName: Happened.name, payload: { n }, availableAt })
          // On PGlite there is nobody who listens.
          if (!isServer && n === 5) yield* Effect.sleep(300)
          if (!isServer) yield* Processor.use((processor) => processor.drain)
          yield* until(noted("woken"), (rows) => rows.length === n)
        }
        assert.deepStrictEqual(yield* noted("woken"), numbers)
      }).pipe(Effect.scoped, Effect.provide(services(layer)))
    )
  })
}

/** What is said on the channel of these tables. */
const heard = Effect.gen(function* () {
  const client = yield* PgClient.PgClient
  const [row] = yield* client<{ channel: string }>`
    SELECT 'effect_integration_' || md5('inbox_event'::regclass::oid::text) AS channel`
  const arrived = yield* client.listen(row?.channel ?? "")
  return Effect.gen(function* () {
    for (;;) {
      const said = JSON.parse((yield* Queue.take(arrived)).payload)
      if (said.from === "sql") return said
    }
  })
})

it.live("a wake-up comes with the commit, once for all of a transaction, and names those that have work", () =>
  Effect.gen(function* () {
    yield* consumers
    const next = yield* heard
    const sql = yield* SqlClient.SqlClient
    const rolledBack = sql.withTransaction(
      Effect.andThen(publishBySql({ ...base, eventName: "fn.priority" }), Effect.fail("no" as const))
    )
    assert.strictEqual(yield* Effect.flip(rolledBack), "no")
    yield* publishBySql({ ...base, eventName: "nobody's" })
    yield* sql.withTransaction(Effect.forEach([1, 2, 3], (n) => publishBySql({ ...base, payload: { n } })))
    yield* publishBySql({ ...base, dedupeKey: "key", eventName: "fn.priority" })
    yield* publishBySql({ ...base, dedupeKey: "key", eventName: "fn.priority" })
    yield* SubscriptionStore.use((subscriptions) =>
      subscriptions.register(
        Array.from({ length: 40 }, (_, n) => ({
          consumer: `many-${n}-${"x".repeat(200)}`,
          event: "fn.many",
          priority: 0,
          ordering: "none" as const,
          startFrom: undefined
        }))
      )
    )
    yield* publishBySql({ ...base, eventName: "fn.many" })
    assert.deepStrictEqual(yield* next, { from: "sql", wake: ["earlier"] })
    assert.deepStrictEqual(yield* next, { from: "sql", wake: ["earlier", "ordered", "plain"] })
    assert.deepStrictEqual(yield* next, { from: "sql", wake: ["earlier", "early", "ordered"] })
    assert.deepStrictEqual(yield* next, { from: "sql" })
    assert.isEmpty(
      yield* sql`
        SELECT 1 FROM inbox_event AS i WHERE NOT EXISTS (SELECT 1 FROM integration_event AS e WHERE e.id = i.outbox_event_id)`
    )
  }).pipe(Effect.scoped, Effect.provide(services(postgres())))
)

it.live("a key that another transaction is taking is waited for, and taken when that gives it up", () =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const waits = sql`SELECT 1 FROM pg_locks WHERE transactionid = pg_current_xact_id()::xid AND NOT granted`
    for (const isKept of [true, false]) {
      const given = { ...base, sourceModule: `by-two-${isKept}`, dedupeKey: "key" }
      const { parameters, text } = call(given)
      let first = ""
      const second = yield* sql
        .withTransaction(
          Effect.gen(function* () {
            first = yield* publishBySql(given)
            const waiting = yield* Effect.forkDetach(
              Effect.provide(
                SqlClient.SqlClient.use((other) => other.unsafe<{ id: string }>(`SELECT ${text} AS id`, parameters)),
                clientFor((yield* sql<{ name: string }>`SELECT current_schema() AS name`)[0]?.name ?? "")
              )
            )
            yield* until(waits, (rows) => rows.length > 0)
            return isKept ? waiting : yield* Effect.fail(waiting)
          })
        )
        .pipe(Effect.catch((failed) => (Fiber.isFiber(failed) ? Effect.succeed(failed) : Effect.fail(failed))))
      const [row] = yield* Fiber.join(second)
      assert.strictEqual(row?.id === first, isKept)
    }
    assert.lengthOf(yield* sql`SELECT 1 FROM integration_event`, 2)
  }).pipe(Effect.scoped, Effect.provide(services(postgres())))
)

it.live("in a schema of a strange name, whatever the search_path", () => {
  const schema = `It's "$$" ${uniqueSchema()}`
  return Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* Effect.addFinalizer(() => Effect.orDie(sql`DROP SCHEMA ${sql(schema)} CASCADE`))
    const numbers: Array<number> = []
    const { Happened } = eventsOf("fnstrange")
    yield* serve(
      Subscriber.make({
        consumer: Consumer.make("strange", { ordering: "aggregate" }),
        event: Happened,
        handler: ({ payload }) => Effect.sync(() => numbers.push(payload.n))
      })
    )
    for (const path of ["pg_catalog", "pg_temp, public"]) {
      yield* sql.withTransaction(
        Effect.gen(function* () {
          yield* sql`SELECT set_config('search_path', ${path}, true)`
          yield* sql`CREATE TEMP TABLE IF NOT EXISTS integration_event (id uuid)`
          const { parameters, text } = call({ ...base, eventName: Happened.name, payload: { n: 1 } })
          yield* sql.unsafe(`SELECT "${schema.replaceAll('"', '""')}".${text}`, parameters)
        })
      )
    }
    yield* until(
      Effect.sync(() => numbers),
      ({ length }) => length === 2
    )
  }).pipe(
    Effect.scoped,
    Effect.provide(
      Integration.layer({ schema, settings: { pollingIntervalMs: 3_600_000, idlePollingIntervalMs: 3_600_000 } }).pipe(
        Layer.provideMerge(clientFor("pg_catalog"))
      )
    )
  )
})

it.live("what the page shows works as it stands", () => {
  const schema = uniqueSchema()
  const page = readFileSync(new URL("../../docs/sql.md", import.meta.url), "utf8")
  const blocks = [...page.matchAll(/^```sql\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => block)
  const isTrigger = (block: string) => block.includes("CREATE TRIGGER")
  return Effect.gen(function* () {
    const seen: Array<unknown> = []
    yield* serve(
      Subscriber.make({
        consumer: "of the page",
        event: DomainEvent.define("invoice.created", {
          sourceModule: "finance",
          aggregateType: "Invoice",
          aggregateId: (invoice) => invoice.invoiceId,
          payload: Schema.Struct({ invoiceId: Schema.String, amount: Schema.Number })
        }),
        handler: ({ payload }) => Effect.sync(() => seen.push(payload))
      })
    )
    yield* Effect.promise(async () => {
      const client = new Client({ connectionString: inject("postgresUrl"), options: `-c search_path=${schema}` })
      await client.connect()
      for (const block of [...blocks.filter(isTrigger), ...blocks.filter((_) => !isTrigger(_))])
        await client.query(block)
      await client.end()
    })
    // By the trigger, by hand, and by the plain insert, which is found by whoever looks.
    yield* Processor.use((processor) => processor.drain)
    yield* until(
      Effect.sync(() => seen.length),
      (count) => count === 3
    )
    assert.deepStrictEqual(
      seen,
      Array.from({ length: 3 }, () => ({ invoiceId: "i-1", amount: 300 }))
    )
    assert.lengthOf(yield* LinkStore.findOutbound({ module: "finance", entityType: "Invoice", entityId: "i-1" }), 1)
  }).pipe(Effect.scoped, Effect.provide(services(withSchema(schema).pipe(Layer.provideMerge(clientFor(schema))))))
})

/** `Integration.layer({ schema })`: the tables live there, whatever the connection's `search_path` says. */
import { assert, describe, it, layer as withLayer } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { Client } from "pg"
import { inject } from "vitest"
import { Consumer, Integration, LinkStore, Migrations, Processor, Publisher, Subscriber } from "../../src/index.ts"
import * as PgLite from "../../src/pglite/PgLite.ts"
import * as Conformance from "../../src/testing/conformance/Conformance.ts"
import { clientFor, uniqueSchema } from "../support/databases.ts"
import { eventsOf, serve, unpolled } from "../support/scenario.ts"

/** A name that has to be quoted, and `search_path` that leads elsewhere. */
const odd = () => `It's "$$" $body$ ${uniqueSchema()}`

const dropped = (schema: string) =>
  Layer.effectDiscard(
    Effect.acquireRelease(Effect.void, () =>
      SqlClient.SqlClient.use((sql) => Effect.orDie(sql`DROP SCHEMA IF EXISTS ${sql(schema)} CASCADE`))
    )
  )

const inOdd = (schema: string, options: Integration.Options = {}) =>
  Integration.layer({ settings: unpolled, ...options, schema }).pipe(
    Layer.provideMerge(dropped(schema)),
    Layer.provideMerge(clientFor("pg_catalog"))
  )

describe("the contracts of all stores", () => {
  const schema = odd()
  withLayer(inOdd(schema), { excludeTestServices: true, timeout: "60 seconds" })(
    "hold in a schema that is named",
    (it) => {
      for (const { contract, name, test } of Conformance.all) it.effect(`${contract}: ${name}`, () => test)
    }
  )
})

const scenario = (schema: string) =>
  Effect.gen(function* () {
    const { Happened, happenings } = eventsOf(`schema-${schema.length}`)
    const seen: Array<number> = []
    const consumer = (name: string, options: Consumer.Options) =>
      Subscriber.make({
        consumer: Consumer.make(name, options),
        event: Happened,
        handler: Effect.fnUntraced(function* ({ aggregate, payload }) {
          seen.push(payload.n)
          yield* LinkStore.create({
            source: aggregate,
            target: { module: name, entityType: "Copy", entityId: String(payload.n) },
            linkType: "reference"
          })
        })
      })
    yield* Layer.build(
      Subscriber.layer(
        consumer("schema.plain", {}),
        consumer("schema.ordered", { ordering: "aggregate" }),
        consumer("schema.leased", { mode: "leased" })
      )
    )
    for (const { id } of yield* Publisher.publishAll(happenings(5))) yield* Processor.use((_) => _.settled(id))
    assert.lengthOf(seen, 15)
    const sql = yield* SqlClient.SqlClient
    const [row] = yield* sql<{ n: number }>`SELECT count(*)::int AS n FROM ${sql(schema)}.integration_link`
    assert.strictEqual(row?.n, 15)
    assert.lengthOf(yield* sql`SELECT 1 WHERE to_regclass('outbox_event') IS NOT NULL`, 0)
  }).pipe(Effect.scoped)

it.live("events are published and handled there, on PostgreSQL", () => {
  const schema = odd()
  return Effect.provide(scenario(schema), inOdd(schema))
})

it.live("and on PGlite", () =>
  Effect.provide(
    scenario("integration"),
    Integration.layer({ settings: unpolled, schema: "integration" }).pipe(Layer.provideMerge(PgLite.layerMemory))
  )
)

it.live("a schema that is there is used by who may make none", () =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const [schema, role] = [uniqueSchema(), uniqueSchema()]
    yield* sql.unsafe(`CREATE ROLE ${role} LOGIN`)
    const limited = clientFor("pg_catalog", { url: inject("postgresUrl").replace("//postgres@", `//${role}@`) })
    const refused = yield* Effect.flip(Effect.provide(Migrations.run({ schema }), limited))
    assert.include(refused.message, "permission denied for database")
    yield* sql.unsafe(`CREATE SCHEMA ${schema} AUTHORIZATION ${role}`)
    assert.isNotEmpty(yield* Effect.provide(Migrations.run({ schema }), limited))
    yield* sql.unsafe(`DROP SCHEMA ${schema} CASCADE`)
    yield* sql.unsafe(`DROP ROLE ${role}`)
  }).pipe(Effect.provide(clientFor("public")))
)

it.live("a script makes it, and is made in it once", () =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const schema = odd()
    const script = (text: string) =>
      Effect.tryPromise({
        try: async () => {
          const client = new Client({ connectionString: inject("postgresUrl") })
          await client.connect()
          await client.query(text).finally(() => client.end())
        },
        catch: (error) => error as Error
      })
    yield* script(Migrations.sql({ schema }))
    assert.deepStrictEqual((yield* Migrations.status({ schema })).pending, [])
    assert.isNotEmpty((yield* Migrations.status({ schema: "nowhere" })).pending)
    assert.include((yield* Effect.flip(script(Migrations.sql({ schema })))).message, "are at version")
    const start = (options: Integration.Options) => Effect.scoped(Layer.build(Integration.layer(options)))
    yield* start({ schema, migrate: false })
    const elsewhere = yield* Effect.flip(start({ schema: "nowhere", migrate: false }))
    assert.strictEqual(elsewhere._tag, "SchemaMismatch")
    yield* sql`DROP SCHEMA ${sql(schema)} CASCADE`
  }).pipe(Effect.provide(clientFor("public")))
)

it.live("a name that is none is refused", () =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(Effect.scoped(Layer.build(Integration.layer({ schema: "" }))))
    assert.strictEqual(String(error), "InvalidOption: Option schema is empty, expected a name of 1 to 63 bytes.")
    assert.throws(
      () => Migrations.sql({ schema: "x".repeat(64) }),
      /Option schema is x+, expected a name of 1 to 63 bytes\./
    )
  }).pipe(Effect.provide(clientFor("public")))
)

it.live("its name may have a dot, which is no end of it", () => {
  const schema = `a.b ${uniqueSchema()}`
  return Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const quoted = sql.literal(`"${schema}"`)
    yield* Effect.scoped(
      Effect.provide(
        Effect.gen(function* () {
          const { Happened } = eventsOf("dots")
          yield* serve(Subscriber.make({ consumer: "dots", event: Happened, handler: () => Effect.void }))
          const event = yield* Publisher.publish(Happened, { n: 1 })
          yield* Processor.use((processor) => processor.settled(event.id))
        }),
        Integration.layer({ schema })
      )
    )
    assert.lengthOf(yield* sql`SELECT status FROM ${quoted}.inbox_event`, 1)
    yield* sql`DROP SCHEMA ${quoted} CASCADE`
  }).pipe(Effect.provide(clientFor("public")))
})

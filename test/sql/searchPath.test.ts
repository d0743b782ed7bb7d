/**
 * No `search_path` matters to the engine: not one that a handler sets, nor that services which share the tables have
 * others.
 *
 * Seen failing before the engine's statements named the schema of its tables (`tableClient.ts`): a handler that set a path without
 * them was a dead letter, one with tables of the same names left its delivery open and did its work again and again; services
 * behind different first schemas did not wake each other, and each marked the other dead.
 */

import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { inject } from "vitest"
import { Consumer, Integration, Processor, Publisher, Subscriber } from "../../src/index.ts"
import { tables } from "../../src/sql/connection/tableClient.ts"
import { migrations } from "../../src/sql/migrations/migrations.generated.ts"
import { readTree } from "../support/architecture.ts"
import { clientFor, databases, uniqueSchema, withSchema } from "../support/databases.ts"
import { deliveries, eventsOf, serve, services, unpolled, until } from "../support/scenario.ts"

for (const { layer, name } of databases) {
  describe(name, () => {
    for (const ordering of ["none", "aggregate"] as const) {
      it.live(`handlers may set search_path, ordering ${ordering}`, () =>
        Effect.gen(function* () {
          const { Happened, happenings } = eventsOf("paths")
          const sql = yield* SqlClient.SqlClient
          const other = uniqueSchema()
          yield* sql`CREATE SCHEMA ${sql(other)}`
          yield* sql`CREATE TABLE ${sql(other)}.inbox_event (LIKE inbox_event INCLUDING ALL)`
          yield* sql`CREATE TABLE ${sql(other)}.work (n int)`
          yield* serve(
            Subscriber.make({
              consumer: Consumer.make("paths", { ordering }),
              event: Happened,
              handler: Effect.fnUntraced(function* ({ payload: { n } }) {
                yield* sql`SELECT set_config('search_path', ${n % 2 === 0 ? other : "pg_catalog"}, true)`
                yield* sql`INSERT INTO ${sql(other)}.work (n) VALUES (${n})`
              })
            })
          )
          for (const { id } of yield* Publisher.publishAll(happenings(20))) yield* Processor.use((_) => _.settled(id))
          const work = yield* sql<{ n: number }>`SELECT n FROM ${sql(other)}.work ORDER BY n`
          assert.deepStrictEqual(
            work.map(({ n }) => n),
            happenings(20).map((_, n) => n)
          )
          assert.deepStrictEqual(
            new Set((yield* deliveries("paths")).map(({ status }) => status)),
            new Set(["processed"])
          )
          yield* sql`DROP SCHEMA ${sql(other)} CASCADE`
        }).pipe(Effect.scoped, Effect.provide(services(layer)))
      )
    }
  })
}

it("the engine's statements go through the client that names the schema, and it knows every table", () => {
  const tree = readTree()
  const direct = [...tree].filter(
    ([file, text]) => file.startsWith("sql/") && /yield\* SqlClient\.SqlClient/.test(text)
  )
  assert.deepStrictEqual(
    direct.map(([file]) => file),
    // Where the tables are is asked there, and made; the others know nothing of tables.
    [
      "sql/connection/controlConnection.ts",
      "sql/connection/reach.ts",
      "sql/connection/tableClient.ts",
      "sql/connection/transactor.ts",
      "sql/migrations/announcing.ts",
      "sql/migrations/inSchema.ts",
      "sql/migrations/ledger.ts",
      "sql/migrations/migrations.ts",
      "sql/migrations/takeOver.ts"
    ]
  )
  const made = Object.values(migrations)
    .flat()
    .flatMap((statement) => [...statement.matchAll(/CREATE (?:TABLE|VIEW) (\w+)/g)].map(([, name]) => name))
  assert.sameMembers([...tables], made)
})

/** A client whose tables are in `shared`, and whose own schema comes first. */
const behind = (first: string, shared: string) =>
  PgClient.layer({
    url: Redacted.make(inject("postgresUrl")),
    maxConnections: 4,
    startupParameters: { search_path: `${first}, ${shared}` }
  })

it.live("services that share the tables behind different first schemas wake each other, and see each other live", () =>
  Effect.gen(function* () {
    const [shared, mine, yours] = [uniqueSchema(), uniqueSchema(), uniqueSchema()]
    const { Happened } = eventsOf("shared")
    const handled: Array<number> = []
    const client = clientFor(shared)
    const setUp = Integration.layer({ settings: unpolled }).pipe(
      Layer.provideMerge(Layer.mergeAll(withSchema(shared), withSchema(mine), withSchema(yours))),
      Layer.provideMerge(client)
    )
    const service = (first: string) =>
      Integration.layer({ migrate: false, settings: unpolled }).pipe(Layer.provideMerge(behind(first, shared)))
    yield* Effect.gen(function* () {
      const consuming = Subscriber.layer(
        Subscriber.make({
          consumer: "shared",
          event: Happened,
          handler: ({ payload }) => Effect.sync(() => handled.push(payload.n))
        })
      ).pipe(Layer.provideMerge(service(yours)))
      yield* Layer.build(Layer.fresh(consuming))
      yield* Effect.gen(function* () {
        const running = (yield* Processor.use((_) => _.replicas)).filter(({ status }) => status === "running")
        // The one that set up the tables, the consuming one, and this one.
        assert.lengthOf(running, 3)
        yield* Publisher.publish(Happened, { n: 1 })
        yield* until(
          Effect.sync(() => handled.length),
          (count) => count === 1
        )
      }).pipe(Effect.provide(Layer.fresh(service(mine))))
    }).pipe(Effect.provide(setUp))
  }).pipe(Effect.scoped)
)

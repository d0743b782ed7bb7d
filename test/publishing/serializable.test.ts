/** A database whose transactions are SERIALIZABLE unless they say otherwise: what stands in each other's way is repeated. */
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { inject } from "vitest"
import { Consumer, DomainEvent, Integration, LinkStore, Publisher } from "../../src/index.ts"
import { clientFor, uniqueSchema } from "../support/databases.ts"
import { eventsOf, noted, noting, serve, unpolled, until } from "../support/scenario.ts"

/** A database of its own, dropped when the scope closes. */
const serializable = Effect.gen(function* () {
  const name = uniqueSchema()
  const sql = yield* SqlClient.SqlClient
  yield* Effect.acquireRelease(sql`CREATE DATABASE ${sql(name)}`, () =>
    Effect.orDie(sql`DROP DATABASE IF EXISTS ${sql(name)} WITH (FORCE)`)
  )
  yield* sql`ALTER DATABASE ${sql(name)} SET default_transaction_isolation = 'serializable'`
  const url = new URL(inject("postgresUrl"))
  url.pathname = `/${name}`
  return url.href
})

const onDatabase = <A, E, R>(body: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const url = yield* serializable
    const live = Integration.layer({ settings: { ...unpolled, retryBaseDelayMs: 100 } }).pipe(
      Layer.provideMerge(clientFor("public", { url }))
    )
    return yield* Effect.provide(Effect.scoped(body), live)
  }).pipe(Effect.scoped, Effect.provide(clientFor("public")))

it.live(
  "single publishes, links and lists outside of transactions succeed, however many stand in each other's way",
  () =>
    onDatabase(
      Effect.gen(function* () {
        const { Followed, Happened } = eventsOf("serializable")
        const sql = yield* SqlClient.SqlClient
        yield* sql`CREATE TABLE ledger (consumer text NOT NULL, event_id uuid NOT NULL, n int NOT NULL, PRIMARY KEY (consumer, event_id))`
        const consumer = (name: string) => Consumer.make(name, { maxAttempts: 100 })
        yield* serve(noting(consumer("serializable-a"), Happened), noting(consumer("serializable-b"), Followed))
        const numbers = Array.from({ length: 150 }, (_, n) => n)
        const link = (n: number) => ({
          source: { module: "a", entityType: "Thing", entityId: String(n % 5) },
          target: { module: "b", entityType: "Thing", entityId: String(n % 7) },
          linkType: "reference" as const
        })
        const one = (n: number) =>
          Effect.all(
            [
              // Keys keep them from being stored together.
              Publisher.publish(Happened, { n }, { dedupeKey: `${n % 100}` }),
              Publisher.publish(Followed, { n }),
              Publisher.publishAll([DomainEvent.publication(Followed, { n: n + 1000 })]),
              LinkStore.create(link(n))
            ],
            { concurrency: "unbounded" }
          )
        const all = yield* Effect.forEach(numbers, (n) => Effect.delay(one(n), n % 10), { concurrency: 50 })
        assert.strictEqual(new Set(all.map(([event]) => event.id)).size, 100)
        // What the test reads itself may stand in the way too, and is nobody's to repeat but its own.
        const insist = <A, E, R>(read: Effect.Effect<A, E, R>) => Effect.retry(read, { times: 100 })
        const stored = yield* insist(
          sql`SELECT event_name, count(*)::int AS count FROM outbox_event GROUP BY 1 ORDER BY 1`
        )
        assert.deepStrictEqual(stored, [
          { event_name: Followed.name, count: 300 },
          { event_name: Happened.name, count: 100 }
        ])
        yield* until(insist(noted("serializable-a")), (all) => all.length === 100)
        yield* until(insist(noted("serializable-b")), (all) => all.length === 300)
      })
    )
)

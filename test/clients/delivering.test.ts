/** Handlers that write in their delivery's transaction through the application's own client: exactly once. */
import { assert, describe, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import {
  Consumer,
  DomainEvent,
  LinkStore,
  Publisher,
  publisherIn,
  Subscriber,
  Transactor,
  transactionOf
} from "../../src/index.ts"
import { subscriber } from "../../src/promise/PromiseApi.ts"
import { failing } from "../support/application.ts"
import { App, runner, stored, withApplication, written } from "../support/applications.ts"
import { deliveries, eventsOf, NotToday, noted, serve, settledAll } from "../support/scenario.ts"
import { clientKinds } from "../support/transactionClients.ts"

const range = (length: number) => Array.from({ length }, (_, n) => n)

const once = (name: string) => Consumer.make(name, { maxAttempts: 2, concurrency: 2 })

const states = (consumer: string) =>
  Effect.map(deliveries(consumer), (rows) => rows.map((row) => [row.status, row.attempts]))

describe.each(clientKinds)("%s", (name) => {
  layer(withApplication(name), { excludeTestServices: true, timeout: "60 seconds" })("handlers", (it) => {
    it.effect("write through ctx.tx, beside ctx.sql, links and events, all of it once", () =>
      Effect.gen(function* () {
        const { Followed, Happened, happenings } = eventsOf("context")
        const app = yield* App
        const source = (n: number) => ({ module: "context", entityType: "Thing", entityId: String(n) })
        yield* serve(
          subscriber({
            consumer: once("context"),
            event: Happened,
            client: app.client,
            handler: async ({ attempt, id, payload: { n } }, { links, publish, sql, tx }) => {
              await app.write(tx, { name: "context", n })
              await sql`INSERT INTO ledger (consumer, event_id, n) VALUES ('context', ${id}::uuid, ${n})`
              await publish(Followed, { n })
              await links.create({ source: source(n), target: source(n + 100), linkType: "reference" })
              await app.write(tx, { name: "context", n: n + 100 })
              if (attempt === 1) throw new Error("not yet")
            }
          })
        )
        yield* settledAll(happenings(5))
        assert.deepStrictEqual(yield* written("context"), [...range(5), ...range(5).map((n) => n + 100)])
        assert.deepStrictEqual(yield* noted("context"), range(5))
        assert.deepStrictEqual((yield* stored(Followed.name)).toSorted(), range(5))
        const links = yield* Effect.forEach(range(5), (n) => LinkStore.findOutbound(source(n)))
        assert.deepStrictEqual(
          links.map((found) => found.length),
          [1, 1, 1, 1, 1]
        )
        assert.deepStrictEqual(
          yield* states("context"),
          range(5).map(() => ["processed", 2])
        )
      })
    )

    it.effect("write through transactionOf, beside statements and savepoints of the engine", () =>
      Effect.gen(function* () {
        const { Followed, Happened, happenings } = eventsOf("effects")
        const app = yield* App
        yield* serve(
          Subscriber.make({
            consumer: once("effects"),
            event: Happened,
            handler: Effect.fnUntraced(function* ({ attempt, id, payload: { n } }) {
              const tx = yield* transactionOf(app.client)
              const sql = yield* SqlClient.SqlClient
              const write = (n: number) => Effect.promise(() => app.write(tx, { name: "effects", n }))
              yield* write(n)
              yield* sql`INSERT INTO ledger (consumer, event_id, n) VALUES ('effects', ${id}::uuid, ${n})`
              // Behind a savepoint of the engine: gone with it.
              yield* write(n + 100).pipe(
                Effect.andThen(Publisher.publish(Followed, { n: n + 100 })),
                Effect.andThen(Effect.fail("undone")),
                Transactor.withTransaction,
                Effect.flip
              )
              yield* Transactor.withTransaction(Effect.andThen(write(n + 200), Publisher.publish(Followed, { n })))
              if (attempt === 1) return yield* new NotToday({ why: "not yet" })
            })
          })
        )
        yield* settledAll(happenings(5))
        assert.deepStrictEqual(yield* written("effects"), [...range(5), ...range(5).map((n) => n + 200)])
        assert.deepStrictEqual(yield* noted("effects"), range(5))
        assert.deepStrictEqual((yield* stored(Followed.name)).toSorted(), range(5))
        assert.deepStrictEqual(
          yield* states("effects"),
          range(5).map(() => ["processed", 2])
        )
      })
    )

    it.effect("that fail always give up with their attempts, and nothing of theirs is there", () =>
      Effect.gen(function* () {
        const { Followed, Happened, happenings } = eventsOf("always")
        const app = yield* App
        yield* serve(
          subscriber({
            consumer: once("always"),
            event: Happened,
            client: app.client,
            handler: async ({ payload: { n } }, { publish, tx }) => {
              await app.write(tx, { name: "always", n })
              await publish(Followed, { n })
              if (n % 2 === 1) throw new Error("never")
            }
          })
        )
        yield* settledAll(happenings(6))
        assert.deepStrictEqual(yield* written("always"), [0, 2, 4])
        assert.deepStrictEqual((yield* stored(Followed.name)).toSorted(), [0, 2, 4])
        const rows = yield* deliveries("always")
        assert.deepStrictEqual(
          rows.map((row) => (row.n % 2 === 1 ? [row.status, row.attempts] : [row.status])),
          range(6).map((n) => (n % 2 === 1 ? ["dead_letter", 2] : ["processed"]))
        )
        assert.include(rows[1]?.error, "never")
      })
    )

    it.effect(
      "whose statement failed do not go on as if it had not; behind a savepoint of the client's own they do",
      () =>
        Effect.gen(function* () {
          const { Happened, happenings } = eventsOf("aborted")
          const app = yield* App
          yield* serve(
            subscriber({
              consumer: once("aborted"),
              event: Happened,
              client: app.client,
              handler: async ({ payload: { n } }, { sql, tx }) => {
                await app.write(tx, { name: "aborted", n })
                if (n === 3) return sql`SELECT 1 / 0`.catch(() => undefined)
                const statement =
                  n === 1 ? app.run(tx, failing) : app.nested(tx, (inner) => app.run(inner, failing) as Promise<void>)
                await statement.catch(() => undefined)
                if (n !== 1) await app.write(tx, { name: "aborted", n: n + 100 })
              }
            })
          )
          yield* settledAll(happenings(4))
          assert.deepStrictEqual(yield* written("aborted"), [0, 2, 100, 102])
          const rows = yield* deliveries("aborted")
          assert.deepStrictEqual(
            rows.map((row) => row.status),
            ["processed", "dead_letter", "processed", "dead_letter"]
          )
          assert.strictEqual(rows[1]?.attempts, 2)
          assert.strictEqual(rows[1]?.tag, "TransactionAborted")
          // In the server's words, whatever the client has to say about it.
          assert.include(rows[3]?.error, "aborted the transaction: division by zero, by SELECT 1 / 0.")
        })
    )

    it.effect("publish through publisherIn of their own transaction, and of its savepoints", () =>
      Effect.gen(function* () {
        const { Followed, Happened, happenings } = eventsOf("within")
        const app = yield* App
        const run = yield* runner
        yield* serve(
          subscriber({
            consumer: once("within"),
            event: Happened,
            client: app.client,
            handler: async ({ attempt, payload: { n } }, { tx }) => {
              await run(publisherIn(tx).publish(Followed, { n }))
              await app.nested(tx, async (inner) => {
                await run(publisherIn(inner).publish(Followed, { n: n + 100 }))
              })
              if (attempt === 1) throw new Error("not yet")
            }
          })
        )
        yield* settledAll(happenings(3))
        assert.deepStrictEqual(
          (yield* stored(Followed.name)).toSorted((a, b) => a - b),
          [0, 1, 2, 100, 101, 102]
        )
      })
    )

    it.effect("of an ordered consumer keep its order, whatever fails", () =>
      Effect.gen(function* () {
        const event = DomainEvent.define("ordered.happened", {
          ...eventsOf("ordered").Happened,
          aggregateId: ({ n }: { readonly n: number }) => String(n % 3)
        } as never) as ReturnType<typeof eventsOf>["Happened"]
        const app = yield* App
        yield* serve(
          subscriber({
            consumer: Consumer.make("ordered", { ordering: "aggregate", concurrency: 4, maxAttempts: 5 }),
            event,
            client: app.client,
            handler: async ({ attempt, payload: { n } }, { sql, tx }) => {
              await app.write(tx, { name: `ordered-${n % 3}`, n })
              await sql`SELECT 1`
              if (n % 7 === attempt) throw new Error("not yet")
            }
          })
        )
        yield* settledAll(range(30).map((n) => DomainEvent.publication(event, { n })))
        const sql = yield* SqlClient.SqlClient
        for (const key of range(3)) {
          const rows = yield* sql<{
            n: number
          }>`SELECT n FROM written WHERE name = ${`ordered-${key}`} ORDER BY seq`
          assert.deepStrictEqual(
            rows.map(({ n }) => n),
            range(10).map((n) => 3 * n + key)
          )
        }
      })
    )
  })
})

/**
 * Connections that fall silent, wake-ups that get lost, a pooler, and a store that stops at any of its statements.
 *
 * Seen failing with the mechanism off: without the look at everything after LISTEN (`notifications.ts`) what was
 * published while nobody listened waits for a poll that is an hour away, and without `Broadcast.send` so does
 * everything; without the transaction around claim, handlers and mark a cut connection leaves doubles; without
 * `withStatementTimeout` (`unresponsive.ts`) nothing is heard any more from a replica whose idle connections fell
 * silent. `test/stores/unresponsive.test.ts` attacks `withLivenessLimit` itself, under virtual time.
 */
import { PgClient } from "@effect/sql-pg"
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Logger, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { inject } from "vitest"
import {
  Consumer,
  Integration,
  LinkStore,
  OutboxStore,
  Processor,
  Publisher,
  Subscriber,
  SubscriptionStore,
  Transactor
} from "../../src/index.ts"
import { quick } from "../processes/replica.ts"
import { clientFor, uniqueSchema, withSchema } from "../support/databases.ts"
import { type Cut, faultProxy } from "../support/faultProxy.ts"
import { inPlace, load, printed, publish, recovery, rounds, verify } from "../support/faults.ts"
import { transactionPooler } from "../support/pooler.ts"
import { eventsOf, serve, unpolled, until } from "../support/scenario.ts"

const minutes = 240_000 * rounds

it.live(
  "a proxy that falls silent under queries and under LISTEN costs the time it takes to notice",
  () =>
    Effect.gen(function* () {
      const proxy = yield* faultProxy(inject("postgresUrl"))
      yield* inPlace(
        inject("postgresUrl"),
        ({ replica }) =>
          Effect.gen(function* () {
            yield* replica()
            const { published, stop } = yield* load(0, 60)
            const times: Array<number> = []
            for (let n = 0; n < rounds; n++) {
              yield* until(Effect.sync(published), (count) => count >= (n + 1) * 100)
              assert.isAbove(proxy.silence(), 2)
              times.push(yield* recovery)
            }
            const count = yield* stop
            yield* verify(count, 2 * rounds)
            yield* printed("half-open connections under load (lease 1000 ms)", times)
            // Idle: nobody is in the middle of anything that could time out.
            assert.isAbove(proxy.silence(), 2)
            yield* publish(count, 10)
            const idle = yield* recovery
            yield* verify(count + 10, 2 * rounds)
            yield* printed("half-open idle connections (lease 1000 ms)", [idle])
          }),
        { proxied: proxy.url }
      )
    }).pipe(Effect.scoped),
  minutes
)

/** A process of its own on a schema: what it builds shares nothing with another but the database. */
const processIn = (schema: string, name: string) =>
  Integration.layer({ settings: unpolled }).pipe(
    Layer.provideMerge(
      PgClient.layer({
        url: Redacted.make(inject("postgresUrl")),
        applicationName: name,
        startupParameters: { search_path: schema }
      })
    ),
    Layer.fresh
  )

const handledBy = (consumer: string, event: ReturnType<typeof eventsOf>["Happened"], seen: Array<number>) =>
  Subscriber.make({ consumer, event, handler: ({ payload }) => Effect.sync(() => seen.push(payload.n)) })

it.live(
  "what one process publishes wakes another, whose polls are an hour apart, also after its connection was lost",
  () => {
    const schema = uniqueSchema()
    return Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { Happened } = eventsOf("woken")
      const seen: Array<number> = []
      const one = yield* Layer.build(processIn(schema, "publishes"))
      const other = yield* Layer.build(
        Layer.provide(Subscriber.layer(handledBy("woken", Happened, seen)), processIn(schema, "listens"))
      )
      assert.isDefined(other)
      const publish = (n: number) => Effect.provideContext(Publisher.publish(Happened, { n }), one)
      const handled = (count: number) =>
        until(
          Effect.sync(() => seen.length),
          (length) => length === count
        )
      yield* publish(1)
      yield* handled(1)
      const listeners = sql<{ pid: number }>`
      SELECT a.pid FROM pg_stat_activity AS a
      WHERE a.application_name = 'listens' AND EXISTS (
        SELECT 1 FROM pg_locks AS l WHERE l.pid = a.pid AND l.locktype = 'advisory' AND l.mode = 'ShareLock'
      )`
      const times: Array<number> = []
      for (let n = 2; n < 7; n++) {
        const [listener] = yield* listeners
        assert.isDefined(listener)
        yield* sql`SELECT pg_terminate_backend(${listener?.pid ?? 0}::int)`
        yield* until(
          sql`SELECT 1 FROM pg_stat_activity WHERE pid = ${listener?.pid ?? 0}::int`,
          (rows) => rows.length === 0
        )
        // Nobody hears of this one: it is found by the look at everything that follows LISTEN.
        yield* publish(n)
        const began = performance.now()
        yield* handled(n)
        times.push(performance.now() - began)
        yield* until(listeners, (rows) => rows.length === 1 && rows[0]?.pid !== listener?.pid)
      }
      yield* printed("a notification lost while nobody listens, polls an hour apart", times)
    }).pipe(Effect.scoped, Effect.provide(withSchema(schema).pipe(Layer.provideMerge(clientFor(schema)))))
  }
)

it.live("behind a pooler in transaction mode processes say so once, and find each other's events by polling", () => {
  const schema = uniqueSchema()
  const warnings: Array<string> = []
  const capture = Logger.make(({ logLevel, message }) => {
    if (logLevel === "Warn") warnings.push(String(message))
  })
  return Effect.gen(function* () {
    const { Happened } = eventsOf("pooled")
    const url = yield* transactionPooler(inject("postgresUrl"), 6)
    const seen: Array<number> = []
    const pooled = Integration.layer({ settings: quick }).pipe(
      Layer.provideMerge(
        PgClient.layer({ url: Redacted.make(url), prepare: false, startupParameters: { search_path: schema } })
      ),
      Layer.provide(Logger.layer([capture]))
    )
    yield* Layer.build(Subscriber.layer(handledBy("pooled", Happened, seen)).pipe(Layer.provide(pooled)))
    const other = yield* Layer.build(processIn(schema, "direct"))
    for (const n of [1, 2, 3]) {
      yield* Effect.provideContext(Publisher.publish(Happened, { n }), other)
      yield* until(
        Effect.sync(() => seen.length),
        (length) => length === n
      )
    }
    assert.lengthOf(warnings, 1)
    assert.match(
      warnings[0] ?? "",
      /^The database is behind a pooler in transaction mode: .* find each other's events by polling\./
    )
  }).pipe(Effect.scoped, Effect.provide(withSchema(schema).pipe(Layer.provideMerge(clientFor(schema)))))
})

/** Everything the library writes: publishing alone and with the application's rows, delivery in both modes. */
const scenario = Effect.fnUntraced(function* (name: string) {
  const { Followed, Happened } = eventsOf(name)
  const sql = yield* SqlClient.SqlClient
  const processor = yield* Processor
  // A caller that does not know whether it succeeded asks again, with the same key.
  const insist = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
    Effect.sandbox(effect).pipe(Effect.retry({ times: 5 }), Effect.orDie)
  const publish = (n: number) => Publisher.publish(Happened, { n }, { dedupeKey: `${name}-${n}` })
  const copied = Subscriber.make({
    consumer: Consumer.make(`${name}.copied`, { maxAttempts: 50, retryBaseDelay: 10 }),
    event: Happened,
    handler: Effect.fnUntraced(function* (event) {
      yield* sql`INSERT INTO copy (event_id) VALUES (${event.id}::uuid)`
      yield* LinkStore.create({
        source: event.aggregate,
        target: { module: name, entityType: "Copy", entityId: event.id },
        linkType: "reference"
      })
      yield* Publisher.publish(Followed, event.payload)
    })
  })
  const sent = Subscriber.make({
    consumer: Consumer.make(`${name}.sent`, { mode: "leased", maxAttempts: 50, retryBaseDelay: 10 }),
    event: Happened,
    handler: (event) => Publisher.publish(Followed, { n: 100 + event.payload.n })
  })
  yield* Effect.scoped(
    Effect.gen(function* () {
      yield* Effect.retry(Effect.sandbox(serve(copied, sent)), { times: 5 })
      const first = yield* insist(publish(1))
      const second = yield* insist(
        Transactor.withTransaction(
          Effect.andThen(sql`INSERT INTO original (n) VALUES (2) ON CONFLICT DO NOTHING`, publish(2))
        )
      )
      for (const { id } of [first, second]) yield* insist(processor.settled(id))
    })
  )
  return { Followed, Happened, ids: 2 }
})

const check = Effect.fnUntraced(function* (name: string, where: string) {
  const sql = yield* SqlClient.SqlClient
  const { Followed, Happened } = eventsOf(name)
  const outbox = yield* OutboxStore
  const happened = yield* outbox.findByName(Happened.name, 0n, 10)
  assert.lengthOf(happened, 2, `${where}: published`)
  const followed = (yield* outbox.findByName(Followed.name, 0n, 10)).map((row) => (row.payload as { n: number }).n)
  assert.deepStrictEqual(
    followed.toSorted((a, b) => a - b),
    [1, 2, 101, 102],
    `${where}: published by handlers`
  )
  const copies =
    yield* sql`SELECT event_id::text AS id FROM copy JOIN outbox_event AS e ON e.id = event_id WHERE e.event_name = ${Happened.name}`
  assert.deepStrictEqual(
    copies.map((row) => row.id).toSorted(),
    happened.map((row) => row.id).toSorted(),
    `${where}: copies`
  )
  const links = yield* sql`SELECT 1 FROM integration_link WHERE target_module = ${name}`
  assert.lengthOf(links, 2, `${where}: links`)
  assert.isEmpty(
    yield* sql`
      SELECT 1 FROM outbox_event WHERE event_name IN (${Happened.name}, ${Followed.name}) AND status <> 'processed'`,
    `${where}: statuses`
  )
  assert.isEmpty(yield* sql`SELECT 1 FROM integration_attempt WHERE outcome = 'started'`, `${where}: notes`)
})

it.live(
  "a store that stops before or after any statement of the main scenario loses nothing and doubles nothing",
  () =>
    Effect.gen(function* () {
      const proxy = yield* faultProxy(inject("postgresUrl"))
      const schema = uniqueSchema()
      const tables = Layer.effectDiscard(
        SqlClient.SqlClient.use((sql) =>
          Effect.andThen(
            sql`CREATE TABLE copy (event_id uuid NOT NULL)`,
            sql`CREATE TABLE original (n int PRIMARY KEY)`
          )
        )
      )
      const direct = tables.pipe(Layer.provideMerge(withSchema(schema)), Layer.provideMerge(clientFor(schema)))
      yield* Effect.gen(function* () {
        const quickly = { ...quick, pollingIntervalMs: 100, idlePollingIntervalMs: 100 }
        const looking = yield* Layer.build(
          Integration.layer({ settings: unpolled }).pipe(Layer.provideMerge(clientFor(schema)), Layer.fresh)
        )
        const cutAt = (name: string, cut: Cut | undefined) =>
          Effect.gen(function* () {
            yield* Effect.sync(() => proxy.arm(cut))
            yield* scenario(name)
            const statements = proxy.statements()
            // A scenario that needed fewer statements must not leave the cut to the next.
            proxy.arm(undefined)
            return statements
          }).pipe(
            Effect.scoped,
            Effect.provide(
              Integration.layer({ settings: quickly }).pipe(
                Layer.provideMerge(clientFor(schema, { url: proxy.url, maxConnections: 4 })),
                Layer.fresh
              )
            )
          )
        const count = yield* cutAt("uncut", undefined)
        yield* Effect.provideContext(check("uncut", "uncut"), looking)
        const times: Array<number> = []
        // Every statement in the long form; in the short one every other, before and after in turns.
        const step = rounds > 1 ? 1 : 2
        for (let at = 1; at <= count; at += step) {
          for (const when of rounds > 1
            ? (["before", "after"] as const)
            : [at % 4 === 1 ? ("before" as const) : ("after" as const)]) {
            const name = `${when}-${at}`
            const began = performance.now()
            yield* cutAt(name, { at, when })
            yield* Effect.provideContext(check(name, name), looking)
            times.push(performance.now() - began)
            // Nobody is left to wait for what the next one does.
            yield* Effect.provideContext(
              SubscriptionStore.use((store) =>
                Effect.andThen(
                  store.remove(`${name}.copied`, [`${name}.happened`]),
                  store.remove(`${name}.sent`, [`${name}.happened`])
                )
              ),
              looking
            )
          }
        }
        yield* printed(`a connection cut at each of ${count} statements, whole scenario`, times)
      }).pipe(Effect.provide(direct))
    }).pipe(Effect.scoped),
  240_000 * rounds
)

/** Several processes on one PostgreSQL, and processes that are killed. */
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { inject } from "vitest"
import { DomainEvent, InboxStore, Processor, Publisher, Subscriber, SubscriptionStore } from "../../src/index.ts"
import { Counted, counting, createLedger } from "../processes/program.ts"
import { start } from "../support/children.ts"
import * as Databases from "../support/databases.ts"
import { until } from "../support/scenario.ts"

/** A schema with a ledger, that `env` leads child processes to. */
const inSchema = <A, E, R>(
  body: (env: Record<string, string>) => Effect.Effect<A, E, R>,
  integration?: Parameters<typeof Databases.inSchema>[2]
) => Databases.inSchema(createLedger, body, integration)

const events = (count: number) => Array.from({ length: count }, (_, n) => DomainEvent.publication(Counted, { n }))

/** Leaves durable subscriptions behind, as an earlier run of the application does. */
const subscribe = (...consumers: ReadonlyArray<string>) =>
  Effect.scoped(Layer.build(Subscriber.layer(...consumers.map(counting))))

const ledger = SqlClient.SqlClient.use(
  (sql) => sql<{ consumer: string; events: number; processes: number }>`
    SELECT consumer, count(*)::int AS events, count(DISTINCT pid)::int AS processes
    FROM ledger GROUP BY consumer ORDER BY consumer`
)

/** Events that a consumer has more than once. */
const doubled = SqlClient.SqlClient.use(
  (sql) => sql`SELECT consumer, event_id::text FROM ledger GROUP BY consumer, event_id HAVING count(*) > 1`
)

const open = SqlClient.SqlClient.use((sql) =>
  Effect.map(
    sql<{ open: number }>`SELECT count(*)::int AS open FROM inbox_event WHERE status <> 'processed'`,
    ([row]) => row?.open ?? -1
  )
)

const total = Effect.map(ledger, (rows) => rows.reduce((sum, row) => sum + row.events, 0))

it.live("two processes deliver 2,000 events to two consumers, each exactly once", () =>
  inSchema((env) =>
    Effect.gen(function* () {
      yield* subscribe("a", "b")
      yield* Publisher.publishAll(events(500))
      const children = yield* Effect.all([
        start("worker", { ...env, TEST_CONSUMERS: "a,b" }),
        start("worker", { ...env, TEST_CONSUMERS: "a,b" })
      ])
      yield* Effect.forEach(children, (child) => child.message("ready"))
      yield* Effect.forEach(Array.from({ length: 15 }), () => Publisher.publishAll(events(100)))
      yield* until(open, (count) => count === 0)
      assert.deepStrictEqual(
        (yield* ledger).map((_) => [_.consumer, _.events]),
        [
          ["a", 2000],
          ["b", 2000]
        ]
      )
      assert.isEmpty(yield* doubled)
    })
  )
)

it.live("a process killed half way loses nothing and doubles nothing", () =>
  inSchema((env) =>
    Effect.gen(function* () {
      yield* subscribe("a", "b")
      const first = yield* start("worker", { ...env, TEST_CONSUMERS: "a,b" })
      yield* first.message("ready")
      yield* Publisher.publishAll(events(2000))
      yield* until(total, (count) => count >= 200)
      yield* first.kill("SIGKILL")
      assert.isAbove(yield* open, 0)
      const second = yield* start("worker", { ...env, TEST_CONSUMERS: "a,b" })
      yield* second.message("ready")
      yield* until(open, (count) => count === 0)
      assert.deepStrictEqual(yield* ledger, [
        { consumer: "a", events: 2000, processes: 2 },
        { consumer: "b", events: 2000, processes: 2 }
      ])
      assert.isEmpty(yield* doubled)
      const attempts = yield* SqlClient.SqlClient.use((sql) => sql`SELECT DISTINCT attempt_count AS n FROM inbox_event`)
      assert.deepStrictEqual(attempts, [{ n: 1 }])
    })
  )
)

it.live("an event whose process ended between commit and wake-up is delivered after the restart", () =>
  inSchema((env) =>
    Effect.gen(function* () {
      yield* subscribe("a")
      const publisher = yield* start("publisher", env)
      assert.isNull(yield* publisher.exit)
      assert.strictEqual(yield* open, 1)
      yield* Layer.build(Subscriber.layer(counting("a")))
      assert.strictEqual(yield* open, 0)
    })
  )
)

it.live("5,000 events pending at start are drained before the layer is ready, never more than 500 at once", () =>
  inSchema(() =>
    Effect.gen(function* () {
      yield* subscribe("a")
      yield* Publisher.publishAll(events(5000))
      const sizes: Array<number> = []
      const inbox = yield* InboxStore
      const claim = inbox.claim
      // The service is shared with the processor: what it claims is seen here.
      Object.assign(inbox, {
        claim: (request: Parameters<typeof claim>[0]) =>
          Effect.tap(claim(request), (rows) => Effect.sync(() => sizes.push(rows.length)))
      })
      yield* Layer.build(Subscriber.layer(counting("a")))
      assert.strictEqual(yield* open, 0)
      // More than 5,000 when the time box cut a batch, and the rest of it was claimed again.
      assert.isAtLeast(
        sizes.reduce((sum, size) => sum + size, 0),
        5000
      )
      assert.isAtMost(Math.max(...sizes), 500)
      assert.isAbove(Math.max(...sizes), 50)
    })
  )
)

it.live("deliveries of a consumer that only another process serves wait for it", () =>
  inSchema((env) =>
    Effect.gen(function* () {
      yield* subscribe("elsewhere")
      yield* Layer.build(Subscriber.layer(counting("here")))
      const [event] = yield* Publisher.publishAll(events(1))
      const processor = yield* Processor
      yield* until(ledger, (rows) => rows.length === 1)
      yield* processor.drain
      assert.strictEqual(yield* open, 1)
      const child = yield* start("worker", { ...env, TEST_CONSUMERS: "elsewhere" })
      yield* child.message("ready")
      yield* processor.settled(event?.id ?? "")
      assert.deepStrictEqual(
        (yield* ledger).map((_) => [_.consumer, _.events]),
        [
          ["elsewhere", 1],
          ["here", 1]
        ]
      )
    })
  )
)

it.live("retire refuses what another process serves, and says where, unless it is forced", () =>
  inSchema((env) =>
    Effect.gen(function* () {
      const processor = yield* Processor
      const child = yield* start("worker", { ...env, TEST_CONSUMERS: "a" })
      yield* child.message("ready")
      const [other] = (yield* processor.replicas).filter(({ consumers }) => consumers.includes("a"))
      const refused = yield* Effect.flip(processor.retire("a", { open: "skip" }))
      assert.deepInclude(refused, {
        _tag: "ConsumerStillServed",
        consumer: "a",
        event: Counted.name,
        pid: other?.pid ?? null
      })
      assert.strictEqual(
        refused.message,
        `Consumer "a" still has a handler for "${Counted.name}" in process ${other?.pid} on ${other?.host}, which would subscribe again at its next start. Remove the subscriber first, then retire the subscription; with force it ends all the same.`
      )
      assert.strictEqual((yield* processor.retire("a", { event: "another.event" })).ended, 0)
      const [event] = yield* Publisher.publishAll(events(1))
      assert.deepStrictEqual(event?.consumers, ["a"])
      assert.strictEqual((yield* processor.retire("a", { open: "skip", force: true })).ended, 1)
      assert.deepStrictEqual((yield* Publisher.publishAll(events(1)))[0]?.consumers, [])
    })
  )
)

it.live("a process that begins to serve a consumer while it is retired keeps its subscription", () =>
  inSchema(() =>
    Effect.gen(function* () {
      const processor = yield* Processor
      const subscriptions = yield* SubscriptionStore
      const sql = yield* SqlClient.SqlClient
      yield* subscribe("a")
      yield* until(processor.unserved, (all) => all.length === 1)
      const { skipOpen } = subscriptions
      // The service is shared with the processor. Another process has seen the subscription, and serves it from now on.
      const served = { a: { names: [Counted.name], patterns: [], workers: 1, batch: 1 } }
      const begins = sql`
        INSERT INTO integration_replica (id, host, pid, consumers)
        VALUES (${crypto.randomUUID()}::uuid, 'elsewhere', 1, ${JSON.stringify(served)}::jsonb)`
      Object.assign(subscriptions, {
        skipOpen: (scope: Parameters<typeof skipOpen>[0]) => Effect.andThen(Effect.orDie(begins), skipOpen(scope))
      })
      const refused = yield* Effect.flip(processor.retire("a", { open: "skip" }))
      assert.include(refused.message, "in process 1 on elsewhere")
      assert.deepStrictEqual((yield* Publisher.publishAll(events(1)))[0]?.consumers, ["a"])
    })
  )
)

it.live("twenty processes that start at once on an empty database migrate it once", () => {
  const schema = Databases.uniqueSchema()
  return Effect.gen(function* () {
    const env = { TEST_URL: inject("postgresUrl"), TEST_SCHEMA: schema }
    const children = yield* Effect.all(Array.from({ length: 20 }, () => start("migrator", env)))
    const exits = yield* Effect.forEach(children, (child) => child.exit)
    assert.deepStrictEqual(
      exits,
      exits.map(() => 0),
      children.map((child) => child.errors()).join("\n")
    )
    const sql = yield* SqlClient.SqlClient
    const rows = yield* sql`SELECT migration_id AS id, name FROM integration_migration ORDER BY 1`
    assert.deepStrictEqual(rows, [
      { id: 1, name: "events" },
      { id: 2, name: "deliveries" },
      { id: 3, name: "statuses" },
      { id: 4, name: "subscriptions" },
      { id: 5, name: "replicas" },
      { id: 6, name: "links" },
      { id: 7, name: "actors" },
      { id: 8, name: "settings" },
      { id: 9, name: "contracts" },
      { id: 10, name: "functions" },
      { id: 11, name: "statistics" },
      { id: 12, name: "errors" },
      { id: 13, name: "operations" },
      { id: 14, name: "processes" },
      { id: 15, name: "reasons" }
    ])
  }).pipe(
    Effect.scoped,
    Effect.provide(Databases.withSchema(schema).pipe(Layer.provideMerge(Databases.clientFor(schema))))
  )
})

it.live("a pause is in force in other processes, which go on within one poll when it ends", () =>
  inSchema((env) =>
    Effect.gen(function* () {
      const processor = yield* Processor
      yield* subscribe("a", "b")
      const child = yield* start("worker", { ...env, TEST_CONSUMERS: "a,b" })
      yield* child.message("ready")
      yield* processor.pause("a")
      yield* Publisher.publishAll(events(20))
      yield* until(ledger, (rows) => rows.some((row) => row.consumer === "b" && row.events === 20))
      assert.deepStrictEqual(
        (yield* ledger).map((row) => row.consumer),
        ["b"]
      )
      yield* processor.resume("a")
      yield* until(open, (count) => count === 0)
      assert.isEmpty(yield* doubled)
    })
  )
)

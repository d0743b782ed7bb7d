/**
 * What the fault suite shares: a PostgreSQL of its own, load, the promises that have to hold afterwards, and how long the
 * recovery took.
 */
import { assert } from "@effect/vitest"
import { Effect, Fiber, Layer, Random, type Scope } from "effect"
import { SqlClient } from "effect/sql"
import {
  Consumer,
  DomainEvent,
  Integration,
  Publisher,
  type Subscriber,
  SubscriptionStore,
  Transactor
} from "../../src/index.ts"
import { createLedgers, Happened, quick, subscribers } from "../processes/replica.ts"
import { type Child, start } from "./children.ts"
import { clientFor, uniqueSchema, withSchema } from "./databases.ts"
import { type PostgresServer, startPostgres } from "./postgres.ts"
import { until } from "./scenario.ts"

/** How often each fault is repeated: `npm run test:faults` does more. */
export const rounds = Number(process.env.FAULT_ROUNDS ?? 1)

/** What random choices depend on; printed, so that a run can be repeated. */
export const seed = process.env.FAULT_SEED ?? String(Date.now() % 1_000_000)

export const keys = Array.from({ length: 16 }, (_, index) => `key-${index}`)

export const consumers = ["work", "ordered", "mail"]

/** A PostgreSQL with fsync on, for faults that others must not see. */
export const ownServer = Effect.acquireRelease(
  Effect.promise(() => startPostgres()),
  (server) => Effect.promise(() => server.stop())
)

/** Where a scenario runs. */
export interface Place {
  readonly url: string
  readonly schema: string
  /** Starts a replica, and waits until it is ready. */
  readonly replica: (more?: Record<string, string>) => Effect.Effect<Child, unknown, Scope.Scope>
}

/**
 * A schema with tables and durable subscriptions, and the services of a process that only publishes and looks.
 *
 * @param options.proxied - URL that replicas connect to, if another
 */
export const inPlace = <A, E, R>(
  url: string,
  body: (place: Place) => Effect.Effect<A, E, R>,
  options: { readonly proxied?: string } = {}
) => {
  const schema = uniqueSchema()
  const Live = Integration.layer({ settings: quick }).pipe(
    Layer.provideMerge(Layer.effectDiscard(createLedgers)),
    Layer.provideMerge(withSchema(schema)),
    Layer.provideMerge(clientFor(schema, { url }))
  )
  const env = { TEST_ROLE: "replica", TEST_URL: options.proxied ?? url, TEST_SCHEMA: schema }
  const replica = (more: Record<string, string> = {}) =>
    Effect.tap(start("replica", { ...env, ...more }), (child) => child.message("ready"))
  return Effect.gen(function* () {
    yield* subscribed(subscribers)
    return yield* body({ url, schema, replica })
  }).pipe(Effect.scoped, Effect.provide(Live), Random.withSeed(seed))
}

/** Registers subscribers once: from then on events are kept for them. */
const subscribed = (each: ReadonlyArray<Subscriber.Subscriber<SqlClient.SqlClient>>) =>
  SubscriptionStore.use((store) =>
    store.register(
      each.map(({ consumer, events }) => ({
        consumer: consumer.name,
        event: events[0] ?? "",
        priority: 0,
        ordering: Consumer.orderingOf(consumer)
      }))
    )
  )

class Undone extends Error {}

/** Publishes events of all keys in turns, ten at a time; every fifth transaction is rolled back, as if it never was. */
export const publish = (from: number, count: number) =>
  Effect.gen(function* () {
    for (let first = from; first < from + count; first += 10) {
      const isUndone = first % 50 === 40
      const some = (sign: number) =>
        Array.from({ length: 10 }, (_, index) => {
          const n = first + index
          return DomainEvent.publication(Happened, { n: sign * n, key: keys[n % keys.length] ?? "" })
        })
      if (isUndone) {
        yield* Effect.ignore(
          Transactor.withTransaction(Effect.andThen(Publisher.publishAll(some(-1)), Effect.fail(new Undone())))
        )
      }
      yield* Transactor.withTransaction(Publisher.publishAll(some(1)))
    }
  })

/** Publishes so many events each second until it is stopped; returns how many there were. */
export const load = (from: number, perSecond: number) =>
  Effect.gen(function* () {
    let next = from
    let isStopping = false
    const fiber = yield* Effect.forkScoped(
      Effect.gen(function* () {
        while (!isStopping) {
          yield* publish(next, 10)
          next += 10
          yield* Effect.sleep(10_000 / perSecond)
        }
      })
    )
    const stop = Effect.gen(function* () {
      isStopping = true
      yield* Fiber.join(fiber)
      return next
    })
    return { stop, published: () => next }
  })

const openDeliveries = SqlClient.SqlClient.use((sql) =>
  Effect.map(
    sql<{ open: number }>`
      SELECT count(*)::int AS open FROM inbox_event
      WHERE status NOT IN ('processed', 'skipped', 'dead_letter') AND consumer_name IN ${sql.in(consumers)}`,
    ([row]) => row?.open ?? -1
  )
)

/** Waits until everything is through. */
export const settledAll = until(openDeliveries, (open) => open === 0)

interface Entry {
  readonly consumer: string
  readonly key: string
  readonly n: number
}

const entries = (table: "inside" | "outside") =>
  SqlClient.SqlClient.use((sql) => sql<Entry>`SELECT consumer, key, n FROM ${sql(table)} ORDER BY seq`)

const numbersOf = (rows: ReadonlyArray<Entry>, consumer: string) =>
  rows.filter((row) => row.consumer === consumer).map((row) => row.n)

/**
 * What holds after every fault: nothing lost, nothing from a transaction that was rolled back, one row inside for each
 * event and consumer, at most `mayDouble` rows too many outside, order per key, and nothing left behind.
 */
export const verify = (count: number, mayDouble: number) =>
  Effect.gen(function* () {
    yield* settledAll
    const sql = yield* SqlClient.SqlClient
    const expected = Array.from({ length: count }, (_, n) => n)
    const [inside, outside] = [yield* entries("inside"), yield* entries("outside")]
    for (const consumer of ["work", "ordered"]) {
      assert.deepStrictEqual(
        numbersOf(inside, consumer).toSorted((a, b) => a - b),
        expected,
        `events of ${consumer}`
      )
    }
    const mailed = numbersOf(outside, "mail")
    assert.deepStrictEqual(
      [...new Set(mailed)].toSorted((a, b) => a - b),
      expected,
      "events of mail"
    )
    assert.isAtMost(mailed.length - count, mayDouble, "mails that went out twice")
    for (const [key, rows] of Map.groupBy(
      inside.filter((row) => row.consumer === "ordered"),
      (row) => row.key
    )) {
      const numbers = rows.map((row) => row.n)
      assert.deepStrictEqual(
        numbers,
        numbers.toSorted((a, b) => a - b),
        `order of ${key}`
      )
    }
    assert.isEmpty(yield* sql`SELECT 1 FROM outbox_event WHERE status <> 'processed'`)
    assert.isEmpty(yield* sql`SELECT 1 FROM inbox_event WHERE status <> 'processed'`)
    assert.isEmpty(yield* sql`SELECT 1 FROM inbox_event WHERE locked_until IS NOT NULL OR lease_token IS NOT NULL`)
    assert.isEmpty(yield* sql`SELECT 1 FROM integration_attempt WHERE outcome = 'started'`)
    const [rows] = yield* sql<{ events: number; deliveries: number }>`
      SELECT (SELECT count(*) FROM outbox_event)::int AS events, (SELECT count(*) FROM inbox_event)::int AS deliveries`
    assert.deepStrictEqual(rows, { events: count, deliveries: count * consumers.length })
    return mailed.length - count
  })

const percentile = (sorted: ReadonlyArray<number>, share: number) =>
  Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)

/** Prints how long recoveries took. */
export const printed = (fault: string, millis: ReadonlyArray<number>) =>
  Effect.sync(() => {
    const sorted = millis.toSorted((a, b) => a - b)
    const figures = { p50: percentile(sorted, 0.5), p99: percentile(sorted, 0.99), max: percentile(sorted, 1) }
    console.log(
      `fault: ${fault}: recovery of ${sorted.length} p50 ${figures.p50} ms, p99 ${figures.p99} ms, max ${figures.max} ms (seed ${seed})`
    )
    return figures
  })

/** Milliseconds until everything is through that was published before now. */
export const recovery = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [last] = yield* sql<{ position: bigint }>`SELECT coalesce(max(position), 0) AS position FROM outbox_event`
  const began = performance.now()
  yield* until(
    sql`SELECT 1 FROM inbox_event WHERE status NOT IN ('processed', 'skipped', 'dead_letter') AND position <= ${last?.position ?? 0n}::bigint LIMIT 1`,
    (rows) => rows.length === 0
  )
  return performance.now() - began
})

export type { PostgresServer }

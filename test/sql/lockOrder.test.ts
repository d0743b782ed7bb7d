/** All statements of maintenance at once: none waits for another in a circle. */
import { assert, it } from "@effect/vitest"
import { Cause, Effect, Exit } from "effect"
import { SqlClient } from "effect/sql"
import {
  DeadLetterStore,
  InboxStore,
  OutboxStore,
  ReplicaStore,
  SubscriptionStore,
  Transactor
} from "../../src/index.ts"
import { newEvent, settlement } from "../../src/testing/conformance/support.ts"
import { postgres } from "../support/databases.ts"
import { services } from "../support/scenario.ts"

/** How often each statement runs; more finds rarer circles. */
const rounds = Number(process.env.LOCK_ROUNDS ?? 15)

const consumers = ["a-b", "ab", "B", "c", "d"]

const names = ["race.one", "race.two", "race.three"]

const interest = { names: [], patterns: ["*"] }

/** A list in an order of its own each time. */
const shuffled = <A>(list: ReadonlyArray<A>): ReadonlyArray<A> =>
  list
    .map((value) => ({ value, at: Math.random() }))
    .toSorted((x, y) => x.at - y.at)
    .map(({ value }) => value)

const some = <A>(list: ReadonlyArray<A>): A => shuffled(list)[0] as A

/** What a process does, each with its own transactions. */
const statements = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const outbox = yield* OutboxStore
  const inbox = yield* InboxStore
  const store = yield* SubscriptionStore
  const replicas = yield* ReplicaStore
  const deadLetters = yield* DeadLetterStore
  const others = Array.from({ length: 4 }, () => crypto.randomUUID())
  const dead = Effect.map(
    sql<{ id: string }>`SELECT id::text AS id FROM inbox_event WHERE status = 'dead_letter' ORDER BY random() LIMIT 50`,
    (rows) => rows.map(({ id }) => id)
  )
  const appear = sql`
    INSERT INTO integration_replica (id, status, consumers)
    SELECT id, 'running', ${JSON.stringify(Object.fromEntries(consumers.map((name) => [name, { names: [], patterns: ["*"], batch: 1, workers: 1 }])))}::jsonb
    FROM unnest(${others}::uuid[]) AS o (id)
    ON CONFLICT DO NOTHING`
  yield* appear
  const poll = (id: string) =>
    inbox.poll({
      consumers: shuffled(consumers).map((consumer) => ({ ...interest, consumer, onDeadLetter: "continue" })),
      parkedAfter: -(2n ** 63n),
      replica: { id, silentMillis: 0 }
    })
  const register = Effect.suspend(() => {
    const ordering = some(["none", "aggregate"] as const)
    const registrations = consumers.flatMap((consumer) =>
      names.map((event) => ({
        consumer,
        event,
        priority: some([0, 1, 2]),
        ordering,
        startFrom: "beginning" as const
      }))
    )
    return store.register(shuffled(registrations))
  })
  yield* register
  const work = Effect.suspend(() => {
    const consumer = some(consumers)
    const onDeadLetter = Math.random() < 0.5 ? ("continue" as const) : undefined
    return Transactor.withTransaction(
      Effect.gen(function* () {
        const rows = yield* inbox.claim({ consumer, interest, limit: 10, maxPosition: undefined, onDeadLetter })
        for (const row of rows)
          yield* inbox.settle(
            settlement(row, {
              seenAttempts: row.attemptCount,
              status: Math.random() < 0.3 ? "dead_letter" : "processed"
            })
          )
        const keys = rows.flatMap(({ orderingKey }) => (orderingKey === undefined ? [] : [orderingKey]))
        if (onDeadLetter !== undefined) yield* inbox.unpark({ consumer, keys, onDeadLetter })
        yield* inbox.bringForward(rows.map(({ eventId }) => eventId))
      })
    )
  })
  const append = Effect.suspend(() =>
    outbox.append(
      Array.from({ length: 30 }, () => newEvent(some(names), { aggregateId: String(Math.floor(Math.random() * 5)) }))
    )
  )
  return {
    append: Transactor.withTransaction(Effect.andThen(append, append)),
    plain: sql`
      INSERT INTO outbox_event (event_name, source_module, aggregate_type, aggregate_id, payload)
      SELECT ${some(names)}, 'tests', 'Thing', '1', '{}' FROM generate_series(1, 20)`,
    work,
    register,
    // What a sweep gives is gone, so that it has something to do.
    unswept: Effect.andThen(
      sql`UPDATE integration_subscription SET swept_at = NULL, sweep_until = NULL, seen_snapshot = '1:1:', is_reordered = true
        WHERE (consumer_name, event_pattern) IN (
          SELECT consumer_name, event_pattern FROM integration_subscription
          ORDER BY consumer_name, event_pattern FOR UPDATE SKIP LOCKED
        )`,
      store.sweep({ isThorough: true })
    ),
    sweep: store.sweep({ isThorough: true }),
    backfill: store.backfill,
    route: outbox.route(100),
    requeue: Effect.flatMap(dead, (ids) => deadLetters.requeue(ids, undefined)),
    discard: Effect.flatMap(dead, (ids) => deadLetters.discard(ids.slice(0, 5), undefined)),
    remove: outbox.removeSettled({ after: undefined, limit: 500, hours: 0, deadLetterHours: undefined }),
    retire: Effect.suspend(() => {
      const consumer = some(consumers)
      const event = some(names)
      return Transactor.withTransaction(
        Effect.andThen(
          store.remove(consumer, [event]),
          store.skipOpen({ consumer, events: [event], except: names.filter((name) => name !== event) })
        )
      )
    }),
    pause: Effect.suspend(() => Effect.andThen(store.setPaused(some(consumers), true), store.setPaused("ab", false))),
    silent: Effect.suspend(
      () => sql`
        UPDATE integration_replica SET last_seen_at = now() - interval '1 hour', status = 'running'
        WHERE id = ${some(others)}::uuid`
    ),
    stale: Effect.suspend(
      () => sql`
        UPDATE integration_consumer SET last_seen_at = now() - interval '1 hour', recovering_until = '-infinity'
        WHERE consumer_name = ${some(consumers)}`
    ),
    poll: Effect.suspend(() => poll(some(others))),
    reap: replicas.reap(1000),
    join: replicas.join({ version: "0.0.0", applicationVersion: undefined, maxBatches: 5 }),
    startRecovery: Effect.suspend(() => replicas.startRecovery(some(consumers))),
    endRecovery: Effect.suspend(() => replicas.endRecovery(shuffled(consumers))),
    expired: Effect.suspend(() => Transactor.withTransaction(inbox.expired(some(consumers), 10, 0)))
  }
})

it.live("all statements of maintenance at once: none waits for another in a circle", () =>
  Effect.gen(function* () {
    const all = yield* statements
    const errors = new Map<string, string>()
    const repeated = (name: string, statement: Effect.Effect<unknown, unknown, Transactor>) =>
      Effect.gen(function* () {
        for (let round = 0; round < rounds; round++) {
          const exit = yield* Effect.exit(statement)
          if (Exit.isFailure(exit)) errors.set(name, Cause.pretty(exit.cause).split("\n")[0] ?? "")
        }
      })
    // Two of each, as of two processes.
    yield* Effect.forEach(
      Object.entries(all).flatMap((entry) => [entry, entry]),
      ([name, statement]) => repeated(name, statement),
      { concurrency: "unbounded", discard: true }
    )
    assert.deepStrictEqual(Object.fromEntries(errors), {})
  }).pipe(Effect.scoped, Effect.provide(services(postgres({ maxConnections: 40 }))))
)

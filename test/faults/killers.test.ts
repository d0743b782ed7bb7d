/**
 * Handlers that end their process, or their connection, every time.
 *
 * Seen failing with the mechanism off: without the limit of claims after the end of a process (`recoveringLimit`), without the note
 * (`decideAfterCrash.ts`), or without the look for processes that ended (`reap` in `join`), processes die without end;
 * without turns for those that crashed before (`RunAlone`) an innocent delivery is charged twice; with a lost
 * connection taken for a failure (`isConnectionLost`) the ends of connections are charged in the batch.
 */
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { DomainEvent, Publisher, Subscriber } from "../../src/index.ts"
import { Counted, counting, createLedger } from "../processes/program.ts"
import { start } from "../support/children.ts"
import { inSchema } from "../support/databases.ts"
import { until } from "../support/scenario.ts"

/** Starting a process takes seconds where others share its cores. */
const minutes = 240_000

const events = (count: number) => Array.from({ length: count }, (_, n) => DomainEvent.publication(Counted, { n }))

interface Row {
  readonly consumer: string
  readonly n: number
  readonly status: string
  readonly attempts: number
  readonly tag: string | null
}

const rows = SqlClient.SqlClient.use(
  (sql) => sql<Row>`
    SELECT i.consumer_name AS consumer, (e.payload->>'n')::int AS n, i.status, i.attempt_count AS attempts,
      i.error_tag AS tag
    FROM inbox_event AS i JOIN outbox_event AS e ON e.id = i.outbox_event_id
    ORDER BY 1, 2`
)

const isSettled = (found: ReadonlyArray<Row>) =>
  found.every((row) => row.status === "processed" || row.status === "dead_letter")

/** Replaces a process whenever it has ended. Counts. */
const keepRunning = Effect.fnUntraced(function* (env: Record<string, string>, deaths: { count: number }) {
  for (;;) {
    yield* Effect.scoped(
      Effect.gen(function* () {
        const child = yield* start("crashing", env)
        yield* child.exit
        deaths.count++
      })
    )
  }
})

/** What nobody may lose, and nobody may have twice. */
const assertLedger = Effect.fnUntraced(function* (killers: ReadonlyArray<number>, count: number) {
  const found = yield* rows
  const sql = yield* SqlClient.SqlClient
  const work = found.filter((row) => row.consumer === "work")
  assert.deepStrictEqual(
    work.filter((row) => row.status === "dead_letter").map((row) => [row.n, row.attempts, row.tag]),
    killers.map((n) => [n, 3, "HandlerCrashed"])
  )
  assert.lengthOf(
    work.filter((row) => row.status === "processed"),
    count - killers.length
  )
  // Those that are innocent are charged at most once before they succeed.
  for (const row of found.filter((each) => each.status === "processed")) assert.isAtMost(row.attempts, 2)
  const ledger = yield* sql`SELECT consumer, event_id FROM ledger`
  assert.lengthOf(ledger, 2 * count - killers.length)
  assert.isEmpty(yield* sql`SELECT 1 FROM ledger GROUP BY consumer, event_id HAVING count(*) > 1`)
  assert.isEmpty(yield* sql`SELECT 1 FROM integration_attempt WHERE outcome = 'started'`)
})

/** Ends of connections charge nobody else: nothing beside a delivery that is handled alone shares its connection. */
const assertNobodyElseIsCharged = Effect.flatMap(rows, (found) =>
  Effect.sync(() => {
    for (const row of found.filter((each) => each.status === "processed")) assert.strictEqual(row.attempts, 1)
  })
)

const attack = (replicas: number, count: number, killers: ReadonlyArray<number>, more: Record<string, string> = {}) =>
  inSchema(createLedger, (env) =>
    Effect.gen(function* () {
      yield* Effect.scoped(Layer.build(Subscriber.layer(counting("work"), counting("beside"))))
      yield* Publisher.publishAll(events(count))
      const deaths = { count: 0 }
      const childEnv = { ...env, ...more, TEST_KILLERS: killers.join() }
      yield* Effect.forkScoped(
        Effect.forEach(Array.from({ length: replicas }), () => keepRunning(childEnv, deaths), {
          concurrency: "unbounded"
        })
      )
      yield* until(rows, isSettled)
      yield* assertLedger(killers, count)
      if (more.TEST_HOW === "connection") yield* assertNobodyElseIsCharged
      return deaths.count
    })
  )

it.live(
  "a handler that kills its process is a dead letter after maxAttempts, alone; its batch is handled",
  () =>
    Effect.gen(function* () {
      const deaths = yield* attack(1, 300, [17])
      assert.isAtMost(deaths, 3 + 1)
      assert.isAtLeast(deaths, 3)
    }),
  minutes
)

it.live(
  "three replicas die at most once each beyond that",
  () =>
    Effect.gen(function* () {
      assert.isAtMost(yield* attack(3, 2000, [700]), 3 + 3)
    }),
  minutes
)

it.live(
  "two killers in an ordered mailbox end as dead letters, each charged for its own",
  () =>
    Effect.gen(function* () {
      assert.isAtMost(yield* attack(2, 400, [3, 350], { TEST_ORDERING: "aggregate" }), 2 * (3 + 2))
    }),
  minutes
)

it.live(
  "a handler that ends its connection each time is a dead letter after maxAttempts, and nobody else is charged",
  () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* attack(1, 300, [17, 200], { TEST_HOW: "connection" }), 0)
    }),
  minutes
)

/**
 * An operation survives whoever drives it: processes are killed at random while dead letters are requeued, with a canary and at a pace.
 *
 * Seen failing when `next` (`sql/operations/scope.ts`) took what comes before a page, but not what is between it in the page itself: the order of
 * the ordered consumer was lost.
 *
 * FAULT_DEAD_LETTERS: how many; FAULT_PACE: per second; FAULT_KILLS: processes killed at most.
 */
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Random, type Scope } from "effect"
import { SqlClient } from "effect/sql"
import { inject } from "vitest"
import { Audit, Consumer, DomainEvent, Integration, Operations, Publisher, SubscriptionStore } from "../../src/index.ts"
import { createHandled, Sent, subscribers } from "../processes/requeuing.ts"
import { type Child, start } from "../support/children.ts"
import { clientFor, uniqueSchema, withSchema } from "../support/databases.ts"
import { seed } from "../support/faults.ts"
import { unpolled, until } from "../support/scenario.ts"

const count = Number(process.env.FAULT_DEAD_LETTERS ?? 5000)
const pace = Number(process.env.FAULT_PACE ?? 500)
const mostKills = Number(process.env.FAULT_KILLS ?? 10)
const events = count / subscribers.length
const keys = Math.max(10, events / 50)

/** Everything gave up, in an order that is not that of the events. */
const prepare = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* SubscriptionStore.use((store) =>
    store.register(
      subscribers.map(({ consumer }) => ({
        consumer: consumer.name,
        event: Sent.name,
        priority: 0,
        ordering: Consumer.orderingOf(consumer)
      }))
    )
  )
  for (let from = 0; from < events; from += 1000) {
    const some = Array.from({ length: Math.min(1000, events - from) }, (_, index) => {
      const n = from + index
      return DomainEvent.publication(Sent, { key: `key-${n % keys}`, n })
    })
    yield* Publisher.publishAll(some)
  }
  yield* sql`
    UPDATE inbox_event SET status = 'dead_letter', attempt_count = 3,
      processed_at = clock_timestamp() - interval '1 hour' + random() * interval '1 minute'`
  yield* sql`CREATE TABLE requeued (id uuid NOT NULL)`
  yield* sql`
    CREATE FUNCTION note_requeued() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      INSERT INTO requeued VALUES (OLD.id);
      RETURN NEW;
    END $$`
  yield* sql`
    CREATE TRIGGER note_requeued AFTER UPDATE OF status ON inbox_event FOR EACH ROW
    WHEN (OLD.status = 'dead_letter' AND NEW.status = 'received') EXECUTE FUNCTION note_requeued()`
  yield* sql`ANALYZE inbox_event`
})

/** Starts an operation in a process that ends right away: here, where nothing is killed. */
const startOperation = Effect.provideService(
  Operations.use((operations) => operations.start({ kind: "requeue", filter: {}, canary: 20, pace })),
  Audit.CurrentActor,
  { name: "ana", role: "operator" }
)

interface Row {
  readonly id: string
  readonly state: string
  readonly done: number
  readonly settled: number
  readonly failed: number
  readonly taken: boolean
}

const operations = SqlClient.SqlClient.use(
  (sql) => sql<Row>`
    SELECT id::text, state, done::int, settled::int, failed_again::int AS failed, is_taken AS taken
    FROM integration_operation ORDER BY id`
)

/** Kills one process after the other, each a while after the last, until all is requeued. Returns how many. */
const killing = (replicas: Array<Child>, launch: Effect.Effect<Child, unknown, Scope.Scope>) =>
  Effect.gen(function* () {
    let kills = 0
    while (kills < mostKills) {
      yield* Effect.sleep(yield* Random.nextBetween(300, 3000))
      const victim = Math.floor((yield* Random.next) * replicas.length)
      yield* (replicas[victim] as Child).kill("SIGKILL")
      kills++
      replicas[victim] = yield* launch
      if ((yield* operations).every(({ taken }) => taken)) break
    }
    yield* until(operations, (rows) => rows.every(({ taken }) => taken))
    return kills
  })

it.live(
  `${count} dead letters are requeued once and handled once, whoever is killed`,
  () => {
    const schema = uniqueSchema()
    const env = { TEST_URL: inject("postgresUrl"), TEST_SCHEMA: schema, TEST_REQUEUING: "yes" }
    const launch = start("requeuing", env)
    const ready = Effect.tap(launch, (child) => child.message("ready"))
    const integration = Integration.layer({ settings: unpolled })
    return Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* createHandled
      yield* Effect.provide(prepare, integration)
      const replicas = yield* Effect.all([ready, ready, ready], { concurrency: "unbounded" })
      const began = performance.now()
      yield* Effect.provide(startOperation, integration)
      let kills = yield* killing(replicas, launch)
      // A process that dies with the canary in hand has its attempt charged: that is a failure, and the others were left alone.
      if ((yield* operations)[0]?.state === "canary-failed") {
        yield* Effect.provide(startOperation, integration)
        kills += yield* killing(replicas, launch)
      }
      const took = performance.now() - began
      yield* until(sql`SELECT 1 FROM inbox_event WHERE status <> 'processed' LIMIT 1`, (rows) => rows.length === 0)
      const settledAfter = performance.now() - began
      yield* until(operations, (rows) => rows.every(({ state }) => state !== "running"))
      const rows = yield* operations
      assert.strictEqual(rows.at(-1)?.state, "finished")
      assert.strictEqual(
        rows.reduce((sum, { done }) => sum + done, 0),
        count,
        "counted as done"
      )
      for (const { done, failed, settled } of rows) assert.strictEqual(settled + failed, done)
      assert.isEmpty(yield* sql`SELECT 1 FROM integration_operation_delivery`)
      const ledger = (table: "requeued" | "handled", unique: string) =>
        sql<{ rows: number; distinct: number }>`
          SELECT count(*)::int AS rows, count(DISTINCT ${sql.literal(unique)})::int AS "distinct" FROM ${sql(table)}`
      assert.deepStrictEqual(yield* ledger("requeued", "id"), [{ rows: count, distinct: count }])
      assert.deepStrictEqual(yield* ledger("handled", "(consumer, n)"), [{ rows: count, distinct: count }])
      assert.isEmpty(
        yield* sql`
        SELECT 1 FROM (
          SELECT n, lag(n) OVER (PARTITION BY key ORDER BY seq) AS before FROM handled WHERE consumer = 'requeuing.ordered'
        ) AS h WHERE n < before`
      )
      console.log(
        `fault: operation: ${count} dead letters at ${pace}/s requeued in ${Math.round(took)} ms, settled in ${Math.round(settledAfter)} ms, ${kills} processes killed, ${rows.length} operations (seed ${seed})`
      )
    }).pipe(
      Effect.scoped,
      Effect.provide(withSchema(schema).pipe(Layer.provideMerge(clientFor(schema)))),
      Random.withSeed(seed)
    )
  },
  Math.max(600_000, count * 20)
)

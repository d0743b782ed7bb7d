/** Groups of errors on PostgreSQL: processes write at once without standing in each other's way, and counts read indexes only. */
import { assert, it } from "@effect/vitest"
import { Cause, Effect, Exit } from "effect"
import { SqlClient } from "effect/sql"
import { ErrorGroupStore } from "../../src/index.ts"
import { addition, additionOf } from "../../src/sql/errors/add.ts"
import { counted, gaveUpOf, retryingOf } from "../../src/sql/errors/counts.ts"
import { hourlyStatement } from "../../src/sql/errors/groups.ts"
import type { SeenFailures } from "../../src/stores.ts"
import { postgres } from "../support/databases.ts"
import { services, until } from "../support/scenario.ts"

const shuffled = <A>(list: ReadonlyArray<A>): ReadonlyArray<A> =>
  list
    .map((value) => ({ value, at: Math.random() }))
    .toSorted((x, y) => x.at - y.at)
    .map(({ value }) => value)

const dayMillis = 86_400_000

const seen = (n: number, more: Partial<SeenFailures> = {}): SeenFailures => ({
  ...{ fingerprint: String(n), rule: 1, title: "no", consumer: "a", errorTag: "No", sample: "no", sampleDetail: null },
  ...{ attempts: 1, firstAgoMillis: 0, lastAgoMillis: 0, events: [`e${n % 3}`], schemaVersions: [1], versions: ["1"] },
  ...more
})

it.live("processes add, change and forget at once: nobody waits in a circle, and no attempt is lost", () =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const store = yield* ErrorGroupStore
    const rounds = 40
    const groups = Array.from({ length: 30 }, (_, n) => n + 1)
    // As processes do it, each on a connection of its own.
    const add = Effect.suspend(() => sql.unsafe(addition, [additionOf(shuffled(groups.map((n) => seen(n))))]))
    const old = Array.from({ length: 30 }, (_, n) => n + 101)
    const addOld = Effect.suspend(() => {
      const ago = { firstAgoMillis: 91 * dayMillis, lastAgoMillis: 91 * dayMillis }
      return sql.unsafe(addition, [additionOf(shuffled([...old, ...groups]).map((n) => seen(n, n > 100 ? ago : {})))])
    })
    const change = Effect.suspend(() => store.change(String(shuffled(groups)[0]), { state: "resolved" }, "ann"))
    const forget = Effect.andThen(store.forget(undefined, 40), store.forget("20", 100))
    const list = store.list({ onlyOpen: false }, undefined, 50)
    const failures: Array<string> = []
    const repeat = (statement: Effect.Effect<unknown, unknown>) =>
      Effect.gen(function* () {
        for (let round = 0; round < rounds; round++) {
          const exit = yield* Effect.exit(statement)
          if (Exit.isFailure(exit)) failures.push(Cause.pretty(exit.cause))
        }
      })
    yield* Effect.all([add, add, add, addOld, addOld, change, forget, forget, list].map(repeat), {
      concurrency: "unbounded"
    })
    assert.deepStrictEqual(failures, [])
    for (const n of groups) assert.strictEqual((yield* store.find(String(n)))?.attempts, 5 * rounds)
    const hours = yield* store.hourly(["1"], 24)
    assert.strictEqual(
      hours.reduce((sum, { attempts }) => sum + attempts, 0),
      5 * rounds
    )
  }).pipe(Effect.provide(services(postgres())))
)

it.live("counts of a group read its index only, whatever else there is", () =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* sql`ALTER TABLE inbox_event SET (autovacuum_enabled = false)`
    yield* sql`
      INSERT INTO inbox_event (id, outbox_event_id, consumer_name, event_name, position, status, error_fingerprint, processed_at)
      SELECT gen_random_uuid(), gen_random_uuid(), 'c' || n % 20, 'e', n,
        CASE WHEN n % 10 = 0 THEN 'dead_letter' WHEN n % 10 = 1 THEN 'failed' ELSE 'processed' END,
        CASE WHEN n % 10 < 2 THEN n % 30 + 1 END, now()
      FROM generate_series(1, 30000) AS g (n)`
    // Pages are all visible when no transaction of whoever shares the server is older.
    const hidden = sql`
      SELECT 1 FROM pg_class WHERE oid = 'inbox_event'::regclass AND relallvisible < relpages`
    yield* until(Effect.andThen(sql`VACUUM ANALYZE inbox_event`, hidden), (rows) => rows.length === 0)
    const planOf = (query: string) =>
      Effect.map(sql.unsafe<{ "QUERY PLAN": string }>(`EXPLAIN (COSTS OFF) ${query}`), (rows) =>
        rows.map((row) => row["QUERY PLAN"]).join("\n")
      )
    const counts = [gaveUpOf("g.fingerprint"), retryingOf("g.fingerprint")].map(counted).join(", ")
    const plan = yield* planOf(`SELECT ${counts} FROM integration_error_group AS g`)
    assert.match(plan, /Index Only Scan using inbox_event_fingerprint_idx/)
    assert.match(plan, /Index Only Scan using inbox_event_retrying_idx/)
    assert.notMatch(plan, /Seq Scan on inbox_event/)
    const store = yield* ErrorGroupStore
    yield* store.add([seen(1), seen(2)])
    const [first] = yield* store.list({ onlyOpen: true }, undefined, 10)
    assert.strictEqual((first?.gaveUp ?? 0) + (first?.retrying ?? 0), 1000)
    // 30 fingerprints of deliveries, two of them with a group; 4 of each 10 of them have failed.
    assert.strictEqual((yield* store.unknown(100)).length, 4)
  }).pipe(Effect.provide(services(postgres())))
)

it.live("the last hours of a page of groups are looked up by the primary key: older ones are not read", () =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const store = yield* ErrorGroupStore
    const groups = Array.from({ length: 400 }, (_, n) => n + 1)
    yield* store.add(groups.map((n) => seen(n)))
    // A month of 400 groups, each of which failed in each hour.
    yield* sql`
      INSERT INTO integration_error_count (fingerprint, at, attempts)
      SELECT n, date_bin('1 hour', now(), 'epoch') - h * interval '1 hour', 1
      FROM generate_series(1, 400) AS g (n), generate_series(1, 719) AS h
      ON CONFLICT DO NOTHING`
    yield* sql`ANALYZE integration_error_count`
    const page = groups.slice(0, 200).map(String)
    const told = yield* store.hourly(page, 24)
    assert.isAtLeast(told.length, 200 * 23)
    assert.isAtMost(told.length, 200 * 24)
    const plan = yield* sql.withTransaction(
      Effect.gen(function* () {
        yield* sql`SET LOCAL plan_cache_mode = force_generic_plan`
        yield* sql.unsafe(`PREPARE hours AS ${hourlyStatement}`)
        return yield* sql.unsafe<{ "QUERY PLAN": string }>(
          `EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF, BUFFERS) EXECUTE hours ('{${page.join()}}', 24)`
        )
      })
    )
    const text = plan.map((row) => row["QUERY PLAN"]).join("\n")
    assert.match(text, /Index Scan using integration_error_count_pkey/)
    assert.notMatch(text, /Seq Scan|Rows Removed/)
  }).pipe(Effect.provide(services(postgres())))
)

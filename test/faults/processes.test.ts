/**
 * Processes that are killed, frozen, restarted, of other versions, or with wrong clocks, under load.
 *
 * Seen failing with the mechanism off: without a transaction around claim, handlers and mark (`transaction.ts`) the
 * killed replicas leave doubles inside; without `idle_in_transaction_session_timeout` in the claim (`limitsIdle`), or
 * without `expire`, a frozen replica keeps its deliveries for ever; without the grace period of `workers.ts` the
 * rolling restart sends mails twice; with `interest` out of the claim the older version holds what it cannot handle;
 * with the process's clock in the claim delayed events come early. Fencing and giving back are attacked by
 * `test/delivery/leased.test.ts`, which fails without `lease_token` in the guard of the mark, and without `giveBack`.
 */
import { assert, it } from "@effect/vitest"
import { Effect, Random } from "effect"
import { SqlClient } from "effect/sql"
import { inject } from "vitest"
import { DomainEvent, Publisher } from "../../src/index.ts"
import { Added, Happened } from "../processes/replica.ts"
import type { Child } from "../support/children.ts"
import { inPlace, load, printed, publish, rounds, settledAll, verify } from "../support/faults.ts"
import { until } from "../support/scenario.ts"

const minutes = 240_000 * rounds

/** Milliseconds from a moment until each of these deliveries was settled, by consumer. */
const settledAfter = (at: Date, ids: ReadonlyArray<string>) =>
  SqlClient.SqlClient.use((sql) =>
    Effect.map(
      sql<{ consumer: string; millis: number }>`
        SELECT consumer_name AS consumer, (extract(epoch FROM processed_at - ${at}) * 1000)::float8 AS millis
        FROM inbox_event WHERE id = ANY (${ids}::uuid[])`,
      (rows) => Map.groupBy(rows, (row) => (row.consumer === "mail" ? "leased" : "transactional"))
    )
  )

/** Kills a replica; returns when, and what was open then. */
const kill = Effect.fnUntraced(function* (victim: Child) {
  const sql = yield* SqlClient.SqlClient
  const [now] = yield* sql<{ at: Date }>`SELECT clock_timestamp() AS at`
  yield* victim.kill("SIGKILL")
  const open = yield* sql<{
    id: string
  }>`SELECT id::text AS id FROM inbox_event WHERE status = 'processing' OR (status IN ('received', 'failed') AND consumer_name <> 'mail')`
  return { at: now?.at ?? new Date(), ids: open.map((row) => row.id) }
})

/** Stops a replica while it has deliveries in hand; returns when, and which are still open a while later. */
const freeze = Effect.fnUntraced(function* (victim: Child) {
  const sql = yield* SqlClient.SqlClient
  for (;;) {
    const [now] = yield* sql<{ at: Date }>`SELECT clock_timestamp() AS at`
    yield* victim.signal("SIGSTOP")
    const at = now?.at ?? new Date()
    yield* Effect.sleep("200 millis")
    const open = yield* sql<{ id: string; consumer: string }>`
      SELECT id::text AS id, consumer_name AS consumer
      FROM inbox_event
      WHERE created_at < ${at} AND (status = 'processing' OR (status IN ('received', 'failed') AND consumer_name <> 'mail'))`
    // In a transaction: a lease alone would show only half of it.
    if (open.some((row) => row.consumer !== "mail")) return { at, open: open.map((row) => row.id) }
    yield* victim.signal("SIGCONT")
    yield* Effect.sleep("200 millis")
  }
})

it.live(
  "replicas killed again and again under load lose nothing and double nothing inside",
  () =>
    inPlace(inject("postgresUrl"), ({ replica }) =>
      Effect.gen(function* () {
        const replicas = yield* Effect.all([replica(), replica()], { concurrency: 2 })
        const { published, stop } = yield* load(0, 80)
        const kills: Array<{ at: Date; ids: ReadonlyArray<string> }> = []
        for (let n = 0; n < 4 * rounds; n++) {
          yield* until(Effect.sync(published), (count) => count >= (n + 1) * 60)
          yield* Effect.sleep(yield* Random.nextIntBetween(0, 300))
          const index = (yield* Random.nextBoolean) ? 1 : 0
          kills.push(yield* kill(replicas[index] as Child))
          replicas[index] = yield* replica()
        }
        const count = yield* stop
        const doubled = yield* verify(count, 2 * kills.length)
        const times = { transactional: [] as Array<number>, leased: [] as Array<number> }
        for (const [index, { at, ids }] of kills.entries()) {
          // What the next kill hit too recovers from that one.
          const next = new Set(kills[index + 1]?.ids)
          const found = yield* settledAfter(
            at,
            ids.filter((id) => !next.has(id))
          )
          for (const mode of ["transactional", "leased"] as const) {
            times[mode].push(...(found.get(mode) ?? []).map((row) => row.millis))
          }
        }
        yield* printed(`SIGKILL, transactional`, times.transactional)
        yield* printed(`SIGKILL, leased (lease 1000 ms, polls 200 to 400 ms; ${doubled} mails doubled)`, times.leased)
      })
    ),
  minutes
)

it.live(
  "a replica frozen for longer than its lease loses its deliveries to others, and changes nothing when it wakes up",
  () =>
    inPlace(inject("postgresUrl"), ({ replica }) =>
      Effect.gen(function* () {
        const frozen = yield* replica({ TEST_SLOW: "50" })
        const { published, stop } = yield* load(0, 80)
        yield* until(Effect.sync(published), (count) => count >= 60)
        const times: Array<number> = []
        for (let n = 0; n < rounds; n++) {
          const other = n === 0 ? yield* replica() : undefined
          const sql = yield* SqlClient.SqlClient
          const { at, open } = yield* freeze(frozen)
          yield* until(
            sql`SELECT 1 FROM inbox_event WHERE id = ANY (${open}::uuid[]) AND status <> 'processed'`,
            (rows) => rows.length === 0
          )
          yield* frozen.signal("SIGCONT")
          const found = yield* settledAfter(at, open)
          for (const rows of found.values()) times.push(...rows.map((row) => row.millis))
          assert.isTrue(other === undefined || other.errors() === "")
        }
        // It goes on to work.
        yield* until(Effect.sync(published), (count) => count >= 240)
        const count = yield* stop
        yield* verify(count, 2 * rounds)
        yield* printed("SIGSTOP beyond the lease (1000 ms)", times)
      })
    ),
  minutes
)

it.live(
  "a rolling restart of three replicas under load strands nothing and uses no attempt",
  () =>
    inPlace(inject("postgresUrl"), ({ replica }) =>
      Effect.gen(function* () {
        const replicas = yield* Effect.all([replica(), replica(), replica()], { concurrency: 3 })
        const { published, stop } = yield* load(0, 80)
        for (let n = 0; n < rounds; n++) {
          for (const index of [0, 1, 2]) {
            yield* until(Effect.sync(published), (count) => count >= (3 * n + index + 1) * 40)
            const [exit, next] = yield* Effect.all(
              [
                Effect.andThen(
                  replicas[index]?.signal("SIGTERM") ?? Effect.void,
                  replicas[index]?.exit ?? Effect.never
                ),
                replica()
              ],
              { concurrency: 2 }
            )
            assert.strictEqual(exit, 0, replicas[index]?.errors())
            replicas[index] = next
          }
        }
        const count = yield* stop
        yield* verify(count, 0)
        const sql = yield* SqlClient.SqlClient
        const attempts = yield* sql`SELECT DISTINCT attempt_count AS n FROM inbox_event`
        assert.deepStrictEqual(attempts, [{ n: 1 }])
        assert.isEmpty(yield* sql`SELECT 1 FROM integration_replica WHERE status = 'dead'`)
      })
    ),
  minutes
)

it.live(
  "of two versions, the one that lacks a handler leaves its events to the other",
  () =>
    inPlace(inject("postgresUrl"), ({ replica }) =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        yield* replica()
        const newer = yield* replica({ TEST_VERSION: "new" })
        const add = (from: number, count: number) =>
          Publisher.publishAll(
            Array.from({ length: count }, (_, n) => DomainEvent.publication(Added, { n: from + n, key: "added" }))
          )
        const handled = Effect.map(sql<{ n: number }>`SELECT n FROM inside WHERE key = 'added' ORDER BY n`, (rows) =>
          rows.map((row) => row.n)
        )
        yield* add(0, 50)
        yield* publish(0, 100)
        yield* until(handled, (numbers) => numbers.length === 50)
        yield* newer.signal("SIGTERM")
        yield* newer.exit
        yield* add(50, 50)
        yield* publish(100, 100)
        yield* settledOf(Happened.name)
        assert.lengthOf(yield* handled, 50)
        const waiting =
          yield* sql`SELECT status, attempt_count AS n FROM inbox_event WHERE event_name = ${Added.name} AND status <> 'processed'`
        assert.deepStrictEqual(
          waiting,
          Array.from({ length: 50 }, () => ({ status: "received", n: 0 }))
        )
        yield* replica({ TEST_VERSION: "new" })
        yield* settledAll
        assert.deepStrictEqual(
          yield* handled,
          Array.from({ length: 100 }, (_, n) => n)
        )
      })
    ),
  minutes
)

const settledOf = (event: string) =>
  SqlClient.SqlClient.use((sql) =>
    until(
      sql`SELECT 1 FROM inbox_event WHERE event_name = ${event} AND status <> 'processed'`,
      (rows) => rows.length === 0
    )
  )

it.live(
  "processes whose clocks are hours off deliver at the time of the database",
  () =>
    inPlace(inject("postgresUrl"), ({ replica }) =>
      Effect.gen(function* () {
        const hours = 3_600_000
        yield* replica({ TEST_CLOCK_OFFSET: String(5 * hours) })
        yield* replica({ TEST_CLOCK_OFFSET: String(-5 * hours) })
        yield* publish(0, 100)
        yield* Effect.forEach(
          Array.from({ length: 20 }, (_, n) => n),
          (n) => Publisher.publish(Happened, { n: 100 + n, key: `late-${n}` }, { delay: 300 + 20 * n })
        )
        yield* verify(120, 0)
        const sql = yield* SqlClient.SqlClient
        const early = yield* sql`
          SELECT l.n FROM inside AS l JOIN outbox_event AS e ON e.id = l.event_id WHERE l.at < e.available_at`
        assert.isEmpty(early)
        const late = yield* sql<{ millis: number }>`
          SELECT (extract(epoch FROM l.at - e.available_at) * 1000)::float8 AS millis
          FROM inside AS l JOIN outbox_event AS e ON e.id = l.event_id WHERE l.n >= 100`
        yield* printed(
          "clocks five hours off, delayed events after they were due",
          late.map((row) => row.millis)
        )
      })
    ),
  minutes
)

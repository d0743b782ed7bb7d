/**
 * What a search reads follows from its slices, not from how many events there are: rows that plans read are counted, of generic plans, which
 * is what prepared statements come to, and with ids in no order at all.
 */
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { Integration } from "../../src/index.ts"
import { highestId, lowestId } from "../../src/model/eventIdOrder.ts"
import { oldestStatement } from "../../src/sql/inbox/oldest.ts"
import { sliceStatements } from "../../src/sql/search/slice.ts"
import { waitsForStatement } from "../../src/sql/search/waitsFor.ts"
import { deliveryId } from "../../src/sql/writeDeliveries.ts"
import type { EventQuery, SliceRequest } from "../../src/stores.ts"
import { clientFor, uniqueSchema, withSchema } from "../support/databases.ts"
import { unpolled } from "../support/scenario.ts"

const id = { time: "integration_event_id()", random: "gen_random_uuid()" }

const grow = (count: number, kind: keyof typeof id) =>
  SqlClient.SqlClient.use((sql) =>
    Effect.gen(function* () {
      yield* sql.unsafe(`
        INSERT INTO integration_event (id, event_name, source_module, aggregate_type, aggregate_id, payload, routed_at)
        SELECT ${id[kind]}, 'cost', 'm', 'T', n::text, jsonb_build_object('x', n), now() FROM generate_series(1, ${count}) AS n`)
      yield* sql.unsafe(`
        INSERT INTO inbox_event (id, outbox_event_id, consumer_name, event_name, position, status, attempt_count, processed_at)
        SELECT ${deliveryId("id", "'c' || position % 3")}, id, 'c' || position % 3, event_name, position,
          CASE WHEN position % 500 = 0 THEN 'dead_letter' ELSE 'processed' END, 1, now()
        FROM integration_event
        ON CONFLICT DO NOTHING`)
      yield* sql.unsafe("ANALYZE integration_event, inbox_event")
    })
  )

interface Node {
  readonly "Actual Rows": number
  readonly "Actual Loops": number
  readonly "Rows Removed by Filter"?: number
  readonly Plans?: ReadonlyArray<Node>
}

/** Rows that the leaves of a plan read. */
const rowsOf = (node: Node): number =>
  node.Plans === undefined
    ? (node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0)) * node["Actual Loops"]
    : node.Plans.reduce((sum, each) => sum + rowsOf(each), 0)

const literal = (value: unknown) =>
  value === null ? "NULL" : `'${(Array.isArray(value) ? `{${value.join()}}` : String(value)).replaceAll("'", "''")}'`

let prepared = 0

/** Rows that a prepared statement reads, and how it is called. */
const measuredOf = (text: string, values: ReadonlyArray<unknown>) =>
  SqlClient.SqlClient.use((sql) =>
    Effect.gen(function* () {
      const name = `cost_${prepared++}`
      yield* sql.unsafe(`PREPARE ${name} AS ${text}`).unprepared
      const call = `EXECUTE ${name}(${values.map(literal).join()})`
      const [plan] = yield* sql.unsafe<{ "QUERY PLAN": ReadonlyArray<{ Plan: Node }> }>(
        `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) ${call}`
      ).unprepared
      return { call, rows: rowsOf(plan?.["QUERY PLAN"][0]?.Plan ?? assert.fail("a plan")) }
    })
  )

/** Rows that a slice reads, by the first of its statements that does not find too many. */
const readBy = (query: EventQuery, more: Partial<SliceRequest> = {}) =>
  SqlClient.SqlClient.use((sql) =>
    Effect.gen(function* () {
      const whole = { direction: "backward", from: lowestId, to: highestId } as const
      let rows = 0
      for (const { text, values } of sliceStatements({ query, ...whole, rows: 1000, limit: 50, ...more })) {
        const { call, rows: read } = yield* measuredOf(text, values)
        rows += read
        const [first] = yield* sql.unsafe<{ isTooMany: boolean }>(call).unprepared
        if (first?.isTooMany !== true) break
      }
      return rows
    })
  )

const queries: ReadonlyArray<readonly [string, EventQuery, Partial<SliceRequest>?]> = [
  ["all", {}],
  ["a name that is not there", { names: ["nobody"] }],
  ["the same, forward", { names: ["nobody"] }, { direction: "forward" }],
  ["a payload that is not there", { payload: [{ path: ["x"], json: "-1" }] }],
  ["a consumer that is not there", { consumer: "nobody" }],
  ["a consumer", { consumer: "c1", names: ["nobody"] }],
  ["what is finished", { statuses: ["processed"], names: ["nobody"] }],
  ["what gave up", { statuses: ["dead_letter"], names: ["nobody"] }, { rows: 20 }],
  ["what gave up of a consumer that has none", { statuses: ["dead_letter", "failed"], consumer: "nobody" }],
  ["what waits", { statuses: ["pending"] }],
  ["what is in hand", { statuses: ["processing"] }],
  ["what is in hand of a consumer", { statuses: ["processing"], consumer: "c1" }]
]

const schema = uniqueSchema()

// One session: plans are those of its setting.
const database = Layer.provideMerge(
  Integration.layer({ settings: unpolled, schema }),
  Layer.provideMerge(withSchema(schema), clientFor(schema))
)

it.live(
  "a search reads as much beside many finished events as beside few",
  () =>
    Effect.gen(function* () {
      for (const kind of ["random", "time"] as const) {
        yield* grow(5000, kind)
        const measured = Effect.gen(function* () {
          yield* SqlClient.SqlClient.use((sql) => sql.unsafe("SET LOCAL plan_cache_mode = force_generic_plan"))
          return yield* Effect.forEach(queries, ([, query, more]) => readBy(query, more))
        })
        const few = yield* SqlClient.SqlClient.use((sql) => sql.withTransaction(measured))
        yield* grow(20_000, kind)
        const many = yield* SqlClient.SqlClient.use((sql) => sql.withTransaction(measured))
        for (const [index, [name]] of queries.entries()) {
          assert.isAtMost(
            many[index] ?? 0,
            (few[index] ?? 0) * 1.2 + 50,
            `${name}, ids of ${kind}: ${few[index]} rows beside fewer`
          )
          assert.isAtMost(many[index] ?? 0, 6000, name)
        }
        yield* SqlClient.SqlClient.use((sql) => sql`TRUNCATE integration_event`)
      }
    }).pipe(Effect.provide(database), Effect.scoped),
  120_000
)

it.live(
  "what a parked delivery waits for is found in a few rows, behind thousands of its aggregate",
  () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      yield* grow(5000, "time")
      yield* sql.unsafe(`
        UPDATE inbox_event
        SET ordering_key = 1, status = CASE WHEN position % 1000 = 0 THEN 'dead_letter' ELSE 'received' END, processed_at = NULL,
          available_at = 'infinity'
        WHERE consumer_name = 'c1'`)
      yield* sql.unsafe("ANALYZE inbox_event")
      const [last] = yield* sql.unsafe<{ id: string }>(`
        SELECT outbox_event_id AS "id" FROM inbox_event WHERE consumer_name = 'c1' AND status = 'received'
        ORDER BY position DESC LIMIT 1`)
      const measured = Effect.gen(function* () {
        yield* sql.unsafe("SET LOCAL plan_cache_mode = force_generic_plan")
        const { call, rows } = yield* measuredOf(waitsForStatement, [last?.id])
        return { rows, found: yield* sql.unsafe<{ isOpen: boolean }>(call).unprepared }
      })
      const { found, rows } = yield* sql.withTransaction(measured)
      assert.strictEqual(found[0]?.isOpen, false)
      assert.isAtMost(rows, 50)
    }).pipe(Effect.provide(database), Effect.scoped),
  120_000
)

it.live(
  "what a consumer has had open for the longest time is looked for among so many of each kind, whatever is finished or open",
  () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const open = sql.unsafe(`
        UPDATE inbox_event
        SET status = CASE position / 3 % 8 WHEN 0 THEN 'processing' WHEN 1 THEN 'failed' ELSE 'received' END, processed_at = NULL,
          available_at = CASE position / 3 % 4 WHEN 3 THEN 'infinity' ELSE now() END
        WHERE consumer_name = 'c1' AND status = 'processed'`)
      const measured = sql.withTransaction(
        Effect.gen(function* () {
          yield* sql.unsafe("SET LOCAL plan_cache_mode = force_generic_plan")
          return (yield* measuredOf(oldestStatement, ["c1"])).rows
        })
      )
      yield* grow(60_000, "time")
      yield* open
      yield* sql.unsafe("ANALYZE inbox_event")
      const few = yield* measured
      assert.isAtLeast(few, 3000)
      yield* grow(60_000, "time")
      assert.isAtMost(yield* measured, few + 20, "beside more that is finished")
      yield* grow(120_000, "time")
      yield* open
      yield* sql.unsafe("ANALYZE inbox_event")
      // A thousand of each kind, which are gone through twice more.
      assert.isAtMost(yield* measured, 9020, "of 80,000 that are open")
    }).pipe(Effect.provide(database), Effect.scoped),
  120_000
)

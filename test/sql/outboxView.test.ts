/** The view `outbox_event`, as programs in other languages and people with psql use it. */
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { inject } from "vitest"
import { databaseWords } from "../../src/errors/errorText.ts"
import { Consumer, OutboxStore, Processor, Publisher, Subscriber } from "../../src/index.ts"
import { clientFor, databases, postgres, uniqueSchema, withSchema } from "../support/databases.ts"
import { eventsOf, noted, noting, serve, services, unpolled } from "../support/scenario.ts"

/** What the database says when it refuses a statement. */
const refusal = (statement: string) =>
  SqlClient.SqlClient.use((sql) => Effect.map(Effect.flip(sql.unsafe(statement)), databaseWords))

const columns = "event_name, source_module, aggregate_type, aggregate_id, payload"

for (const { layer, name } of databases) {
  describe(name, () => {
    it.live("takes rows with what the reference system writes, and gives back what became of them", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("view")
        const sql = yield* SqlClient.SqlClient
        yield* serve(noting("view", Happened))
        const rows = yield* sql`
          INSERT INTO outbox_event (
            id, event_name, source_module, aggregate_type, aggregate_id, payload, status, attempt_count, last_error,
            available_at, processed_at, created_at, updated_at
          )
          VALUES (
            DEFAULT, 'view.happened', 'tests', 'Thing', '1', '{"n": 5}', 'pending', 0, NULL, now(), NULL, now(), now()
          ), (
            '01900000-0000-7000-8000-000000000001', 'view.happened', 'tests', 'Thing', '1', '{"n": 6}', DEFAULT, DEFAULT,
            DEFAULT, DEFAULT, DEFAULT, DEFAULT, DEFAULT
          )
          RETURNING id::text, status, attempt_count, last_error, processed_at, schema_version,
            (updated_at = created_at) AS is_new, position IS NOT NULL AS has_position`
        assert.deepStrictEqual(
          rows.map(({ id: _, ...row }) => row),
          rows.map(() => ({
            status: "pending",
            attempt_count: 0,
            last_error: null,
            processed_at: null,
            schema_version: 1,
            is_new: true,
            has_position: true
          }))
        )
        assert.strictEqual(rows[1]?.id, "01900000-0000-7000-8000-000000000001")
        yield* Processor.use((processor) => processor.drain)
        assert.sameMembers(yield* noted("view"), [5, 6])
        const after = yield* sql`
          SELECT status, attempt_count, processed_at >= created_at AS is_processed, updated_at >= processed_at AS is_updated
          FROM outbox_event`
        assert.deepStrictEqual(
          after,
          rows.map(() => ({ status: "processed", attempt_count: 1, is_processed: true, is_updated: true }))
        )
      }).pipe(Effect.scoped, Effect.provide(services(layer, { settings: unpolled })))
    )

    it.live("refuses to write what is derived, and says what to do instead", () =>
      Effect.gen(function* () {
        const { Happened } = eventsOf("derived")
        yield* Publisher.publish(Happened, { n: 1 })
        for (const [column, value] of [
          ["status", "'failed'"],
          ["attempt_count", "3"],
          ["last_error", "'no'"],
          ["processed_at", "now() - interval '1 day'"]
        ]) {
          const words = `Column ${column} of outbox_event cannot be written: it is derived from the deliveries of the event`
          assert.include(yield* refusal(`UPDATE outbox_event SET ${column} = ${value}`), words)
          assert.include(
            yield* refusal(
              `INSERT INTO outbox_event (${columns}, ${column}) VALUES ('a', 'b', 'c', 'd', '{}', ${value})`
            ),
            words
          )
        }
        const kept =
          "Of an event, only payload, metadata, dedupe_key, correlation_id, causation_id and traceparent can be changed"
        for (const change of [
          "id = gen_random_uuid()",
          "event_name = 'b'",
          "routed_at = NULL",
          "available_at = now()"
        ]) {
          assert.include(yield* refusal(`UPDATE outbox_event SET ${change}`), kept)
        }
        assert.include(
          yield* refusal(`INSERT INTO outbox_event (${columns}, position) VALUES ('a', 'b', 'c', 'd', '{}', 1)`),
          "Column position of outbox_event cannot be written"
        )
        assert.include(
          yield* refusal(`INSERT INTO outbox_event (${columns}) VALUES ('a', 'b', 'c', 'd', NULL)`),
          'null value in column "payload"'
        )
        const sql = yield* SqlClient.SqlClient
        const [hint] = yield* sql<{
          hint: string
        }>`SELECT prosrc AS hint FROM pg_proc WHERE proname = 'integration_write_event'`
        assert.include(hint?.hint, "requeue or discard dead letters with DeadLetters")
        // What an event says of itself is its owner's business: a payload may have to be erased.
        yield* sql`UPDATE outbox_event SET payload = '{"n": 0}', metadata = '{"erased": true}'`
        assert.deepStrictEqual(yield* sql`SELECT payload FROM integration_event`, [{ payload: { n: 0 } }])
      }).pipe(Effect.scoped, Effect.provide(services(layer, { settings: unpolled })))
    )

    it.live("deliveries and their history go with events, whoever removes those, and nothing else does", () =>
      Effect.gen(function* () {
        const { Happened, happenings } = eventsOf("gone")
        const sql = yield* SqlClient.SqlClient
        yield* serve(
          Subscriber.make({
            consumer: Consumer.make("gone", { maxAttempts: 1 }),
            event: Happened,
            handler: () => Effect.fail("no")
          })
        )
        const events = yield* Publisher.publishAll(happenings(4))
        yield* Processor.use((processor) => processor.drain)
        const left = Effect.map(
          sql<{ n: number }>`
            SELECT (e.payload->>'n')::int AS n
            FROM integration_event AS e
            JOIN inbox_event AS i ON i.outbox_event_id = e.id
            JOIN integration_attempt AS a USING (outbox_event_id, consumer_name)
            ORDER BY 1`,
          (rows) => rows.map(({ n }) => n)
        )
        assert.deepStrictEqual(yield* left, [0, 1, 2, 3])
        yield* sql`DELETE FROM outbox_event WHERE id = ${events[0]?.id ?? ""}::uuid`
        yield* sql`DELETE FROM integration_event WHERE id = ${events[1]?.id ?? ""}::uuid`
        yield* sql`DELETE FROM integration_event WHERE id = ${events[1]?.id ?? ""}::uuid`
        assert.deepStrictEqual(yield* left, [2, 3])
        // Its snapshot would not show what is delivered meanwhile.
        const repeatable = Effect.andThen(
          sql`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ`,
          sql`DELETE FROM outbox_event`
        )
        assert.include(
          databaseWords(yield* Effect.flip(sql.withTransaction(repeatable))),
          "Events cannot be removed by a transaction that is REPEATABLE READ"
        )
        assert.deepStrictEqual(yield* left, [2, 3])
        for (const table of ["inbox_event", "integration_attempt"]) {
          assert.deepStrictEqual(yield* sql`SELECT count(*)::int AS n FROM ${sql(table)}`, [{ n: 2 }])
        }
        yield* sql`TRUNCATE integration_event`
        assert.isEmpty(yield* sql`SELECT 1 FROM inbox_event`)
      }).pipe(Effect.scoped, Effect.provide(services(layer, { settings: unpolled })))
    )

    it.live("events that plain SQL inserts have ids in the order of time, whatever the search_path", () =>
      Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        const [schema] = yield* sql<{ name: string }>`SELECT current_schema() AS name`
        const insert = (n: number) =>
          sql.unsafe(
            `INSERT INTO ${schema?.name}.outbox_event (${columns}) VALUES ('timed', 'tests', 'Thing', '${n}', '{}')`
          )
        yield* sql.withTransaction(
          Effect.gen(function* () {
            yield* sql`SET LOCAL search_path = pg_catalog`
            for (let n = 0; n < 50; n++) yield* insert(n)
            yield* sql.unsafe(`DELETE FROM ${schema?.name}.outbox_event WHERE aggregate_id = '49'`)
          })
        )
        const rows = yield* sql<{ id: string; at: number }>`
          SELECT id::text AS id, extract(epoch FROM created_at)::float8 * 1000 AS at FROM outbox_event ORDER BY position`
        assert.lengthOf(rows, 49)
        // The rest is random, and PGlite's clock counts milliseconds.
        const times = rows.map(({ id }) => id.slice(0, 18))
        assert.deepStrictEqual(times, times.toSorted())
        assert.strictEqual(new Set(rows.map(({ id }) => id)).size, 49)
        for (const { at, id } of rows) {
          assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
          assert.closeTo(Number.parseInt(id.replaceAll("-", "").slice(0, 12), 16), at, 1000)
        }
      }).pipe(Effect.scoped, Effect.provide(services(layer, { settings: unpolled })))
    )
  })
}

it.live("takes COPY", () =>
  Effect.gen(function* () {
    const { Happened } = eventsOf("copied")
    const sql = yield* SqlClient.SqlClient
    yield* serve(noting("copied", Happened))
    const lines = [1, 2, 3].map((n) => `copied.happened|tests|Thing|${n}|{"n": ${n}}`).join("\n")
    yield* sql.unsafe(`COPY outbox_event (${columns}) FROM PROGRAM 'echo ''${lines}''' WITH (DELIMITER '|')`)
    yield* Processor.use((processor) => processor.drain)
    assert.sameMembers(yield* noted("copied"), [1, 2, 3])
  }).pipe(Effect.scoped, Effect.provide(services(postgres(), { settings: unpolled })))
)

it.live("a status counts what commits at the moment one asks, also beside requeues and removals", () =>
  Effect.gen(function* () {
    const { Happened, happenings } = eventsOf("exact")
    const outbox = yield* OutboxStore
    yield* serve(noting("exact", Happened))
    const [first, ...others] = yield* Publisher.publishAll(happenings(20))
    yield* Processor.use((processor) => processor.settled(first?.id ?? ""))
    assert.strictEqual((yield* outbox.findById(first?.id ?? ""))?.status, "processed")
    for (const { id } of others) yield* Processor.use((processor) => processor.settled(id))
    assert.deepStrictEqual((yield* outbox.countByStatus).processed, 20)
  }).pipe(Effect.scoped, Effect.provide(services(postgres())))
)

it.live("retention removes events where transactions are REPEATABLE READ by default", () => {
  const schema = uniqueSchema()
  const repeatable = PgClient.layer({
    url: Redacted.make(inject("postgresUrl")),
    startupParameters: { search_path: schema, default_transaction_isolation: "repeatable read" }
  })
  return Effect.gen(function* () {
    const { Happened } = eventsOf("repeatable")
    const sql = yield* SqlClient.SqlClient
    yield* Publisher.publish(Happened, { n: 1 })
    yield* sql`UPDATE integration_event SET routed_at = routed_at - interval '2 hours'`
    const window = { after: undefined, limit: 10, hours: 1, deadLetterHours: 1 }
    assert.strictEqual((yield* OutboxStore.use((outbox) => outbox.removeSettled(window))).removed, 1)
  }).pipe(
    Effect.scoped,
    Effect.provide(
      services(repeatable, { settings: unpolled }).pipe(
        Layer.provide(withSchema(schema)),
        Layer.provide(clientFor(schema))
      )
    )
  )
})

/**
 * One row that the database refuses, in the batches of every kind of maintenance.
 *
 * Seen failing with the mechanism off: without `bisectRefused` (`bisect.ts`) the first refused row keeps all others
 * from being routed or removed.
 */
import { assert, it } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { OutboxStore, Processor, SettingStore, Settings } from "../../src/index.ts"
import { postgres } from "../support/databases.ts"
import { eventsOf, noting, serve, services, until } from "../support/scenario.ts"

const names = (eventName: string) =>
  OutboxStore.use((outbox) =>
    Effect.map(outbox.findByName(eventName, 0n, 1000), (rows) => rows.map((row) => (row.payload as { n: number }).n))
  )

it.live("one event that may not be removed or routed keeps no other from it", () =>
  Effect.gen(function* () {
    const processor = yield* Processor
    const { Happened } = eventsOf("refused")
    const sql = yield* SqlClient.SqlClient
    yield* sql`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not this one'; END $$`
    const refuse = (table: string, what: string, condition: string) =>
      sql.unsafe(
        `CREATE TRIGGER refuse_${what} BEFORE ${what} ON ${table} FOR EACH ROW WHEN (${condition}) EXECUTE FUNCTION refuse()`
      )
    const allow = (table: string, what: string) => sql.unsafe(`DROP TRIGGER refuse_${what} ON ${table}`)
    yield* serve(noting("refused", Happened))
    const insert = (n: number) => sql`
      INSERT INTO outbox_event (event_name, source_module, aggregate_type, aggregate_id, payload)
      VALUES (${Happened.name}, 'tests', 'Thing', ${`${n}`}, ${JSON.stringify({ n })}::jsonb)`
    // Routing: the first of them is refused.
    yield* sql.withTransaction(
      Effect.gen(function* () {
        for (let n = 0; n < 5; n++) yield* insert(n)
        const [bad] = yield* sql<{ position: bigint }>`SELECT min(position) AS position FROM outbox_event`
        yield* refuse("inbox_event", "INSERT", `NEW.position = ${bad?.position ?? 0n}`)
      })
    )
    yield* processor.drain
    const waiting = sql`SELECT payload->>'n' AS n FROM outbox_event WHERE routed_at IS NULL`
    assert.deepStrictEqual(yield* waiting, [{ n: "0" }])
    yield* allow("inbox_event", "INSERT")
    yield* processor.drain
    assert.isEmpty(yield* waiting)
    // Retention: the application refers to one of them.
    yield* sql`CREATE TABLE report (event_id uuid REFERENCES integration_event (id))`
    yield* sql`INSERT INTO report SELECT id FROM outbox_event WHERE payload->>'n' = '3'`
    yield* sql`UPDATE integration_event SET routed_at = routed_at - interval '2 days'`
    yield* sql`UPDATE inbox_event SET processed_at = processed_at - interval '2 days'`
    yield* SettingStore.use((store) => store.set("core.integration.outbox.retentionHours", 1))
    yield* Settings.use((settings) => settings.refresh)
    yield* processor.removeExpired
    yield* until(names(Happened.name), (left) => left.join() === "3")
  }).pipe(Effect.scoped, Effect.provide(services(postgres())))
)

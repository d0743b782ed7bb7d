/** A start on the tables of the reference system takes them over: what was done stays done, what was open is handled, nothing is lost. */
import { PgClient } from "@effect/sql-pg"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { Client } from "pg"
import { inject } from "vitest"
import { DeadLetters, Integration, LinkStore, Migrations, Processor, Subscriber } from "../../src/index.ts"
import { databases, postgres } from "../support/databases.ts"
import { unpolled } from "../support/scenario.ts"

/** Its tables and indexes, as shared/seed.md of the reference and its README have them; or as its ORM makes them, with numbers for ids. */
const tables = (id: string, reference: string, time: string) => [
  `CREATE TABLE outbox_event (
    id ${id} PRIMARY KEY, event_name varchar(255) NOT NULL, source_module varchar(127) NOT NULL, aggregate_type varchar(127) NOT NULL,
    aggregate_id varchar(36) NOT NULL, payload jsonb NOT NULL, status varchar(63) NOT NULL, attempt_count int DEFAULT 0,
    last_error varchar(1023), available_at ${time}, processed_at ${time}, created_at ${time}, updated_at ${time})`,
  "CREATE INDEX idx_outbox_event_status_available_at ON outbox_event (status, available_at)",
  "CREATE INDEX idx_outbox_event_source ON outbox_event (source_module, aggregate_type, aggregate_id)",
  "CREATE INDEX idx_outbox_event_created_at ON outbox_event (created_at)",
  `CREATE TABLE inbox_event (
    id ${id} PRIMARY KEY, outbox_event_id ${reference} NOT NULL REFERENCES outbox_event (id) ON DELETE CASCADE,
    consumer_name varchar(255) NOT NULL, status varchar(63) NOT NULL, attempt_count int DEFAULT 0, last_error varchar(1023),
    processed_at ${time}, created_at ${time}, updated_at ${time})`,
  "CREATE UNIQUE INDEX idx_inbox_event_idempotency ON inbox_event (outbox_event_id, consumer_name)",
  "CREATE INDEX idx_inbox_event_status ON inbox_event (status)",
  `CREATE TABLE integration_link (
    id ${id} PRIMARY KEY, source_module varchar(127) NOT NULL, source_entity_type varchar(127) NOT NULL,
    source_entity_id varchar(36) NOT NULL, target_module varchar(127) NOT NULL, target_entity_type varchar(127) NOT NULL,
    target_entity_id varchar(36) NOT NULL, link_type varchar(63) NOT NULL, metadata jsonb, created_at ${time}, updated_at ${time})`,
  "CREATE INDEX idx_integration_link_source ON integration_link (source_module, source_entity_type, source_entity_id)",
  "CREATE INDEX idx_integration_link_target ON integration_link (target_module, target_entity_type, target_entity_id)",
  "CREATE INDEX idx_integration_link_type ON integration_link (link_type)"
]

const forms = [
  ["UUIDs", tables("uuid", "uuid", "timestamptz"), (n: number) => `'00000000-0000-4000-8000-00000000000${n}'`],
  ["numbers", tables("serial", "int", "timestamp(3)"), (n: number) => String(n)]
] as const

type IdOf = (n: number) => string

/** A number, the aggregate's id, is what tells the events apart. */
const event = (id: IdOf, n: number, status: string, more: { attempts?: number; at?: string; name?: string } = {}) => {
  const { at = "now() - interval '1 minute'", attempts = 0, name = "invoice.created" } = more
  return `INSERT INTO outbox_event VALUES (${id(n)}, '${name}', 'finance', 'Invoice', '${n}',
    '{"n": ${n}, "_integrationMeta": {"by": "finance"}}', '${status}', ${attempts}, ${attempts > 0 ? "'it broke'" : "NULL"},
    ${at}, NULL, now() - interval '${60 - n} minutes', now())`
}

const delivery = (id: IdOf, n: number, of: number, consumer: string, status: string, attempts = 0) =>
  `INSERT INTO inbox_event VALUES (${id(n)}, ${id(of)}, '${consumer}', '${status}', ${attempts},
    ${attempts > 0 ? "'it broke'" : "NULL"}, ${status === "processed" ? "now()" : "NULL"}, now(), now())`

const link = (id: IdOf, n: number, target: string) =>
  `INSERT INTO integration_link VALUES (${id(n)}, 'finance', 'Invoice', '1', 'operations', 'Task', '${target}', 'cascade',
    '{"n": ${n}}', now(), now())`

const rows = (id: IdOf) => [
  event(id, 1, "processed"),
  delivery(id, 1, 1, "tasks", "processed"),
  delivery(id, 2, 1, "mails", "skipped"),
  // One has done it, the other failed once.
  event(id, 2, "pending", { attempts: 1 }),
  delivery(id, 3, 2, "tasks", "processed"),
  delivery(id, 4, 2, "mails", "failed", 1),
  // Nobody was asked yet.
  event(id, 3, "pending"),
  // A process died with it.
  event(id, 4, "processing", { at: "now() + interval '1 hour'" }),
  delivery(id, 5, 4, "tasks", "processing"),
  event(id, 5, "dead_letter", { attempts: 3 }),
  delivery(id, 6, 5, "tasks", "processed"),
  delivery(id, 7, 5, "mails", "failed", 3),
  event(id, 6, "failed", { attempts: 3 }),
  delivery(id, 8, 6, "tasks", "failed", 3),
  event(id, 7, "pending", { at: "now() + interval '1 hour'" }),
  // Nobody has ever been given one of these.
  event(id, 8, "pending", { name: "invoice.paid" }),
  // Once in a while: whom it was given to the last time is known.
  event(id, 9, "pending", { name: "period.closed" }),
  `INSERT INTO outbox_event SELECT ${id(0)}, event_name, source_module, aggregate_type, '0', payload, 'processed', 0, NULL, now(), now(),
    now() - interval '60 days', now() FROM outbox_event WHERE aggregate_id = '9'`,
  delivery(id, 9, 0, "reports", "processed"),
  "UPDATE inbox_event SET created_at = now() - interval '60 days' WHERE consumer_name = 'reports'",
  link(id, 1, "a"),
  link(id, 2, "b"),
  link(id, 3, "a")
]

const run = (statements: ReadonlyArray<string>) =>
  SqlClient.SqlClient.use((sql) => Effect.forEach(statements, (statement) => sql.unsafe(statement), { discard: true }))

/** What has become of everything: `event consumer: status, attempts`. */
const found = SqlClient.SqlClient.use((sql) =>
  Effect.map(
    sql<{ line: string }>`
      SELECT e.aggregate_id || ' ' || i.consumer_name || ': ' || i.status || ', ' || i.attempt_count
        || CASE WHEN i.available_at IS NULL THEN ', never' WHEN i.available_at > now() THEN ', later' ELSE '' END AS "line"
      FROM inbox_event AS i JOIN integration_event AS e ON e.id = i.outbox_event_id
      ORDER BY e.position, i.consumer_name`,
    (found) => found.map(({ line }) => line)
  )
)

const expected = [
  "0 reports: processed, 0",
  "1 mails: skipped, 0",
  "1 tasks: processed, 0",
  "2 mails: failed, 1",
  "2 tasks: processed, 0",
  "3 mails: received, 0",
  "3 tasks: received, 0",
  "4 mails: received, 0",
  "4 tasks: received, 0",
  "5 mails: dead_letter, 3",
  "5 tasks: processed, 0",
  "6 tasks: failed, 3, never",
  "7 mails: received, 0, later",
  "7 tasks: received, 0, later",
  "8 taken-over: received, 0",
  "9 reports: received, 0"
]

const statuses = [
  "processed",
  "processed",
  "pending",
  "pending",
  "pending",
  "dead_letter",
  "failed",
  "pending",
  "pending",
  "pending"
]

for (const { layer, name } of databases) {
  describe.each(forms)(`on ${name}, with %s for ids`, (_, made, id) => {
    it.live("a start takes over what there is, and goes on with what was open", () =>
      Effect.gen(function* () {
        yield* run([...made, ...rows(id)])
        const services = yield* Layer.build(Integration.layer({ settings: unpolled }))
        yield* Effect.gen(function* () {
          assert.deepStrictEqual(yield* found, expected)
          const sql = yield* SqlClient.SqlClient
          const events = yield* sql<{ status: string; metadata: unknown; payload: { n: number } }>`
            SELECT status, metadata, payload FROM outbox_event ORDER BY position`
          assert.deepStrictEqual(
            events.map(({ status }) => status),
            statuses
          )
          assert.deepStrictEqual([events[1]?.metadata, events[1]?.payload.n], [{ by: "finance" }, 1])
          const links = yield* LinkStore.findOutbound({ module: "finance", entityType: "Invoice", entityId: "1" })
          // The same link twice is one: the first.
          assert.deepStrictEqual(
            links.map(({ metadata, target }) => [target.entityId, metadata]),
            [
              ["a", { n: 1 }],
              ["b", { n: 2 }]
            ]
          )
          assert.strictEqual(yield* DeadLetters.use((letters) => letters.count({})), 2)
          assert.deepStrictEqual(
            (yield* Processor.use((processor) => processor.unserved)).map(({ consumer }) => consumer).toSorted(),
            ["mails", "reports", "taken-over", "tasks"]
          )
          const handled: Array<string> = []
          const handler = (consumer: string, eventName = "invoice.created") =>
            Subscriber.make({
              consumer,
              event: eventName,
              handler: (event) => Effect.sync(() => handled.push(`${event.aggregate.entityId} ${consumer}`))
            })
          yield* Layer.build(
            Subscriber.layer(
              handler("tasks"),
              handler("mails"),
              handler("taken-over", "invoice.paid"),
              handler("reports", "period.closed")
            )
          )
          yield* Processor.use((processor) => processor.drain)
          assert.sameMembers(handled, [
            "2 mails",
            "3 mails",
            "3 tasks",
            "4 mails",
            "4 tasks",
            "8 taken-over",
            "9 reports"
          ])
          const kept = yield* sql<{ n: number }>`SELECT count(*)::int AS n FROM reference_outbox_event`
          assert.strictEqual(kept[0]?.n, 10)
        }).pipe(Effect.provideContext(services))
      }).pipe(Effect.scoped, Effect.provide(layer))
    )
  })
}

it.live("a script takes over the same", () =>
  Effect.gen(function* () {
    const [, made, id] = forms[0]
    yield* run([...made, ...rows(id)])
    const { startupParameters } = (yield* PgClient.PgClient).config
    const client = new Client({
      connectionString: inject("postgresUrl"),
      options: `-c search_path=${startupParameters?.search_path}`
    })
    yield* Effect.promise(async () => {
      await client.connect()
      await client.query(Migrations.sql())
      await client.end()
    })
    assert.deepStrictEqual(yield* found, expected)
    assert.deepStrictEqual((yield* Migrations.status()).pending, [])
    assert.deepStrictEqual(yield* Migrations.run(), [])
  }).pipe(Effect.provide(postgres()))
)

it.live("several processes that start at once take over once", () =>
  Effect.gen(function* () {
    const [, made, id] = forms[1]
    yield* run([...made, ...rows(id)])
    const ran = yield* Effect.all(
      Array.from({ length: 4 }, () => Migrations.run()),
      { concurrency: "unbounded" }
    )
    assert.lengthOf(
      ran.filter(({ length }) => length > 0),
      1
    )
    assert.deepStrictEqual(yield* found, expected)
  }).pipe(Effect.provide(postgres()))
)

it.live("a table of that name that is another's is left alone, and told", () =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* sql`CREATE TABLE outbox_event (id uuid PRIMARY KEY, aggregatetype text, payload jsonb)`
    const error = yield* Effect.flip(Migrations.run())
    assert.strictEqual(
      error.message,
      "The integration tables could not be migrated, nothing was changed: there is a table outbox_event that is neither ours nor the reference system's. Rename it, or have the tables in another schema: Integration.layer({ schema })"
    )
    assert.deepStrictEqual(yield* Migrations.run({ schema: "elsewhere" }), (yield* Migrations.status()).pending)
    yield* sql`DROP SCHEMA elsewhere CASCADE`
    assert.lengthOf(yield* sql`SELECT 1 FROM outbox_event`, 0)
  }).pipe(Effect.provide(postgres()))
)

/** What the first day meets: layers that cannot be built, and what they say. */
import { PgClient } from "@effect/sql-pg"
import { assert, it } from "@effect/vitest"
import { ConfigProvider, Effect, Layer, Logger, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import * as TestClock from "effect/testing/TestClock"
import { Integration, Settings } from "../../src/index.ts"
import { postgres } from "../support/databases.ts"

/** The error of building the services on a new schema, after `prepare`. */
const failure = (
  options: Integration.Options,
  prepare: Effect.Effect<unknown, unknown, SqlClient.SqlClient> = Effect.void
) =>
  Effect.gen(function* () {
    yield* prepare
    return yield* Effect.flip(Effect.scoped(Layer.build(Integration.layer(options))))
  }).pipe(Effect.provide(postgres()))

const migrated = Effect.scoped(Layer.build(Integration.layer()))

const newerMigration = (name: string) =>
  Effect.andThen(
    migrated,
    SqlClient.SqlClient.use((sql) => sql`INSERT INTO integration_migration (migration_id, name) VALUES (99, ${name})`)
  )

it.live("options out of range, and options nobody knows, say what is possible", () =>
  Effect.gen(function* () {
    assert.strictEqual(
      (yield* failure({ settings: { batchSize: 0 } })).message,
      "Option core.integration.outbox.batchSize is 0, expected an integer from 1 to 500."
    )
    assert.strictEqual(
      (yield* failure({ settings: { pollingIntervalMs: 60_000, idlePollingIntervalMs: 50_000 } })).message,
      "Option core.integration.outbox.idlePollingIntervalMs is 50000, expected at least pollingIntervalMs (60000)."
    )
    assert.strictEqual(
      (yield* failure({ maxPayloadBytes: 0 })).message,
      "Option maxPayloadBytes is 0, expected an integer from 1 to 15000000."
    )
    assert.include(
      (yield* failure({ retention: "1 day" } as Integration.Options)).message,
      "Integration.layer: option retention is not supported by this version"
    )
    assert.include(
      (yield* failure({ settings: { leaseMs: 1 } as object })).message,
      "Integration.layer settings: option leaseMs is not supported by this version"
    )
  })
)

it.live("a pool of one connection is refused: a batch would hold it", () =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(Effect.scoped(Layer.build(Integration.layer())))
    assert.strictEqual(
      error.message,
      "Option maxConnections of PgClient is 1, expected at least 2: a batch of deliveries holds one."
    )
  }).pipe(Effect.provide(postgres({ maxConnections: 1 })))
)

it.live("a client that takes smaller messages than events may be is refused", () =>
  Effect.gen(function* () {
    const error = yield* Effect.flip(Effect.scoped(Layer.build(Integration.layer())))
    assert.strictEqual(
      error.message,
      "Option maxMessageSize of PgClient is 1048576, expected at least 16777216: events may be as large."
    )
  }).pipe(Effect.provide(postgres({ maxMessageSize: 1_048_576 })))
)

it.live("tables that are missing are named when migrating is switched off", () =>
  Effect.gen(function* () {
    const error = yield* failure({ migrate: false })
    assert.strictEqual(
      error.message,
      "The integration tables are at version 0, this version needs 15. Run the migrations (npx effect-integration migrate, Migrations.run, or the script of Migrations.sql), or start with Integration.layer({ migrate: true })."
    )
    yield* Effect.scoped(Effect.andThen(migrated, Layer.build(Integration.layer({ migrate: false })))).pipe(
      Effect.provide(postgres())
    )
  })
)

it.live("a database newer than the code is fine, unless a migration says that it breaks older code", () =>
  Effect.gen(function* () {
    yield* Effect.scoped(Effect.andThen(newerMigration("later"), Layer.build(Integration.layer()))).pipe(
      Effect.provide(postgres())
    )
    const error = yield* failure({}, newerMigration("rename_everything.breaking"))
    assert.strictEqual(
      error.message,
      'The integration tables are at version 99, this version knows 15 and cannot work with "rename_everything.breaking". Upgrade effect-integration in this process.'
    )
  })
)

it.live("tables from before the first release are refused, and left as they are", () =>
  Effect.gen(function* () {
    const old = [
      "outbox",
      "inbox",
      "links",
      "settings",
      "consumers",
      "mailboxes",
      "actors",
      "recovery",
      "lighter_indexes"
    ]
    const error = yield* failure(
      {},
      SqlClient.SqlClient.use((sql) =>
        Effect.gen(function* () {
          yield* sql`CREATE TABLE outbox_event (id uuid PRIMARY KEY)`
          yield* sql`CREATE TABLE integration_migration (migration_id int PRIMARY KEY, created_at timestamptz NOT NULL DEFAULT now(), name text)`
          for (const [n, name] of old.entries()) {
            yield* sql`INSERT INTO integration_migration (migration_id, name) VALUES (${n + 1}, ${name})`
          }
        })
      )
    )
    assert.strictEqual(
      error.message,
      'The integration tables are at version 9 from before the first release (migration "outbox"), this version needs its own version 15 and does not convert them. Nothing was changed. Let the old version drain them, rename their schema or drop them, and start again.'
    )
  })
)

it.live("a migration that fails changes nothing", () =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    // Somebody else's table stands in the way of the second migration.
    yield* sql`CREATE TABLE inbox_event (id int)`
    const error = yield* Effect.flip(Effect.scoped(Layer.build(Integration.layer())))
    assert.include(error.message, "The integration tables could not be migrated, nothing was changed")
    assert.include(error.message, 'relation "inbox_event" already exists')
    assert.deepStrictEqual(yield* sql`SELECT to_regclass('integration_event') IS NULL AS missing`, [{ missing: true }])
  }).pipe(Effect.provide(postgres()))
)

it.live("a database that cannot be reached is named as such", () =>
  Effect.gen(function* () {
    const nowhere = PgClient.layer({ url: Redacted.make("postgres://postgres@127.0.0.1:1/postgres") })
    const services = Integration.layer({ waitForDatabase: 0 })
    const error = yield* Effect.flip(Effect.scoped(Layer.build(services.pipe(Layer.provide(nowhere)))))
    assert.strictEqual(error._tag, "StoreError")
    assert.match(
      error.message,
      /^connect: PostgreSQL cannot be reached at 127\.0\.0\.1:1, database "postgres", as "postgres": .*ECONNREFUSED/
    )
  })
)

it.effect("a database under TestClock is told", () =>
  Effect.gen(function* () {
    const warnings: Array<string> = []
    const collecting = Logger.layer([Logger.make(({ message }) => void warnings.push(String(message)))])
    yield* Layer.build(Integration.layer()).pipe(
      Effect.provide(postgres()),
      Effect.provide(collecting),
      Effect.forkScoped
    )
    while (warnings.length === 0) yield* TestClock.withLive(Effect.sleep("20 millis"))
    assert.strictEqual(
      warnings[0],
      "This integration runs on a database under TestClock, where no time passes by itself: polls, retries and timeouts wait until the test adjusts it. Use it.live of @effect/vitest, or IntegrationMemory, whose time is that of the test."
    )
  }).pipe(Effect.scoped)
)

it.live("the environment wins over options, and is overruled by the table", () =>
  Effect.gen(function* () {
    const options = { settings: { batchSize: 20, maxAttempts: 7, retryBaseDelayMs: 500 } }
    const environment = {
      CORE_INTEGRATION_OUTBOX_BATCH_SIZE: "30",
      CORE_INTEGRATION_OUTBOX_MAX_ATTEMPTS: "8",
      CORE_INTEGRATION_OUTBOX_DEAD_LETTER_ENABLED: "false",
      CORE_INTEGRATION_OUTBOX_PROCESSING_LEASE_MS: "soon"
    }
    yield* migrated
    yield* SqlClient.SqlClient.use(
      (sql) => sql`INSERT INTO integration_setting (key, value) VALUES ('core.integration.outbox.maxAttempts', '9')`
    )
    const values = yield* Settings.use((settings) => settings.current).pipe(
      Effect.provide(Integration.layer(options)),
      Effect.provide(ConfigProvider.layer(ConfigProvider.fromEnvRecord(environment)))
    )
    assert.deepInclude(values, {
      batchSize: 30,
      maxAttempts: 9,
      retryBaseDelayMs: 500,
      deadLetterEnabled: false,
      processingLeaseMs: 30_000
    })
  }).pipe(Effect.provide(postgres()))
)

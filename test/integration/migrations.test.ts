/** Tables that are made apart from a start: by a deployment, or by an administrator with a script. */
import { readdirSync, readFileSync } from "node:fs"
import { PgClient } from "@effect/sql-pg"
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { Client } from "pg"
import { inject } from "vitest"
import { Integration, Migrations, Publisher } from "../../src/index.ts"
import * as PgLite from "../../src/pglite/PgLite.ts"
import { clientFor, postgres, uniqueSchema } from "../support/databases.ts"

const directory = new URL("../../sql/", import.meta.url)

const files = readdirSync(directory).toSorted()

const all = files.map((file) => file.replace(".sql", ""))

/** Runs a script as an administrator's tool does, with a client of its own, in the schema of the tests' client. */
const runScript = (script: string) =>
  Effect.gen(function* () {
    const { startupParameters } = (yield* PgClient.PgClient).config
    yield* Effect.acquireUseRelease(
      Effect.promise(async () => {
        const client = new Client({
          connectionString: inject("postgresUrl"),
          options: `-c search_path=${startupParameters?.search_path}`
        })
        await client.connect()
        return client
      }),
      (client) => Effect.tryPromise({ try: () => client.query(script), catch: (error) => error as Error }),
      (client) => Effect.promise(() => client.end())
    )
  })

const columns = SqlClient.SqlClient.use(
  (sql) => sql`
    SELECT c.relname AS table, a.attname AS column, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS required
    FROM pg_attribute AS a
    JOIN pg_class AS c ON c.oid = a.attrelid
    WHERE c.relnamespace = current_schema()::regnamespace AND a.attnum > 0 AND c.relkind IN ('r', 'v', 'i')
    ORDER BY 1, 2`
)

const works = Effect.gen(function* () {
  const services = yield* Layer.build(Integration.layer({ migrate: false }))
  const event = { eventName: "a.b", sourceModule: "tests", aggregateType: "Thing", aggregateId: "1" }
  yield* Effect.provideContext(Publisher.publishEvent(event), services)
}).pipe(Effect.scoped)

it.live.each([
  ["PostgreSQL", postgres()],
  ["PGlite", PgLite.layerMemory]
] as const)("are run once, and told before and after (%s)", ([, database]) =>
  Effect.gen(function* () {
    assert.deepStrictEqual(yield* Migrations.status(), {
      version: 0,
      needed: all.length,
      pending: all,
      problem: undefined
    })
    assert.deepStrictEqual(yield* Migrations.run(), all)
    assert.deepStrictEqual(yield* Migrations.run(), [])
    assert.deepStrictEqual(yield* Migrations.status(), {
      version: all.length,
      needed: all.length,
      pending: [],
      problem: undefined
    })
    yield* works
  }).pipe(Effect.provide(database))
)

it.live("a script makes the same tables, says so, and makes them once", () =>
  Effect.gen(function* () {
    yield* runScript(Migrations.sql())
    assert.deepStrictEqual(yield* Migrations.status(), {
      version: all.length,
      needed: all.length,
      pending: [],
      problem: undefined
    })
    yield* works
    const made = yield* columns
    const migrated = yield* Effect.provide(Effect.andThen(Migrations.run(), columns), postgres())
    assert.deepStrictEqual(made, migrated)
    const again = yield* Effect.flip(runScript(Migrations.sql()))
    assert.include(again.message, `The integration tables are at version ${all.length}, this script is for version 0`)
    assert.throws(
      () => Migrations.sql({ from: all.length }),
      `Option from of Migrations.sql is ${all.length}, expected an integer from 0 to ${all.length - 1}.`
    )
  }).pipe(Effect.provide(postgres({ maxConnections: 2 })))
)

/** Undoes the last migration. */
const undone = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`
    ALTER TABLE integration_setting_history DROP COLUMN reason`
  yield* sql`DELETE FROM integration_migration WHERE migration_id = ${all.length}`
})

it.live("a script for a later version does what is left", () =>
  Effect.gen(function* () {
    yield* runScript(Migrations.sql())
    yield* undone
    assert.deepStrictEqual((yield* Migrations.status()).pending, all.slice(-1))
    yield* runScript(Migrations.sql({ from: all.length - 1 }))
    assert.deepStrictEqual((yield* Migrations.status()).pending, [])
  }).pipe(Effect.provide(postgres()))
)

it.live("tables that are in the second schema of search_path get what is left, also by a script", () =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    yield* Migrations.run()
    const [first, second] = [uniqueSchema(), (yield* PgClient.PgClient).config.startupParameters?.search_path ?? ""]
    yield* sql.unsafe(`CREATE SCHEMA ${first}`)
    const behind = clientFor(`${first},${second}`)
    const made = sql`
      SELECT 1 FROM pg_proc WHERE proname = 'integration_publish' AND pronamespace = ${second}::regnamespace`
    for (const again of [Migrations.run(), runScript(Migrations.sql({ from: all.length - 1 }))]) {
      yield* undone
      yield* Effect.provide(
        Effect.asVoid(again as Effect.Effect<unknown, unknown, PgClient.PgClient | SqlClient.SqlClient>),
        behind
      )
      assert.lengthOf(yield* made, 1)
    }
    yield* sql.unsafe(`DROP SCHEMA ${first} CASCADE`)
  }).pipe(Effect.provide(postgres()))
)

it.live("tables that were made by hand are left alone, and it is said what to do", () =>
  Effect.gen(function* () {
    for (const file of files)
      yield* runScript(readFileSync(new URL(file, directory), "utf8").replaceAll("-- statement", ";"))
    assert.match((yield* Migrations.status()).problem ?? "", /^The integration tables are there, but/)
    for (const migrate of [true, false]) {
      const error = yield* Effect.flip(Effect.scoped(Layer.build(Integration.layer({ migrate }))))
      assert.strictEqual(
        error.message,
        "The integration tables are there, but integration_migration does not say how they came: somebody ran files of sql/ by hand. Nothing was changed. Drop them if they are empty, and run what Migrations.sql() gives, which records what it does."
      )
    }
  }).pipe(Effect.provide(postgres()))
)

it.live("a role that may not create tables is told who can, and starts when that was done", () =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const [schema, role] = [uniqueSchema(), uniqueSchema()]
    yield* sql.unsafe(`CREATE SCHEMA ${schema}`)
    yield* sql.unsafe(`CREATE ROLE ${role} LOGIN`)
    yield* sql.unsafe(`GRANT USAGE ON SCHEMA ${schema} TO ${role}`)
    const limited = clientFor(schema, { url: inject("postgresUrl").replace("//postgres@", `//${role}@`) })
    const error = yield* Effect.flip(Effect.provide(Migrations.run(), limited))
    assert.strictEqual(error._tag, "MigrationFailed")
    assert.strictEqual(
      error.message,
      `The integration tables could not be migrated, nothing was changed: permission denied for schema ${schema}. Let a role that may create tables there run what Migrations.sql() gives, and start with Integration.layer({ migrate: false }); docs/grants.md says which rights are enough then.`
    )
    yield* Effect.provide(runScript(Migrations.sql()), clientFor(schema))
    yield* sql.unsafe(`GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA ${schema} TO ${role}`)
    yield* sql.unsafe(`GRANT USAGE ON ALL SEQUENCES IN SCHEMA ${schema} TO ${role}`)
    yield* Effect.provide(works, limited)
    yield* sql.unsafe(`DROP SCHEMA ${schema} CASCADE`)
    yield* sql.unsafe(`DROP ROLE ${role}`)
  }).pipe(Effect.provide(postgres()))
)

it.live("the trigger that tells of plain inserts is switched by an option, and stays as it is without", () =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const isOn = Effect.map(
      sql<{ isOn: boolean }>`
        SELECT tgenabled = 'O' AS "isOn" FROM pg_trigger
        WHERE tgrelid = 'integration_event'::regclass AND tgname = 'integration_event_announced'`,
      ([row]) => row?.isOn
    )
    const start = (options: Integration.Options) => Effect.scoped(Layer.build(Integration.layer(options)))
    const after = [
      [Migrations.run(), false],
      [Migrations.run({ announceInserts: true }), true],
      [Migrations.run(), true],
      [start({}), true],
      [start({ announceInserts: false }), false],
      [start({ announceInserts: true }), true]
    ] as const
    for (const [step, expected] of after) {
      yield* step as Effect.Effect<unknown, never, PgClient.PgClient | SqlClient.SqlClient>
      assert.strictEqual(yield* isOn, expected)
    }
    const refused = yield* Effect.flip(start({ migrate: false, announceInserts: false }))
    assert.strictEqual(
      refused.message,
      "Option announceInserts is false, expected to be left out without migrations: Migrations.run({ announceInserts })."
    )
    const strange: object = { announceInserts: "no" }
    assert.strictEqual(
      (yield* Effect.flip(start(strange))).message,
      "Option announceInserts is no, expected true or false."
    )
    assert.throws(() => Migrations.run(strange), "Option announceInserts is no, expected true or false.")
  }).pipe(Effect.provide(postgres()))
)

it.live("who is given a database that only reads is told so", () =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const [schema, role] = [uniqueSchema(), uniqueSchema()]
    yield* sql.unsafe(`CREATE ROLE ${role} LOGIN`)
    yield* sql.unsafe(`CREATE SCHEMA ${schema} AUTHORIZATION ${role}`)
    yield* sql.unsafe(`ALTER ROLE ${role} SET default_transaction_read_only = on`)
    const reading = clientFor(schema, { url: inject("postgresUrl").replace("//postgres@", `//${role}@`) })
    for (const given of [{}, { schema }]) {
      const error = yield* Effect.flip(Effect.provide(Migrations.run(given), reading))
      assert.strictEqual(
        error.message,
        "The integration tables could not be migrated, nothing was changed: the database only reads here: it is a replica, or default_transaction_read_only is on for the role or the database. Give one that may write."
      )
    }
    yield* sql.unsafe(`DROP SCHEMA ${schema} CASCADE`)
    yield* sql.unsafe(`DROP ROLE ${role}`)
  }).pipe(Effect.provide(postgres()))
)

/**
 * Brings the tables to the version this code needs, from the files in `sql/`.
 *
 * All pending migrations run in one transaction under a lock on the ledger, so any number of processes may start at
 * once. A migration whose file name ends in `.breaking.sql` must not run under older code: older code that finds one
 * in the ledger refuses to start.
 *
 * @internal
 */
import { Effect, Layer } from "effect"
import { Migrator, SqlClient, SqlError } from "effect/sql"
import { databaseWords } from "../../errors/errorText.ts"
import { MigrationFailed, SchemaMismatch, type StoreError } from "../../errors/StoreErrors.ts"
import { untraced } from "../../telemetry/tracing.ts"
import { storeErrors } from "../connection/errors.ts"
import { migrations } from "./migrations.generated.ts"

const ledger = "integration_migration"

const runStatements = (statements: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    for (const statement of statements) yield* sql.unsafe(statement)
  })

const run = Migrator.make({})({
  table: ledger,
  loader: Migrator.fromRecord(
    Object.fromEntries(Object.entries(migrations).map(([name, statements]) => [name, runStatements(statements)]))
  )
}).pipe(
  Effect.catchTag("MigrationError", (error) => {
    const words = error.cause instanceof SqlError.SqlError ? `: ${databaseWords(error.cause)}` : ""
    return Effect.fail(new MigrationFailed({ reason: error.message + words, cause: error }))
  })
)

/** Version this code needs: the number of its newest migration. */
const needed = Math.max(...Object.keys(migrations).map((name) => Number.parseInt(name, 10)))

/** What the ledger calls the migrations of this code, by number. */
const names = new Map(Object.keys(migrations).map((key) => [Number.parseInt(key, 10), key.replace(/^\d+_/, "")]))

const applied = Effect.gen(function* () {
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const [exists] = yield* sql<{ found: boolean }>`SELECT to_regclass(${ledger}) IS NOT NULL AS "found"`
  if (exists?.found !== true) return []
  return yield* sql<{ id: number; name: string }>`
    SELECT migration_id AS "id", name AS "name" FROM ${sql(ledger)} ORDER BY migration_id`
})

/**
 * Fails with `SchemaMismatch` unless the tables are at least at the version needed, and nothing newer is breaking.
 *
 * @param version - the version this code needs; tests pass others
 */
export const verify = (version = needed): Effect.Effect<void, SchemaMismatch | StoreError, SqlClient.SqlClient> =>
  Effect.gen(function* () {
    const rows = yield* storeErrors("migrations.verify")(applied)
    const found = rows.at(-1)?.id ?? 0
    const breaking = rows.find((row) => row.id > version && row.name.endsWith(".breaking"))?.name
    if (found < version || breaking !== undefined)
      return yield* new SchemaMismatch({ found, needed: version, breaking, unreleased: undefined })
  })

/** Tables that were made before the first release had other migrations under the same numbers: they are left alone. */
const refuseUnreleased = Effect.gen(function* () {
  const rows = yield* storeErrors("migrations.verify")(applied)
  const unreleased = rows.find(({ id, name }) => id <= needed && names.get(id) !== name)?.name
  const found = rows.at(-1)?.id ?? 0
  if (unreleased !== undefined) return yield* new SchemaMismatch({ found, needed, breaking: undefined, unreleased })
})

/** @param migrate - run pending migrations; when false, only verify that there are none */
export const layer = (
  migrate: boolean
): Layer.Layer<never, MigrationFailed | SchemaMismatch | StoreError, SqlClient.SqlClient> =>
  Layer.effectDiscard(
    refuseUnreleased.pipe(
      Effect.andThen(migrate ? storeErrors("migrations.run")(Effect.asVoid(run)) : Effect.void),
      Effect.andThen(verify()),
      untraced
    )
  )

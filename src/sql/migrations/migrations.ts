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
import { isForbidden } from "../../errors/sqlState.ts"
import { untraced } from "../../telemetry/tracing.ts"
import { storeErrors } from "../connection/errors.ts"
import { applied, isHandmade, ledger, names, needed } from "./ledger.ts"
import { migrations } from "./migrations.generated.ts"

const runStatements = (statements: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    for (const statement of statements) yield* sql.unsafe(statement)
  })

/** What whoever may not create tables can do. */
const adviceFor = (error: unknown) =>
  isForbidden(error)
    ? ". Let a role that may create tables there run what Migrations.sql() gives, and start with Integration.layer({ migrate: false }); docs/grants.md says which rights are enough then"
    : ""

const run = Migrator.make({})({
  table: ledger,
  loader: Migrator.fromRecord(
    Object.fromEntries(Object.entries(migrations).map(([name, statements]) => [name, runStatements(statements)]))
  )
}).pipe(
  Effect.catchTag("MigrationError", (error) => {
    const words = error.cause instanceof SqlError.SqlError ? `: ${databaseWords(error.cause)}` : ""
    return Effect.fail(new MigrationFailed({ reason: error.message + words + adviceFor(error), cause: error }))
  }),
  Effect.catchIf(isForbidden, (error) =>
    Effect.fail(
      new MigrationFailed({ reason: databaseWords(error as SqlError.SqlError) + adviceFor(error), cause: error })
    )
  )
)

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
      return yield* new SchemaMismatch({ found, needed: version, breaking, unreleased: undefined, isHandmade: false })
  })

/** Tables that were made before the first release had other migrations under the same numbers: they are left alone. */
const refuseUnreleased = Effect.fnUntraced(function* (
  rows: ReadonlyArray<{ readonly id: number; readonly name: string }>
) {
  const unreleased = rows.find(({ id, name }) => id <= needed && names.get(id) !== name)?.name
  const found = rows.at(-1)?.id ?? 0
  if (unreleased === undefined) return
  return yield* new SchemaMismatch({ found, needed, breaking: undefined, unreleased, isHandmade: false })
})

/** So are those that somebody made by hand: nobody knows what they are. */
const refuseStrange = Effect.gen(function* () {
  const found = yield* applied
  const isUnrecorded = found.length === 0 && (yield* isHandmade)
  // Those that somebody else made between the two questions are recorded by now.
  const rows = isUnrecorded ? yield* applied : found
  if (isUnrecorded && rows.length === 0) {
    return yield* new SchemaMismatch({ found: 0, needed, breaking: undefined, unreleased: undefined, isHandmade: true })
  }
  yield* refuseUnreleased(rows)
}).pipe(storeErrors("migrations.verify"))

/** Brings the tables to the version needed; the migrations that were run for it. */
export const migrate: Effect.Effect<
  ReadonlyArray<string>,
  MigrationFailed | SchemaMismatch | StoreError,
  SqlClient.SqlClient
> = refuseStrange.pipe(
  Effect.andThen(storeErrors("migrations.run")(run)),
  Effect.tap(verify()),
  Effect.map((done) => done.map(([id, name]) => `${String(id).padStart(4, "0")}_${name}`)),
  untraced
)

/** @param isMigrating - run pending migrations; when false, only verify that there are none */
export const layer = (
  isMigrating: boolean
): Layer.Layer<never, MigrationFailed | SchemaMismatch | StoreError, SqlClient.SqlClient> =>
  Layer.effectDiscard(isMigrating ? migrate : untraced(Effect.andThen(refuseStrange, verify())))

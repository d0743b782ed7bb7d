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
import { isForbidden, isRaised } from "../../errors/sqlState.ts"
import { untraced } from "../../telemetry/tracing.ts"
import { storeErrors } from "../connection/errors.ts"
import { announcing } from "./announcing.ts"
import { inSchema } from "./inSchema.ts"
import { applied, behind, isHandmade, ledger, names, needed } from "./ledger.ts"
import { migrations } from "./migrations.generated.ts"
import { hasOthers, takingOver } from "./takeOver.ts"

const runStatements = (statements: ReadonlyArray<string>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    for (const statement of statements) yield* sql.unsafe(statement)
  })

/** What whoever may not create tables can do. */
const adviceFor = (error: unknown) =>
  isForbidden(error)
    ? ". Let a role that may create tables there run what Migrations.sql() gives, and start with Integration.layer({ migrate: false }); docs/grants.md says which rights are enough then."
    : ""

const failed = (error: SqlError.SqlError) =>
  new MigrationFailed({ reason: databaseWords(error) + adviceFor(error), cause: error })

const make = Migrator.make({})({
  table: ledger,
  loader: Migrator.fromRecord(
    Object.fromEntries(Object.entries(migrations).map(([name, statements]) => [name, runStatements(statements)]))
  )
}).pipe(
  Effect.catchTag("MigrationError", (error) => {
    const words = error.cause instanceof SqlError.SqlError ? `: ${databaseWords(error.cause)}` : ""
    return Effect.fail(new MigrationFailed({ reason: error.message + words + adviceFor(error), cause: error }))
  })
)

/** The first statement that writes would fail in the database's words, and all after it in others, which hide them. */
const refuseReadOnly = Effect.gen(function* () {
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const [row] = yield* sql<{ only: boolean }>`SELECT current_setting('transaction_read_only')::boolean AS "only"`
  if (row?.only !== true) return
  const reason =
    "the database only reads here: it is a replica, or default_transaction_read_only is on for the role or the database. Give one that may write."
  return yield* new MigrationFailed({ reason, cause: undefined })
})

/** One process after the other, as each makes what the next would make. */
const alone = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  SqlClient.SqlClient.use((sql) =>
    sql.withTransaction(
      Effect.andThen(sql`SELECT pg_advisory_xact_lock(hashtextextended('effect-integration/migrations', 0))`, effect)
    )
  )

/** @param given - where the tables are; without it, where they are found, else where plain names make them */
const run = (given: string | undefined) =>
  Effect.gen(function* () {
    const schema = given ?? (yield* behind)
    const isPlain = schema === undefined && !(yield* hasOthers)
    return yield* isPlain ? make : alone(inSchema(schema, true)(takingOver(make)))
  }).pipe(
    Effect.catchIf(
      (error) => error instanceof SqlError.SqlError && (isForbidden(error) || isRaised(error)),
      (error) => Effect.fail(failed(error as SqlError.SqlError))
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

/** Why the tables are nothing that migrations could bring to the version needed, or that this version could use; else undefined. */
export const problem: Effect.Effect<SchemaMismatch | undefined, StoreError, SqlClient.SqlClient> = Effect.gen(
  function* () {
    yield* refuseStrange
    const rows = yield* storeErrors("migrations.verify")(applied)
    if ((rows.at(-1)?.id ?? 0) >= needed) yield* verify()
    return undefined
  }
).pipe(Effect.catchTag("SchemaMismatch", (mismatch) => Effect.succeed(mismatch)))

/** Switches the trigger that tells of plain inserts. */
const switched = (schema: string | undefined, isOn: boolean) =>
  inSchema(schema)(announcing(isOn)).pipe(
    Effect.catchIf(
      (error) => error instanceof SqlError.SqlError && isForbidden(error),
      (error) => Effect.fail(failed(error as SqlError.SqlError))
    ),
    storeErrors("migrations.announceInserts")
  )

/**
 * Brings the tables to the version needed; the migrations that were run for it.
 *
 * @param schema - where the tables are
 * @param announceInserts - whether the trigger is on that tells of plain inserts; undefined: as it is
 */
export const migrate = (
  schema?: string,
  announceInserts?: boolean
): Effect.Effect<ReadonlyArray<string>, MigrationFailed | SchemaMismatch | StoreError, SqlClient.SqlClient> =>
  inSchema(schema)(refuseStrange).pipe(
    storeErrors("migrations.verify"),
    Effect.andThen(storeErrors("migrations.run")(Effect.andThen(refuseReadOnly, run(schema)))),
    Effect.tap(storeErrors("migrations.verify")(inSchema(schema)(verify()))),
    Effect.tap(announceInserts === undefined ? Effect.void : switched(schema, announceInserts)),
    Effect.map((done) => done.map(([id, name]) => `${String(id).padStart(4, "0")}_${name}`)),
    untraced
  )

/**
 * @param isMigrating - run pending migrations; when false, only verify that there are none
 * @param schema - where the tables are
 * @param announceInserts - as of `migrate`
 */
export const layer = (
  isMigrating: boolean,
  schema: string | undefined,
  announceInserts: boolean | undefined
): Layer.Layer<never, MigrationFailed | SchemaMismatch | StoreError, SqlClient.SqlClient> =>
  Layer.effectDiscard(
    isMigrating
      ? migrate(schema, announceInserts)
      : untraced(storeErrors("migrations.verify")(inSchema(schema)(Effect.andThen(refuseStrange, verify()))))
  )

/**
 * Bringing the tables to the version that this code needs, apart from a start: by a deployment, or by an administrator.
 *
 * @since 0.1.0
 */
import { Effect } from "effect"
import type { SqlClient } from "effect/sql"
import { InvalidOption } from "../errors/DeclarationErrors.ts"
import type { MigrationFailed, SchemaMismatch, StoreError } from "../errors/StoreErrors.ts"
import { unknownOption } from "../errors/unknownOption.ts"
import { storeErrors } from "../sql/connection/errors.ts"
import { inSchema } from "../sql/migrations/inSchema.ts"
import { applied, names, needed } from "../sql/migrations/ledger.ts"
import { migrate, problem } from "../sql/migrations/migrations.ts"
import { script } from "../sql/migrations/script.ts"
import { untraced } from "../telemetry/tracing.ts"
import { schemaProblem } from "./schemaOption.ts"
import { switchProblem } from "./switchOption.ts"

/** How the tables stand to this code. @since 0.1.0 */
export interface Status {
  /** Version of the tables; 0 when there are none. */
  readonly version: number
  /** Version that this code needs. */
  readonly needed: number
  /** Migrations that have not been run, as in `0009_contracts`. */
  readonly pending: ReadonlyArray<string>
  /** Why a start would refuse these tables, whatever is pending: they are too new, of an earlier development, or were made by hand. */
  readonly problem: string | undefined
}

const nameOf = (id: number, name: string) => `${String(id).padStart(4, "0")}_${name}`

/** Where the tables are. @since 0.1.0 */
export interface Options {
  /** As `schema` of `Integration.layer`; default: the first schema of `search_path` that has them, or takes them. */
  readonly schema?: string
}

const schemaIn = (where: string, options: Options, known: ReadonlyArray<string>): string | undefined => {
  const problem = unknownOption(where, options, known) ?? schemaProblem(options.schema)
  if (problem !== undefined) throw problem
  return options.schema
}

/**
 * Runs pending migrations in one transaction; any number of processes may do so at once. Returns those that it ran. Tables of the
 * reference system are taken over (docs/from-hedhog.md), and the log says how much.
 *
 * @param options.schema - is made unless it is there; default: the first schema of `search_path` that has the tables, or takes them
 * @param options.announceInserts - whether plain `INSERT`s into `outbox_event` tell processes, which give those events their deliveries at once;
 *   default: as it is, at first false, and they are found within `pollingIntervalMs`. Transactions that tell commit one after the other, in
 *   the whole database
 *
 * Fails with `MigrationFailed` when one fails, or the role may not create tables; with `SchemaMismatch` for tables that are too new, or
 * that were made by hand; `StoreError`. Nothing is changed then. Throws `InvalidOption`, `UnsupportedOption`.
 *
 * @since 0.1.0
 */
export const run = (
  options: Options & { readonly announceInserts?: boolean } = {}
): Effect.Effect<ReadonlyArray<string>, MigrationFailed | SchemaMismatch | StoreError, SqlClient.SqlClient> => {
  const schema = schemaIn("Migrations.run", options, ["schema", "announceInserts"])
  const problem = switchProblem(options.announceInserts)
  if (problem !== undefined) throw problem
  return migrate(schema, options.announceInserts)
}

/**
 * Which migrations were run, and which are pending; changes nothing. Fails with `StoreError`. Throws `InvalidOption`,
 * `UnsupportedOption`.
 *
 * @param options.schema - where the tables are; default: the first schema of `search_path` that has them
 *
 * @since 0.1.0
 */
export const status = (options: Options = {}): Effect.Effect<Status, StoreError, SqlClient.SqlClient> => {
  const schema = schemaIn("Migrations.status", options, ["schema"])
  return untraced(
    Effect.map(
      storeErrors("migrations.status")(inSchema(schema)(Effect.all([applied, problem]))),
      ([rows, mismatch]) => {
        const done = new Set(rows.map(({ id }) => id))
        const pending = [...names].filter(([id]) => !done.has(id)).map(([id, name]) => nameOf(id, name))
        return { version: rows.at(-1)?.id ?? 0, needed, pending, problem: mismatch?.message }
      }
    )
  )
}

/**
 * One script, for `psql` or an administrator: what `run` does, in one transaction, with the record of it. It ends with an error, and
 * changes nothing, unless the tables are at version `from`.
 *
 * @param options.from - version of the tables, as `status` says; default 0, for none, or those of the reference system
 * @param options.schema - is made unless it is there; default: the first schema of `search_path` that has the tables, or takes them
 *
 * Throws `InvalidOption` for a version that there is none of, or a name that is none; `UnsupportedOption`.
 *
 * @since 0.1.0
 */
export const sql = (options: Options & { readonly from?: number } = {}): string => {
  const schema = schemaIn("Migrations.sql", options, ["schema", "from"])
  const { from = 0 } = options
  if (Number.isInteger(from) && from >= 0 && from < needed) return script(from, schema)
  throw new InvalidOption({
    option: "from of Migrations.sql",
    value: String(from),
    expected: `an integer from 0 to ${needed - 1}`
  })
}

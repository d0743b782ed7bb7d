/**
 * Which migrations the tables have.
 *
 * @internal
 */
import { SchemaMismatch } from "../../errors/StoreErrors.ts"
import type { SchemaVersion } from "../../stores/DiagnosisStore.ts"
import { names, needed } from "../migrations/ledger.ts"

/** A migration that was run. */
export interface AppliedMigration {
  readonly id: number
  readonly name: string
}

export const applied = `SELECT migration_id AS "id", name AS "name" FROM integration_migration ORDER BY migration_id`

const fileName = (id: number, name: string) => `${String(id).padStart(4, "0")}_${name}`

/** Why this code cannot work with the tables, as a start would say it. */
const problemOf = (rows: ReadonlyArray<AppliedMigration>): string | null => {
  const found = rows.at(-1)?.id ?? 0
  const unreleased = rows.find(({ id, name }) => id <= needed && names.get(id) !== name)?.name
  const breaking = rows.find(({ id, name }) => id > needed && name.endsWith(".breaking"))?.name
  if (found >= needed && unreleased === undefined && breaking === undefined) return null
  return new SchemaMismatch({
    found,
    needed,
    unreleased,
    breaking,
    isHandmade: rows.length === 0
  }).message
}

/** @param rows - migrations that were run, by number */
export const versionOf = (rows: ReadonlyArray<AppliedMigration>): SchemaVersion => ({
  found: rows.at(-1)?.id ?? 0,
  needed,
  pending: [...names].filter(([id]) => !rows.some((row) => row.id === id)).map(([id, name]) => fileName(id, name)),
  newer: rows.filter(({ id }) => id > needed).map(({ id, name }) => fileName(id, name)),
  problem: problemOf(rows)
})

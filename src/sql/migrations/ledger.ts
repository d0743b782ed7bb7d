/**
 * What the tables know of their version.
 *
 * @internal
 */
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { migrations } from "./migrations.generated.ts"

export const ledger = "integration_migration"

/** Version this code needs: the number of its newest migration. */
export const needed = Math.max(...Object.keys(migrations).map((name) => Number.parseInt(name, 10)))

/** What the ledger calls the migrations of this code, by number. */
export const names: ReadonlyMap<number, string> = new Map(
  Object.keys(migrations).map((key) => [Number.parseInt(key, 10), key.replace(/^\d+_/, "")])
)

/** Migrations that were run, by number. Where plain names find them. */
export const applied = Effect.gen(function* () {
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const [exists] = yield* sql<{ found: boolean }>`SELECT to_regclass(${ledger}) IS NOT NULL AS "found"`
  if (exists?.found !== true) return []
  return yield* sql<{ id: number; name: string }>`
    SELECT migration_id AS "id", name AS "name" FROM ${sql(ledger)} ORDER BY migration_id`
})

/** The schema that the ledger is found in, if that is not the one in which plain names make tables. */
export const behind = Effect.gen(function* () {
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const [row] = yield* sql<{ schema: string }>`
    SELECT n.nspname AS "schema"
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.oid = to_regclass(${ledger}) AND n.nspname IS DISTINCT FROM current_schema()`
  return row?.schema
})

/** Whether there are tables in the first schema, where migrations would make them. */
export const isHandmade = Effect.gen(function* () {
  const sql = (yield* SqlClient.SqlClient).withoutTransforms()
  const [row] = yield* sql<{ found: boolean }>`
    SELECT to_regclass(quote_ident(current_schema()) || '.integration_event') IS NOT NULL AS "found"`
  return row?.found === true
})

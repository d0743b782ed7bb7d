/**
 * The migrations as one script, for whoever may create tables where applications may not.
 *
 * @internal
 */
import { ledger, names } from "./ledger.ts"
import { migrations } from "./migrations.generated.ts"
import { setAside, takeOver } from "./takeOver.ts"

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`

/** Ends the script unless the tables are at the version it begins with. */
const guard = (from: number) => `DO $guard$
DECLARE
  found integer;
BEGIN
  SELECT coalesce(max(migration_id), 0) INTO found FROM ${ledger};
  IF found <> ${from} THEN
    RAISE EXCEPTION 'The integration tables are at version %, this script is for version ${from}', found;
  END IF;
END
$guard$`

const recorded = (id: number, name: string) =>
  `INSERT INTO ${ledger} (migration_id, name) VALUES (${id}, ${literal(name)})`

/** Goes on where the tables are, if they are not in the first schema of `search_path`. */
const where = `DO $where$
DECLARE
  found text;
BEGIN
  SELECT n.nspname INTO found
  FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
  WHERE c.oid = to_regclass('${ledger}');
  IF found IS NOT NULL THEN PERFORM set_config('search_path', quote_ident(found), true); END IF;
END
$where$;`

/** @param schema - quoted */
const into = (schema: string) => [`CREATE SCHEMA IF NOT EXISTS ${schema};`, `SET LOCAL search_path = ${schema};`]

/**
 * SQL that brings tables from a version to the one this code needs, in one transaction, and records it.
 *
 * @param from - version of the tables; 0 when there are none
 * @param schema - where they are; without one: in the first of `search_path`
 */
export const script = (from: number, schema: string | undefined): string => {
  const quoted = schema === undefined ? undefined : `"${schema.replaceAll('"', '""')}"`
  const steps = Object.entries(migrations).flatMap(([key, statements]) => {
    const id = Number.parseInt(key, 10)
    return id <= from
      ? []
      : [`-- ${key}`, ...statements.map((each) => `${each};`), `${recorded(id, names.get(id) ?? key)};`]
  })
  return `${[
    `-- Tables of effect-integration, in ${quoted === undefined ? "the first schema of search_path" : `schema ${quoted.replaceAll(/[\r\n]/g, " ")}`}. All or nothing.`,
    "BEGIN;",
    ...(quoted === undefined ? [where] : into(quoted)),
    ...(from === 0 ? [`${setAside};`] : []),
    `CREATE TABLE IF NOT EXISTS ${ledger} (
  migration_id integer PRIMARY KEY,
  created_at timestamptz NOT NULL DEFAULT now(),
  name text NOT NULL
);`,
    `LOCK TABLE ${ledger} IN ACCESS EXCLUSIVE MODE;`,
    `${guard(from)};`,
    ...steps,
    ...(from === 0 ? [`${takeOver};`] : []),
    "COMMIT;"
  ].join("\n\n")}\n`
}

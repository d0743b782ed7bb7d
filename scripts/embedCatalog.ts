/**
 * Writes what the catalog says of freshly migrated tables into `src/sql/diagnosis/expected.generated.ts`: what the doctor compares with.
 * test/operations/catalog.test.ts fails when it is not that of the migrations.
 */
import { writeFileSync } from "node:fs"
import { fileURLToPath } from "node:url"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import * as Migrations from "../src/integration/Migrations.ts"
import * as PgLite from "../src/pglite/PgLite.ts"
import { catalog } from "../src/sql/diagnosis/catalog.ts"

const target = fileURLToPath(new URL("../src/sql/diagnosis/expected.generated.ts", import.meta.url))

const parts = await Effect.gen(function* () {
  yield* Migrations.run()
  return yield* catalog((yield* SqlClient.SqlClient).withoutTransforms())
}).pipe(Effect.provide(PgLite.layerMemory), Effect.runPromise)

const entries = parts.map(({ definition, kind, name, table }) => `  ${JSON.stringify([kind, name, table, definition])}`)

writeFileSync(
  target,
  `/**
 * The parts of the tables as the migrations make them, written by \`npm run embed:catalog\`. Not to be edited.
 *
 * @internal
 */
import type { Part } from "./catalog.ts"

/** Kind, name, table and definition. */
export const rows: ReadonlyArray<readonly [Part["kind"], string, string | null, string]> = [
${entries.join(",\n")}
]
`
)

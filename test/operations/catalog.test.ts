/** What the doctor compares tables with is what the migrations make, on every database. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { DiagnosisStore, Integration } from "../../src/index.ts"
import { catalog } from "../../src/sql/diagnosis/catalog.ts"
import { expectedParts } from "../../src/sql/diagnosis/deviations.ts"
import { databases } from "../support/databases.ts"
import { services, unpolled } from "../support/scenario.ts"

for (const { layer, name } of databases) {
  describe(name, () => {
    // When this fails after a change of sql/: npm run embed:catalog
    it.live("the parts of freshly made tables are those that are embedded", () =>
      Effect.gen(function* () {
        const found = yield* catalog((yield* SqlClient.SqlClient).withoutTransforms())
        const parts = found.map(({ definition, kind, name, table }) => ({ kind, name, table, definition }))
        assert.deepStrictEqual(parts, yield* expectedParts)
        assert.isAtLeast(parts.length, 250)
        assert.deepStrictEqual(yield* DiagnosisStore.use((store) => store.deviations), [])
      }).pipe(Effect.provide(services(layer)))
    )

    it.live("also in a schema that has to be quoted, and with the trigger switched on that tells of inserts", () =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* DiagnosisStore.use((store) => store.deviations), [])
        const { problem } = yield* DiagnosisStore.use((store) => store.version)
        assert.isNull(problem)
      }).pipe(
        Effect.provide(Integration.layer({ schema: 'Odd "schema".1', announceInserts: true, settings: unpolled })),
        Effect.provide(layer)
      )
    )
  })
}

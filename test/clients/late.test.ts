/** Processes whose handlers take longer than they may: what ends their transactions does not end the process. */
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { createWritten } from "../support/application.ts"
import { written } from "../support/applications.ts"
import { start } from "../support/children.ts"
import { inSchema } from "../support/databases.ts"
import { clientNames, kyselyAlone } from "../support/transactionClients.ts"

const late = "HandlerTimeout"

describe.each([...clientNames, kyselyAlone])("%s", (name) => {
  it.live("a process lives on when handlers time out, in a statement or beside it, and ends by itself", () =>
    inSchema(
      SqlClient.SqlClient.use((sql) => sql.unsafe(createWritten)),
      (env) =>
        Effect.gen(function* () {
          const child = yield* start("../clients/programs/late", { ...env, TEST_CLIENT: name })
          const { outcomes } = yield* child.message("done")
          assert.deepStrictEqual(outcomes, [late, late, late, "processed"])
          assert.strictEqual(yield* child.exit, 0, child.errors())
          assert.deepStrictEqual(yield* written("late"), [3])
        })
    )
  )
})

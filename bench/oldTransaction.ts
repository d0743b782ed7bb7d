/** Draining while a transaction is open that began before: nothing it might see is cleaned up. */
import { Effect, ManagedRuntime } from "effect"
import { SqlClient } from "effect/sql"
import { clientFor } from "./harness/database.ts"
import type { Bench, Run } from "./harness/model.ts"
import * as Here from "./here.ts"

const beside = (isOpen: boolean) => async (run: Run) => {
  await Here.prepare(run)
  const runtime = ManagedRuntime.make(clientFor(run.url))
  if (isOpen) {
    const { promise, resolve } = Promise.withResolvers<void>()
    runtime.runFork(
      SqlClient.SqlClient.use((sql) =>
        sql.withTransaction(
          Effect.gen(function* () {
            yield* sql`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ`
            yield* sql`SELECT pg_current_xact_id()::text`
            resolve()
            yield* Effect.never
          })
        )
      )
    )
    await promise
  }
  return Here.drain(run, "nothing")
}

export default {
  title: "drain under an old transaction, handler does nothing",
  size: { short: 20_000, long: 50_000 },
  relativeTo: "none",
  sides: [
    { name: "none", role: "here", measure: beside(false) },
    { name: "one open all the while", role: "here", measure: beside(true) }
  ]
} satisfies Bench

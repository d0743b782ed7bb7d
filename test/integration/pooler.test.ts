/** Starting behind a pooler in transaction mode: what the client has to be told is found out at once. */
import { PgClient } from "@effect/sql-pg"
import { assert, it } from "@effect/vitest"
import { Effect, Layer, Redacted } from "effect"
import { SqlClient } from "effect/sql"
import { inject } from "vitest"
import { Integration } from "../../src/index.ts"
import { clientFor, uniqueSchema, withSchema } from "../support/databases.ts"
import { transactionPooler } from "../support/pooler.ts"

/** Builds all services behind a pooler, and says whether there were tables then. */
const startBehindPooler = (options: Partial<PgClient.PgClientConfig>, integration: Integration.Options = {}) => {
  const schema = uniqueSchema()
  return Effect.gen(function* () {
    const url = yield* transactionPooler(inject("postgresUrl"), 6)
    const client = PgClient.layer({
      url: Redacted.make(url),
      startupParameters: { search_path: schema },
      ...options
    })
    const exit = yield* Effect.result(
      Effect.scoped(Layer.build(Integration.layer(integration).pipe(Layer.provide(client))))
    )
    const [found] = yield* SqlClient.SqlClient.use(
      (sql) => sql<{ tables: boolean }>`SELECT to_regclass('outbox_event') IS NOT NULL AS tables`
    )
    return { exit, hasTables: found?.tables }
  }).pipe(Effect.scoped, Effect.provide(withSchema(schema).pipe(Layer.provideMerge(clientFor(schema)))))
}

it.live("a client whose prepared statements would get lost is refused before anything is written", () =>
  Effect.gen(function* () {
    const { exit, hasTables } = yield* startBehindPooler({})
    assert.isTrue(exit._tag === "Failure")
    if (exit._tag === "Failure") {
      assert.strictEqual(exit.failure._tag, "InvalidOption")
      assert.strictEqual(
        exit.failure.message,
        "Option prepare of PgClient is true, expected false: the database is behind a pooler in transaction mode that does not keep prepared statements, and statements would fail now and then."
      )
    }
    assert.isFalse(hasTables)
  })
)

it.live("one that prepares none starts", () =>
  Effect.gen(function* () {
    const { exit, hasTables } = yield* startBehindPooler({ prepare: false })
    assert.strictEqual(exit._tag, "Success")
    assert.isTrue(hasTables)
  })
)

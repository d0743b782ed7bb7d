/** The administration beside the application's own transactions, on PostgreSQL. */
import { assert, layer as withLayer } from "@effect/vitest"
import { Deferred, Effect, Fiber, Layer, Logger } from "effect"
import { SqlClient } from "effect/sql"
import { Admin } from "../../src/admin/Admin.ts"
import { Integration, Settings } from "../../src/index.ts"
import { postgres } from "../support/databases.ts"
import { unpolled } from "../support/scenario.ts"

const logged: Array<string> = []

const logger = Logger.make(({ logLevel, message }) => {
  if (logLevel === "Warn") logged.push(String(message))
})

const Live = Admin.layer.pipe(
  Layer.provideMerge(Integration.layer({ settings: unpolled })),
  Layer.provideMerge(postgres()),
  Layer.provideMerge(Logger.layer([logger]))
)

const statementTimeout = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  const [row] = yield* sql<{ readonly statement_timeout: string }>`SHOW statement_timeout`
  return row?.statement_timeout
})

withLayer(Live, { excludeTestServices: true, timeout: "60 seconds" })("the administration", (it) => {
  it.effect("leaves no limit behind in a transaction of the application", () =>
    Effect.gen(function* () {
      const admin = yield* Admin
      const sql = yield* SqlClient.SqlClient
      const after = yield* sql.withTransaction(Effect.andThen(admin.consumers.list, statementTimeout))
      assert.strictEqual(after, "0")
      yield* admin.consumers.list
      const all = yield* Effect.all(
        Array.from({ length: 10 }, () => statementTimeout),
        { concurrency: 10 }
      )
      assert.deepStrictEqual(new Set(all), new Set(["0"]))
    })
  )

  it.effect("has a setting in force when it is committed, and not before", () =>
    Effect.gen(function* () {
      const admin = yield* Admin
      const sql = yield* SqlClient.SqlClient
      const settings = yield* Settings
      const put = admin.settings.put("retentionHours", { value: 7 })
      yield* Effect.exit(sql.withTransaction(Effect.andThen(put, Effect.fail("rolled back"))))
      assert.strictEqual((yield* settings.current).retentionHours, 0)
      yield* sql.withTransaction(
        Effect.gen(function* () {
          yield* put
          yield* admin.settings.list
          assert.strictEqual((yield* settings.current).retentionHours, 0)
        })
      )
      assert.strictEqual((yield* settings.current).retentionHours, 7)
      yield* admin.settings.put("retentionHours", { value: null })
    })
  )

  it.effect("gives up a statement that waits for others, and says why where it runs", () =>
    Effect.gen(function* () {
      const admin = yield* Admin
      const sql = yield* SqlClient.SqlClient
      const isLocked = yield* Deferred.make<void>()
      const holding = yield* Effect.forkChild(
        sql.withTransaction(
          sql`LOCK TABLE integration_replica IN ACCESS EXCLUSIVE MODE`.pipe(
            Effect.andThen(Deferred.succeed(isLocked, undefined)),
            Effect.andThen(Effect.never)
          )
        )
      )
      yield* Deferred.await(isLocked)
      logged.length = 0
      const problem = yield* Effect.flip(admin.replicas)
      assert.strictEqual(problem._tag, "Unavailable")
      assert.include(problem.detail, "two seconds")
      assert.isTrue(logged.some((line) => line.startsWith("The administration was refused by the database")))
      yield* Fiber.interrupt(holding)
      assert.isArray(yield* admin.replicas)
    })
  )
})

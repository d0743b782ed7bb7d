/** What is found of a server as a whole: it is down, takes no writes, follows another one, or cleans nothing. */
import { rmSync, writeFileSync } from "node:fs"
import { assert, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { SqlClient } from "effect/sql"
import { Health, Integration } from "../../src/index.ts"
import { clientFor } from "../support/databases.ts"
import { checkOf, examined, findingsOf } from "../support/doctors.ts"
import { startPostgres } from "../support/postgres.ts"
import { unpolled, until } from "../support/scenario.ts"

const ready = Health.use((health) => health.ready())

const setting = (name: string, value: "on" | "off") =>
  SqlClient.SqlClient.use((sql) =>
    Effect.andThen(sql.unsafe(`ALTER SYSTEM SET ${name} = ${value}`), sql`SELECT pg_reload_conf()`)
  )

it.live(
  "a server that cleans nothing, takes no writes, is down, or follows another one",
  () =>
    Effect.gen(function* () {
      const server = yield* Effect.acquireRelease(
        Effect.promise(() => startPostgres({ fsync: false })),
        ({ stop }) => Effect.promise(stop)
      )
      const context = yield* Layer.build(
        Integration.layer({ settings: unpolled }).pipe(Layer.provideMerge(clientFor("public", { url: server.url })))
      )
      yield* Effect.gen(function* () {
        const sql = yield* SqlClient.SqlClient
        assert.deepStrictEqual((yield* examined()).findings, [])
        const [where] = yield* sql<{ directory: string }>`SELECT current_setting('data_directory') AS directory`

        yield* setting("autovacuum", "off")
        const off = yield* until(examined(), (_) => findingsOf(_, "autovacuum-off").length > 0)
        assert.strictEqual(findingsOf(off, "autovacuum-off")[0]?.subject, null)
        yield* setting("autovacuum", "on")

        yield* setting("default_transaction_read_only", "on")
        const readOnly = yield* until(examined(), (_) => findingsOf(_, "database-read-only").length > 0)
        assert.deepStrictEqual(findingsOf(readOnly, "database-in-recovery"), [])
        yield* setting("default_transaction_read_only", "off")
        yield* until(examined(), ({ findings }) => findings.length === 0)

        yield* Effect.promise(() => server.down("crash"))
        const down = yield* examined()
        assert.strictEqual(down.findings[0]?.id, "database-unreachable")
        assert.notInclude(JSON.stringify(down), String(server.port))
        assert.strictEqual(checkOf(down, "objects")?.outcome, "skipped")
        assert.strictEqual(checkOf(down, "settings")?.outcome, "ok")
        const unready = yield* ready
        assert.isFalse(unready.isHealthy)
        assert.match(unready.reasons.find(({ id }) => id === "store")?.detail ?? "", /^It (refused|did not answer)/)
        assert.notMatch(JSON.stringify(unready), /127\.0\.0\.1|postgres:/)

        yield* Effect.promise(() => server.up())
        yield* until(ready, ({ isHealthy }) => isHealthy)

        yield* Effect.promise(() => server.down("stop"))
        writeFileSync(`${where?.directory}/standby.signal`, "")
        // It says in other words that it is ready.
        const isUp = server.up()
        isUp.catch(() => {})
        const follows = yield* until(examined(), (_) => findingsOf(_, "database-in-recovery").length > 0)
        assert.deepStrictEqual(findingsOf(follows, "database-unreachable"), [])
        rmSync(`${where?.directory}/standby.signal`)
      }).pipe(Effect.provideContext(context))
    }).pipe(Effect.scoped),
  120_000
)

/** Savepoints of a delivery's transaction are set when something is run behind them, and mean the same as ever. */
import { assert, describe, it, layer } from "@effect/vitest"
import { Deferred, Effect, Stream } from "effect"
import { SqlClient, type SqlConnection } from "effect/sql"
import { Transactor } from "../src/index.ts"
import { checkConstraints, holdingSavepoints } from "../src/sql/heldSavepoints.ts"
import { postgres } from "./support/databases.ts"
import { services } from "./support/scenario.ts"

const recorded = () => {
  const said: Array<string> = []
  const say = (text: string) =>
    Effect.sync(() => {
      said.push(text)
      return []
    })
  const connection: SqlConnection.Connection = {
    execute: say,
    executeRaw: say,
    executeValues: say,
    executeUnprepared: say,
    executeValuesUnprepared: say,
    executeStream: (text) => Stream.fromEffect(say(text))
  }
  const held = holdingSavepoints(connection)
  return { said, held, run: (text: string) => held.execute(text, [], undefined) }
}

describe("held savepoints", () => {
  it.effect("are not sent, nor what ends them, when nothing is run behind them", () =>
    Effect.gen(function* () {
      const { run, said } = recorded()
      for (const text of ["BEGIN", "claim", "SAVEPOINT effect_sql_1", checkConstraints]) yield* run(text)
      for (const text of ["RELEASE SAVEPOINT effect_sql_1", "mark"]) yield* run(text)
      for (const text of ["SAVEPOINT effect_sql_1", "ROLLBACK TO SAVEPOINT effect_sql_1"]) yield* run(text)
      for (const text of ["RELEASE SAVEPOINT effect_sql_1", "charge"]) yield* run(text)
      assert.deepStrictEqual(said, ["BEGIN", "claim", "mark", "charge"])
    })
  )

  it.effect("are sent, outermost first, before any kind of statement", () =>
    Effect.gen(function* () {
      const kinds = (held: SqlConnection.Connection) => [
        held.execute("write", [], undefined),
        held.executeRaw("write", []),
        held.executeValues("write", []),
        held.executeUnprepared("write", [], undefined),
        held.executeValuesUnprepared("write", []),
        Stream.runDrain(held.executeStream("write", [], undefined))
      ]
      for (const index of kinds(recorded().held).keys()) {
        const { held, run, said } = recorded()
        yield* run("SAVEPOINT effect_sql_1")
        yield* run("SAVEPOINT effect_sql_2")
        yield* kinds(held)[index] as Effect.Effect<unknown>
        yield* run("RELEASE SAVEPOINT effect_sql_2")
        yield* run(checkConstraints)
        yield* run("ROLLBACK TO SAVEPOINT effect_sql_1")
        assert.deepStrictEqual(said, [
          "SAVEPOINT effect_sql_1",
          "SAVEPOINT effect_sql_2",
          "write",
          "RELEASE SAVEPOINT effect_sql_2",
          checkConstraints,
          "ROLLBACK TO SAVEPOINT effect_sql_1"
        ])
      }
    })
  )
})

layer(services(postgres()), { excludeTestServices: true, timeout: "60 seconds" })("savepoints", (it) => {
  it.effect("undo what failed behind them, and keep what came before and after", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { breakable, withTransaction } = yield* Transactor
      yield* sql`CREATE TABLE kept (what text)`
      const write = (what: string) => sql`INSERT INTO kept (what) VALUES (${what})`
      const undone = (effect: Effect.Effect<unknown, unknown>) =>
        Effect.ignore(withTransaction(Effect.andThen(effect, Effect.fail("undone"))))
      const transaction = Effect.gen(function* () {
        yield* undone(Effect.void)
        yield* withTransaction(Effect.void)
        yield* write("first")
        yield* undone(write("lost"))
        // The inner one is left without a statement, the outer one is not.
        yield* withTransaction(Effect.andThen(undone(Effect.void), write("outer")))
        yield* undone(withTransaction(write("released, then lost")))
        yield* withTransaction(Effect.andThen(undone(sql`SELECT 1 / 0`), write("after an error")))
        yield* write("last")
      })
      yield* breakable(transaction, yield* Deferred.make<void>())
      const rows = yield* sql<{ what: string }>`SELECT what FROM kept`
      assert.deepStrictEqual(
        rows.map(({ what }) => what),
        ["first", "outer", "after an error", "last"]
      )
    })
  )
})

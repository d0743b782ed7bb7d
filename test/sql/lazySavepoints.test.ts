/** Savepoints of a delivery's transaction are set when something is run behind them, and mean the same as ever. */
import { assert, describe, it, layer } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Stream } from "effect"
import { SqlClient, type SqlConnection, SqlError } from "effect/sql"
import { Transactor } from "../../src/index.ts"
import { checkConstraints, checkSavepoint, lazySavepoints } from "../../src/sql/connection/lazySavepoints.ts"
import { postgres } from "../support/databases.ts"
import { services } from "../support/scenario.ts"

const [set, release, undo] = ["SAVEPOINT", "RELEASE SAVEPOINT", "ROLLBACK TO SAVEPOINT"].map((_) => `${_} effect_sql_1`)

/** A connection that notes what is said on it. */
const recorded = (answer: (text: string) => Effect.Effect<void, SqlError.SqlError> = () => Effect.void) => {
  const said: Array<string> = []
  const say = (text: string) =>
    Effect.suspend(() => {
      said.push(text)
      return Effect.as(answer(text), [])
    })
  const held = lazySavepoints({
    execute: say,
    executeRaw: say,
    executeValues: say,
    executeUnprepared: say,
    executeValuesUnprepared: say,
    executeStream: (text) => Stream.fromEffect(say(text))
  })
  return { said, held, run: (text = "") => held.execute(text, [], undefined) }
}

const aborted = new SqlError.SqlError({
  reason: new SqlError.UnknownError({ cause: undefined, message: "aborted", operation: "execute" })
})

describe("a held savepoint", () => {
  it.effect("is not sent, nor what ends it, when nothing is run behind it", () =>
    Effect.gen(function* () {
      const { run, said } = recorded()
      for (const text of ["BEGIN", "claim", set, checkSavepoint, release, "mark"]) yield* run(text)
      for (const text of [set, undo, release, "charge"]) yield* run(text)
      assert.deepStrictEqual(said, ["BEGIN", "claim", "mark", "charge"])
    })
  )

  it.effect("is sent before any kind of statement; a check of constraints that is not ours is one", () =>
    Effect.gen(function* () {
      const kinds = (held: SqlConnection.Connection) => [
        held.execute("write", [], undefined),
        held.executeRaw("write", []),
        held.executeValues("write", []),
        held.executeUnprepared("write", [], undefined),
        held.executeValuesUnprepared("write", []),
        Stream.runDrain(held.executeStream("write", [], undefined)),
        held.execute(checkConstraints, [], undefined),
        held.execute("SAVEPOINT effect_sql_2", [], undefined)
      ]
      for (const index of kinds(recorded().held).keys()) {
        const { held, run, said } = recorded()
        yield* run(set)
        yield* kinds(held)[index] as Effect.Effect<unknown>
        for (const text of [checkSavepoint, undo]) yield* run(text)
        assert.strictEqual(said.length, 4)
        assert.deepStrictEqual([said[0], ...said.slice(2)], [set, checkSavepoint, undo])
      }
    })
  )

  it.effect("is overtaken by nothing, on whichever fiber, until it has been answered", () =>
    Effect.gen(function* () {
      const answered = yield* Deferred.make<void>()
      const { run, said } = recorded((text) => (text === set ? Deferred.await(answered) : Effect.void))
      yield* run(set)
      const fibers = yield* Effect.forEach(["one", "two", release], (text) =>
        Effect.forkChild(run(text), { startImmediately: true })
      )
      yield* Effect.yieldNow
      assert.deepStrictEqual(said, [set])
      yield* Deferred.succeed(answered, undefined)
      yield* Fiber.joinAll(fibers)
      assert.deepStrictEqual(said, [set, "one", "two", release])
    })
  )

  it.effect("that was refused has not been set, and is ended by the transaction", () =>
    Effect.gen(function* () {
      const { held, run, said } = recorded((text) => (text === set ? Effect.fail(aborted) : Effect.void))
      yield* run(set)
      assert.isTrue(Exit.isFailure(yield* Effect.exit(run("write"))))
      for (const text of [undo, release]) yield* run(text)
      yield* run(set)
      yield* run("ROLLBACK")
      yield* held.executeRaw("COMMIT", [])
      assert.deepStrictEqual(said, [set, "ROLLBACK", "COMMIT"])
    })
  )
})

layer(services(postgres()), { excludeTestServices: true, timeout: "60 seconds" })("savepoints", (it) => {
  it.effect("undo what failed behind them, and keep what came before and after", () =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const { abortableTransaction: breakable, withTransaction } = yield* Transactor
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
        // Statements of two fibers are behind the same savepoints.
        const both = Effect.all([write("one"), write("another")], { concurrency: 2 })
        yield* undone(undone(both))
        yield* undone(Effect.andThen(undone(both), both))
        yield* withTransaction(Effect.all([withTransaction(Effect.sleep(1)), write("beside")], { concurrency: 2 }))
        yield* write("last")
      })
      yield* breakable(transaction, yield* Deferred.make<void>())
      const rows = yield* sql<{ what: string }>`SELECT what FROM kept`
      assert.deepStrictEqual(
        rows.map(({ what }) => what),
        ["first", "outer", "after an error", "beside", "last"]
      )
    })
  )
})

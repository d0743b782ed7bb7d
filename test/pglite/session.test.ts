/** Transactions and statements of many fibers, which PGlite's single session runs one after the other. */
import { PgClient } from "@effect/sql-pg"
import { assert, it, layer } from "@effect/vitest"
import { Cause, Context, Deferred, Effect, Fiber, Layer, Option, Stream } from "effect"
import { SqlClient } from "effect/sql"
import * as PgLite from "../../src/pglite/PgLite.ts"
import { SqlCapabilities } from "../../src/stores/SqlCapabilities.ts"
import { createRows, duringTransaction, insert, rows } from "../support/pglite.ts"

layer(PgLite.layerMemory, { timeout: "1 minute", excludeTestServices: true })("PgLite.layerMemory", (it) => {
  it.effect("says what the database can do", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* SqlCapabilities, { singleSession: true, lockTimeout: false })
      const Consumer = Context.Service<SqlCapabilities>("test/Consumer")
      const consumer = Layer.effect(Consumer, SqlCapabilities).pipe(
        Layer.provideMerge(Layer.succeed(SqlCapabilities, { singleSession: true, lockTimeout: false }))
      )
      assert.isTrue((yield* Consumer.pipe(Effect.provide(consumer))).singleSession)
    })
  )

  it.effect("rolls back to the savepoint when a nested transaction fails", () =>
    Effect.gen(function* () {
      const sql = yield* freshRows
      yield* sql.withTransaction(
        Effect.gen(function* () {
          yield* insert(1)
          yield* Effect.ignore(sql.withTransaction(Effect.andThen(insert(2), Effect.fail("no"))))
          yield* sql.withTransaction(insert(3))
          const error = yield* Effect.flip(sql.withTransaction(Effect.andThen(insert(4), insert(1))))
          assert.strictEqual(error.reason._tag, "UniqueViolation")
          yield* insert(5)
        })
      )
      assert.deepStrictEqual(yield* rows, [1, 3, 5])
    })
  )

  it.effect("rolls back the transaction in which a statement fails, and only that", () =>
    Effect.gen(function* () {
      const sql = yield* freshRows
      yield* insert(1)
      const error = yield* Effect.flip(sql.withTransaction(Effect.andThen(insert(2), insert(1))))
      assert.strictEqual(error.reason._tag, "UniqueViolation")
      yield* insert(3)
      assert.deepStrictEqual(yield* rows, [1, 3])
    })
  )

  it.effect("does not report an aborted transaction as committed", () =>
    Effect.gen(function* () {
      const sql = yield* freshRows
      yield* insert(1)
      const error = yield* Effect.flip(sql.withTransaction(Effect.ignore(insert(1))))
      assert.include(error.reason.message, "rolled back an aborted transaction")
    })
  )

  it.effect("runs transactions one after the other", () =>
    Effect.gen(function* () {
      const sql = yield* freshRows
      yield* insert(0)
      const increment = sql.withTransaction(
        Effect.gen(function* () {
          const [row] = yield* sql<{ id: number }>`select max(id) as id from rows`
          yield* Effect.sleep(1)
          yield* insert(row!.id + 1)
        })
      )
      yield* Effect.all(
        Array.from({ length: 20 }, () => increment),
        { concurrency: "unbounded" }
      )
      assert.deepStrictEqual(
        yield* rows,
        Array.from({ length: 21 }, (_, id) => id)
      )
    })
  )

  it.effect("runs statements of other fibers after the transaction, in their order", () =>
    Effect.gen(function* () {
      yield* freshRows
      const waiting = yield* duringTransaction((inTransaction) =>
        Effect.forEach([1, 2, 3], (id) => startWaiting(insert(id), inTransaction))
      )
      yield* Effect.forEach(waiting, Fiber.join)
      assert.deepStrictEqual(yield* rows, [1, 2, 3])
    })
  )

  it.effect("lets a fiber go that waits with a statement, and never runs that statement", () =>
    Effect.gen(function* () {
      yield* freshRows
      yield* duringTransaction((inTransaction) =>
        Effect.flatMap(startWaiting(insert(1), inTransaction), Fiber.interrupt)
      )
      yield* insert(2)
      assert.deepStrictEqual(yield* rows, [2])
    })
  )

  it.effect("lets a fiber go that waits to begin a transaction, and never begins it", () =>
    Effect.gen(function* () {
      const sql = yield* freshRows
      yield* duringTransaction((inTransaction) =>
        Effect.flatMap(startWaiting(sql.withTransaction(insert(1)), inTransaction), Fiber.interrupt)
      )
      yield* sql.withTransaction(insert(2))
      assert.deepStrictEqual(yield* rows, [2])
    })
  )

  it.effect(
    "lets a fiber go that waits in its own transaction for another session, and goes on with the transaction",
    () =>
      Effect.gen(function* () {
        const sql = yield* freshRows
        yield* sql.withTransaction(
          Effect.gen(function* () {
            const waiting = Effect.timeoutOption(outsideTransaction(sql.withTransaction(insert(1))), "50 millis")
            assert.isTrue(Option.isNone(yield* waiting))
            yield* insert(2)
          })
        )
        assert.deepStrictEqual(yield* rows, [2])
      })
  )

  it.effect("rolls back the transaction of an interrupted fiber", () =>
    Effect.gen(function* () {
      const sql = yield* freshRows
      const inside = yield* Deferred.make<void>()
      const fiber = yield* Effect.forkChild(
        sql.withTransaction(
          Effect.andThen(insert(1), Effect.andThen(Deferred.succeed(inside, undefined), Effect.never))
        )
      )
      yield* Deferred.await(inside)
      yield* Fiber.interrupt(fiber)
      assert.deepStrictEqual(yield* rows, [])
    })
  )

  it.effect("can open a transaction after the commit of another", () =>
    Effect.gen(function* () {
      const sql = yield* freshRows
      yield* sql.withTransaction(
        Effect.andThen(insert(1), sql.afterCommit(Effect.orDie(sql.withTransaction(insert(2)))))
      )
      assert.deepStrictEqual(yield* rows, [1, 2])
    })
  )

  it.effect("answers statements while a stream is being read", () =>
    Effect.gen(function* () {
      const sql = yield* freshRows
      yield* sql<{ n: number }>`select generate_series(1, 2000) as n`.stream.pipe(
        Stream.filter(({ n }) => n % 500 === 0),
        Stream.runForEach(({ n }) => insert(n))
      )
      assert.deepStrictEqual(yield* rows, [500, 1000, 1500, 2000])
    })
  )

  it.effect("refuses COPY FROM STDIN, which would stop the event loop, and goes on", () =>
    Effect.gen(function* () {
      const sql = yield* freshRows
      const error = yield* Effect.flip(sql`copy rows from stdin`)
      assert.include(error.reason.message, "COPY is not supported")
      yield* insert(1)
      const failure = yield* Effect.flip(
        sql.withTransaction(Effect.andThen(insert(2), sql`COPY rows FROM STDIN`)).pipe(Effect.sandbox)
      )
      assert.include(Cause.pretty(failure), "COPY is not supported")
      assert.deepStrictEqual(yield* rows, [1])
    })
  )

  it.effect("leaves no prepared statements of closed connections in the session", () =>
    Effect.gen(function* () {
      const pg = yield* PgClient.PgClient
      const prepared = Effect.map(pg`select name from pg_prepared_statements`.unprepared, (names) => names.length)
      const before = yield* prepared
      yield* Effect.scoped(pg.listen("prepared"))
      assert.strictEqual(yield* prepared, before)
    })
  )
})

it.live(
  "PgLite.layerMemory is another database each time it is built",
  () =>
    Effect.gen(function* () {
      yield* Effect.provide(createRows, PgLite.layerMemory)
      const tables = SqlClient.SqlClient.use((sql) => sql`select 1 from pg_class where relname = 'rows'`)
      assert.deepStrictEqual(yield* Effect.provide(tables, PgLite.layerMemory), [])
    }),
  60_000
)

/** An empty table in the shared database. */
const freshRows = Effect.gen(function* () {
  const sql = yield* SqlClient.SqlClient
  yield* sql`drop table if exists rows`
  yield* createRows
  return sql
})

/** Starts `effect` in a fiber of its own and lets it get as far as it can while `inTransaction` goes on. */
const startWaiting = <A, E, R>(effect: Effect.Effect<A, E, R>, inTransaction: Effect.Effect<void>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.forkDetach(effect, { startImmediately: true })
    for (let answers = 0; answers < 5; answers++) yield* inTransaction
    assert.isUndefined(fiber.pollUnsafe())
    return fiber
  })

/** Runs `effect` outside the current transaction, as code does that has left the transaction's fiber. */
const outsideTransaction = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  SqlClient.SqlClient.use((sql) =>
    Effect.updateContext(
      effect,
      (context: Context.Context<R>) =>
        Context.omit(sql.transactionService)(context as Context.Context<never>) as Context.Context<R>
    )
  )

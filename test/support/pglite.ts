/** What tests of PGlite share: a table, and a transaction that another fiber keeps open. */
import { Deferred, Effect, Fiber, Queue } from "effect"
import { SqlClient } from "effect/sql"

/** A table whose rows know in which order they were written. */
export const createRows = SqlClient.SqlClient.use((sql) => sql`create table rows (id int primary key, at bigserial)`)

export const insert = (id: number) => SqlClient.SqlClient.use((sql) => sql`insert into rows values (${id})`)

/** All ids, in the order in which they were written. */
export const rows = SqlClient.SqlClient.use((sql) =>
  Effect.map(sql<{ id: number }>`select id from rows order by at`, (found) => found.map(({ id }) => id))
)

/**
 * Runs `effect` outside of a transaction which another fiber keeps open until `effect` is through. `effect` gets a
 * statement to run in that transaction: when a few of them are answered, whatever was started before has had its chance.
 */
export const duringTransaction = <A, E, R>(effect: (inTransaction: Effect.Effect<void>) => Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const requests = yield* Queue.unbounded<Deferred.Deferred<void>>()
    const answer = Effect.flatMap(Queue.take(requests), (request) =>
      Effect.andThen(sql`select 1`, Deferred.succeed(request, undefined))
    )
    const ended = yield* Deferred.make<void>()
    const transaction = yield* Effect.forkChild(
      sql.withTransaction(Effect.raceFirst(Effect.forever(answer), Deferred.await(ended)))
    )
    const inTransaction = Effect.gen(function* () {
      const request = yield* Deferred.make<void>()
      yield* Queue.offer(requests, request)
      yield* Deferred.await(request)
    })
    yield* inTransaction
    const result = yield* effect(inTransaction)
    yield* inTransaction
    yield* Deferred.succeed(ended, undefined)
    yield* Fiber.join(transaction)
    return result
  })

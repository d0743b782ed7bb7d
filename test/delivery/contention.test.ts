/** Transactions that get into each other's way. */
import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { SqlClient } from "effect/sql"
import { Consumer, InboxStore, Processor, Publisher, Subscriber, Transactor } from "../../src/index.ts"
import { postgres } from "../support/databases.ts"
import { deliveries, eventsOf, serve, services } from "../support/scenario.ts"

layer(services(postgres()), { excludeTestServices: true, timeout: "60 seconds" })("contention", (it) => {
  it.effect("four workers whose handlers update the same twenty rows deliver all, exactly, and charge nobody", () =>
    Effect.gen(function* () {
      const { Happened, happenings } = eventsOf("rows")
      const sql = yield* SqlClient.SqlClient
      const processor = yield* Processor
      yield* sql`INSERT INTO shared (id) SELECT generate_series(0, 19)`
      yield* serve(
        Subscriber.make({
          consumer: Consumer.make("rows", { concurrency: 4 }),
          event: Happened,
          // Odd and even events lock two rows in opposite order: deadlocks, if nobody gives way.
          handler: ({ payload: { n } }) => {
            const rows = n % 2 === 0 ? [n % 20, (n + 7) % 20] : [(n + 7) % 20, n % 20]
            return Effect.forEach(rows, (id) => sql`UPDATE shared SET total = total + 1 WHERE id = ${id}`)
          }
        })
      )
      const events = yield* Publisher.publishAll(happenings(200))
      for (const event of events) yield* processor.settled(event.id)
      assert.deepStrictEqual(yield* sql`SELECT sum(total)::int AS total FROM shared`, [{ total: 400 }])
      const rows = yield* deliveries("rows")
      assert.isTrue(rows.every((_) => _.status === "processed" && _.attempts === 1 && _.error === null))
    })
  )

  it.effect.each([
    { ordering: "none", rest: {} },
    { ordering: "aggregate", rest: { onDeadLetter: "park" } }
  ] as const)("a claim limits how long later statements wait for locks ($ordering)", ({ ordering, rest }) =>
    Effect.gen(function* () {
      const sql = yield* SqlClient.SqlClient
      const inbox = yield* InboxStore
      const consumer = `limits-${ordering}`
      const { Happened, happenings } = eventsOf(consumer)
      yield* Effect.scoped(
        serve(
          Subscriber.make({
            consumer: Consumer.make(consumer, { ordering }),
            event: Happened,
            handler: () => Effect.void
          })
        )
      )
      yield* Publisher.publishAll(happenings(3))
      const lockWait = { one: 50, several: 20 }
      const limitAfter = (limit: number, given: typeof lockWait | { one: undefined; several: 20 } | undefined) =>
        Effect.gen(function* () {
          yield* inbox.claim({
            consumer,
            interest: { names: [Happened.name], patterns: [] },
            limit,
            lockWait: given,
            ...rest
          })
          const [row] = yield* sql<{ limit: string }>`SELECT current_setting('lock_timeout') AS "limit"`
          return row?.limit
        }).pipe(Transactor.withTransaction)
      assert.strictEqual(yield* limitAfter(1, lockWait), "50ms")
      assert.strictEqual(yield* limitAfter(3, lockWait), "20ms")
      assert.strictEqual(yield* limitAfter(1, { one: undefined, several: 20 }), "0")
      assert.strictEqual(yield* limitAfter(3, undefined), "0")
    })
  )

  it.effect("single deliveries that wait for each other's locks longer than a worker's patience are not charged", () =>
    Effect.gen(function* () {
      const { Happened, happenings } = eventsOf("patience")
      const sql = yield* SqlClient.SqlClient
      const processor = yield* Processor
      yield* sql`INSERT INTO shared (id) VALUES (100)`
      yield* serve(
        Subscriber.make({
          consumer: Consumer.make("patience", { concurrency: 4, batchSize: 1 }),
          event: Happened,
          // Holds the row longer than the first wait for a lock lasts.
          handler: () =>
            Effect.andThen(sql`UPDATE shared SET total = total + 1 WHERE id = 100`, Effect.sleep("80 millis"))
        })
      )
      const events = yield* Publisher.publishAll(happenings(16))
      for (const event of events) yield* processor.settled(event.id)
      assert.deepStrictEqual(yield* sql`SELECT total FROM shared WHERE id = 100`, [{ total: 16 }])
      const rows = yield* deliveries("patience")
      assert.isTrue(rows.every((_) => _.status === "processed" && _.attempts === 1 && _.error === null))
    })
  )

  it.effect("contention that does not end is charged in the end", () =>
    Effect.gen(function* () {
      const { Happened } = eventsOf("serial")
      const sql = yield* SqlClient.SqlClient
      let runs = 0
      yield* serve(
        Subscriber.make({
          consumer: Consumer.make("serial", { maxAttempts: 1 }),
          event: Happened,
          handler: () =>
            Effect.suspend(() => {
              runs++
              return sql`DO $$ BEGIN RAISE EXCEPTION 'always' USING ERRCODE = '40001'; END $$`
            })
        })
      )
      const event = yield* Publisher.publish(Happened, { n: 1 })
      const [settled] = yield* (yield* Processor).settled(event.id)
      assert.deepInclude(settled, { status: "dead_letter", attemptCount: 1, lastError: "SqlError: always" })
      // Once in company or at first go, ten free repeats, and the one that counts is the last of them.
      assert.strictEqual(runs, 11)
    })
  )
})

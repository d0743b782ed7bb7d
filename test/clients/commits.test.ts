/**
 * Consumers are woken by commits of others, also where those do not notify: the server is asked what has become of them.
 *
 * Polls are an hour apart, and in all but the last nothing notifies: whatever is delivered was found by its commit.
 */

import { PgClient } from "@effect/sql-pg"
import { assert, it } from "@effect/vitest"
import { Effect, Queue } from "effect"
import { SqlClient } from "effect/sql"
import { Processor, publisherIn } from "../../src/index.ts"
import { App, inTheirs, withApplication } from "../support/applications.ts"
import { eventsOf, noted, noting, serve } from "../support/scenario.ts"

const silent = { settings: { notifyEnabled: false } }

it.live("events of many transactions at once are delivered when those commit, without a notification", () =>
  Effect.gen(function* () {
    const { Happened } = eventsOf("commits")
    yield* serve(noting("commits", Happened))
    const publish = (n: number) =>
      inTheirs(async (tx, run) => {
        const event = await run(publisherIn(tx).publish(Happened, { n }))
        // Some take their time.
        await new Promise((resolve) => setTimeout(resolve, (n % 5) * 20))
        if (n % 3 === 2) throw new Error("not this one")
        return event.id
      }).pipe(Effect.option)
    const published = yield* Effect.forEach(
      Array.from({ length: 30 }, (_, n) => n),
      publish,
      { concurrency: 6 }
    )
    const ids = published.flatMap((id) => (id._tag === "Some" ? [id.value] : []))
    assert.lengthOf(ids, 20)
    for (const id of ids) yield* Processor.use((processor) => processor.settled(id))
    assert.deepStrictEqual(
      yield* noted("commits"),
      Array.from({ length: 30 }, (_, n) => n).filter((n) => n % 3 !== 2)
    )
  }).pipe(Effect.scoped, Effect.provide(withApplication("pg", silent)))
)

it.live("lists are found by their commit, too", () =>
  Effect.gen(function* () {
    const { Happened, happenings } = eventsOf("lists")
    yield* serve(noting("lists", Happened))
    const events = yield* inTheirs((tx, run) => run(publisherIn(tx).publishAll(happenings(3))))
    for (const { id } of events) yield* Processor.use((processor) => processor.settled(id))
    assert.deepStrictEqual(yield* noted("lists"), [0, 1, 2])
  }).pipe(Effect.scoped, Effect.provide(withApplication("Knex", silent)))
)

it.live("a transaction that takes long is watched until it commits, and holds nobody up", () =>
  Effect.gen(function* () {
    const { Followed, Happened } = eventsOf("long")
    const app = yield* App
    yield* serve(noting("long", Happened), noting("short", Followed))
    const ids = yield* inTheirs(async (tx, run) => {
      const late = await run(publisherIn(tx).publish(Happened, { n: 1 }))
      const early = await app.transaction((other) => run(publisherIn(other).publish(Followed, { n: 2 })))
      await run(Processor.use((processor) => processor.settled(early.id)))
      return [late.id, early.id]
    })
    for (const id of ids) yield* Processor.use((processor) => processor.settled(id))
    assert.deepStrictEqual([yield* noted("long"), yield* noted("short")], [[1], [2]])
  }).pipe(Effect.scoped, Effect.provide(withApplication("pg", silent)))
)

it.live("a transaction tells of its lists once, however many they are, and not when it is rolled back", () =>
  Effect.gen(function* () {
    const { Happened, happenings } = eventsOf("told")
    yield* serve(noting("told", Happened))
    const sql = yield* SqlClient.SqlClient
    const [channel] = yield* sql<{ name: string }>`
      SELECT 'effect_integration_' || md5('inbox_event'::regclass::oid::text) AS "name"`
    const heard = yield* (yield* PgClient.PgClient).listen(channel?.name ?? "")
    const lists = (end: () => void) =>
      inTheirs(async (tx, run) => {
        for (let n = 0; n < 5; n++) await run(publisherIn(tx).publishAll(happenings(2)))
        end()
      }).pipe(Effect.ignore)
    yield* lists(() => {
      throw new Error("no")
    })
    yield* lists(() => undefined)
    yield* Processor.use((processor) => processor.allSettled())
    // All that was told before has arrived by then.
    yield* sql`SELECT pg_notify(${channel?.name ?? ""}, 'the end')`
    const told: Array<string> = []
    for (;;) {
      const { payload } = yield* Queue.take(heard)
      if (payload === "the end") break
      if (payload.includes("told") && payload.includes('"sql"')) told.push(payload)
    }
    assert.deepStrictEqual(told, ['{"from": "sql", "wake": ["told"]}'])
  }).pipe(Effect.scoped, Effect.provide(withApplication("pg")))
)

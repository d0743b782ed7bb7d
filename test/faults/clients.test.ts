/**
 * Applications with clients of their own, killed between a statement and the commit, before it, in it or after it: what they have
 * published is there if and only if what they wrote with it is, and what they write in handlers is there once for each event.
 *
 * `npm run test:faults` does more rounds; CLIENT_ROUNDS says how many kills for each client, 200 for a figure.
 */
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer, Random } from "effect"
import { SqlClient } from "effect/sql"
import { inject } from "vitest"
import { Consumer, DomainEvent, Integration, Publisher, SubscriptionStore } from "../../src/index.ts"
import { subscriber } from "../../src/promise/PromiseApi.ts"
import { names, settings, Told } from "../processes/clients.ts"
import { createWritten } from "../support/application.ts"
import { App, stored, withApplication, written } from "../support/applications.ts"
import { start } from "../support/children.ts"
import { clientFor, uniqueSchema, withSchema } from "../support/databases.ts"
import { rounds, seed } from "../support/faults.ts"
import { eventsOf, serve, until } from "../support/scenario.ts"
import { clientNames } from "../support/transactionClients.ts"

const kills = Number(process.env.CLIENT_ROUNDS ?? 2 * rounds)

const minutes = 120_000 + 10_000 * kills

/** A schema with the tables and a durable subscription, and what leads a child process there. */
const inPlace = <A, E>(
  client: string,
  body: (env: Record<string, string>) => Effect.Effect<A, E, Integration.Services | SqlClient.SqlClient>
) => {
  const schema = uniqueSchema()
  const live = Integration.layer({ settings: { ...settings, processorEnabled: false } }).pipe(
    Layer.provideMerge(Layer.effectDiscard(SqlClient.SqlClient.use((sql) => sql.unsafe(createWritten)))),
    Layer.provideMerge(withSchema(schema)),
    Layer.provideMerge(clientFor(schema))
  )
  const subscription = { consumer: "clients", event: Told.name, priority: 0, ordering: "none" as const }
  return Effect.gen(function* () {
    yield* SubscriptionStore.use((store) => store.register([subscription]))
    return yield* body({ TEST_CLIENT: client, TEST_URL: inject("postgresUrl"), TEST_SCHEMA: schema })
  }).pipe(Effect.scoped, Effect.provide(live), Random.withSeed(seed))
}

/** Processes that run at once. */
const atOnce = 3

/** Starts processes, and kills each some time after it has begun its work; says how many had a transaction open then. */
const killedAgain = (times: number, env: (round: number) => Record<string, string>) =>
  Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    let caught = 0
    const one = (round: number) =>
      Effect.scoped(
        Effect.gen(function* () {
          const child = yield* start("clients", env(round))
          yield* child.message("ready")
          yield* Effect.sleep(yield* Random.nextIntBetween(0, 100))
          const open = yield* sql`
            SELECT 1 FROM pg_stat_activity WHERE application_name = current_schema() AND xact_start IS NOT NULL`
          if (open.length > 0) caught++
          yield* child.kill("SIGKILL")
        })
      )
    yield* Effect.forEach(
      Array.from({ length: times }, (_, round) => round),
      one,
      { concurrency: atOnce }
    )
    return caught
  })

const sorted = (numbers: ReadonlyArray<number>) => numbers.toSorted((a, b) => a - b)

/** Connections of killed processes end on the server by themselves, a moment later. */
const allEnded = SqlClient.SqlClient.use((sql) =>
  until(sql`SELECT 1 FROM pg_stat_activity WHERE application_name = current_schema()`, (rows) => rows.length === 0)
)

/** A figure for who asked for one. */
const told = (figure: string) =>
  Effect.sync(() => {
    if (process.env.CLIENT_ROUNDS !== undefined) process.stderr.write(`${figure}\n`)
  })

describe.each(clientNames)("%s", (name) => {
  it.live(
    "of a publisher that is killed again and again, an event is there if and only if the row is that was written with it",
    () =>
      inPlace(name, (env) =>
        Effect.gen(function* () {
          const caught = yield* killedAgain(kills, (round) => ({
            ...env,
            TEST_ROLE: "publish",
            TEST_FROM: String(round * 1_000_000)
          }))
          yield* allEnded
          const rows = yield* written(names.told)
          assert.isNotEmpty(rows)
          assert.deepStrictEqual(sorted(yield* stored(Told.name)), rows)
          assert.lengthOf(new Set(rows), rows.length)
          assert.isEmpty(rows.filter((n) => n % 5 === 0))
          yield* told(
            `${name}: ${kills} kills of publishers (${caught} with a transaction open), ${rows.length} rows, and as many events`
          )
        })
      ),
    minutes
  )

  it.live(
    "of a process that is killed again and again in its handlers, a row is there once for each event",
    () =>
      inPlace(name, (env) =>
        Effect.gen(function* () {
          const sql = yield* SqlClient.SqlClient
          const serving = { ...env, TEST_ROLE: "handle" }
          let count = 0
          const open = sql`SELECT 1 FROM inbox_event WHERE status NOT IN ('processed', 'dead_letter') LIMIT 2000`
          /** There is always something to do, so that a process is killed in it. */
          const feed = Effect.gen(function* () {
            for (;;) {
              const more = Array.from({ length: 200 }, () => DomainEvent.publication(Told, { n: count++ }))
              if ((yield* open).length < 400) yield* Publisher.publishAll(more)
              else count -= 200
              yield* Effect.sleep("20 millis")
            }
          })
          const caught = yield* Effect.raceFirst(
            killedAgain(kills, () => serving),
            feed
          )
          const left = (yield* open).length
          yield* allEnded
          count = (yield* stored(Told.name)).length
          yield* Effect.scoped(
            Effect.andThen(
              start("clients", serving),
              until(Effect.delay(open, 20), (rows) => rows.length === 0)
            )
          )
          const heard = yield* written(names.heard)
          assert.deepStrictEqual(heard, sorted(yield* stored(Told.name)))
          yield* told(
            `${name}: ${kills} kills in handlers (${caught} with a transaction open), ${heard.length} events (${left} or more after the last), each once`
          )
        })
      ),
    minutes
  )

  it.live(
    "four workers handle many events, each once, whatever fails",
    () =>
      Effect.gen(function* () {
        const count = Math.min(10_000, 2_000 * rounds)
        const { Happened, happenings } = eventsOf("many")
        const app = yield* App
        yield* serve(
          subscriber({
            consumer: Consumer.make("many", { concurrency: 4, maxAttempts: 3 }),
            event: Happened,
            client: app.client,
            handler: async ({ attempt, payload: { n } }, { tx }) => {
              await app.write(tx, { name: "many", n })
              if (n % 1000 === 999 && attempt === 1) throw new Error("not yet")
            }
          })
        )
        yield* Publisher.publishAll(happenings(count))
        const sql = yield* SqlClient.SqlClient
        const open = sql`SELECT 1 FROM inbox_event WHERE status NOT IN ('processed', 'dead_letter') LIMIT 1`
        yield* until(Effect.delay(open, 50), (rows) => rows.length === 0)
        assert.deepStrictEqual(
          yield* written("many"),
          Array.from({ length: count }, (_, n) => n)
        )
      }).pipe(Effect.scoped, Effect.provide(withApplication(name))),
    minutes
  )
})

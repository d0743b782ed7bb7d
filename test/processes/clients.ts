/**
 * An application of the fault suite with a client of its own (TEST_CLIENT), to be killed at any time: it writes in transactions that it
 * opens, and publishes in them, again and again (TEST_ROLE=publish), or in handlers (TEST_ROLE=handle).
 */
import { PgClient } from "@effect/sql-pg"
import { Effect, Layer, Redacted, Schema } from "effect"
import { Consumer, DomainEvent, Integration, publisherIn } from "../../src/index.ts"
import { subscriber } from "../../src/promise/PromiseApi.ts"
import * as Subscriber from "../../src/subscribing/Subscriber.ts"
import type { AnyApplication, Place } from "../support/application.ts"
import { say } from "./program.ts"

export const Told = DomainEvent.define("clients.told", {
  sourceModule: "tests",
  aggregateType: "Thing",
  aggregateId: ({ n }) => `thing-${n}`,
  payload: Schema.Struct({ n: Schema.Number })
})

/** Rows that are written with an event, by who publishes it and by who handles it. */
export const names = { told: "told", heard: "heard" }

/** Short intervals: what is looked at is what there is in the end. */
export const settings = { pollingIntervalMs: 100, idlePollingIntervalMs: 200, processingLeaseMs: 1000 }

/** An hour between polls: whatever is handled was woken up. */
const unpolled = { pollingIntervalMs: 3_600_000, idlePollingIntervalMs: 3_600_000 }

/** Loaded alone: all of them take longer than a process lives here. */
const makers: Readonly<Record<string, () => Promise<(place: Place) => AnyApplication>>> = {
  pg: async () => (await import("../support/drivers.ts")).withPg,
  postgres: async () => (await import("../support/drivers.ts")).withPostgres,
  Knex: async () => (await import("../support/drivers.ts")).withKnex,
  Kysely: async () => (await import("../support/mappers.ts")).withKysely,
  Drizzle: async () => (await import("../support/drizzle.ts")).withDrizzle,
  "Drizzle over postgres": async () => (await import("../support/drizzle.ts")).withDrizzleOverPostgres,
  Prisma: async () => (await import("../support/mappers.ts")).withPrisma
}

const undone = new Error("undone")

const play = Effect.gen(function* () {
  const { TEST_CLIENT = "", TEST_FROM = "0", TEST_ROLE, TEST_SCHEMA = "", TEST_UNPOLLED, TEST_URL = "" } = process.env
  const place = { connectionString: TEST_URL, schema: TEST_SCHEMA, max: 6, applicationName: TEST_SCHEMA }
  const make = yield* Effect.promise(async () => makers[TEST_CLIENT]?.())
  if (make === undefined) return yield* Effect.die(new Error(`There is no client ${TEST_CLIENT}`))
  const app = make(place)
  const live = Integration.layer({
    client: app.client,
    migrate: false,
    settings: TEST_UNPOLLED === undefined ? settings : unpolled
  }).pipe(
    Layer.provide(PgClient.layer({ url: Redacted.make(TEST_URL), startupParameters: { search_path: TEST_SCHEMA } }))
  )
  const publish = Effect.gen(function* () {
    const run = Effect.runPromiseWith(yield* Effect.context<Integration.Services>())
    let next = Number(TEST_FROM)
    const transaction = (n: number) =>
      app.transaction(async (tx) => {
        await app.write(tx, { name: names.told, n })
        await run(publisherIn(tx).publish(Told, { n }))
        // Of some, the transaction is rolled back; a second statement is between the event and its end of others.
        if (n % 5 === 0) throw undone
        if (n % 2 === 0) await app.run(tx, "SELECT 1")
      })
    for (let isFirst = true; ; isFirst = false) {
      const batch = [next++, next++, next++]
      for (const each of yield* Effect.promise(() => Promise.allSettled(batch.map(transaction)))) {
        if (each.status === "rejected" && each.reason !== undone) return yield* Effect.die(each.reason)
      }
      if (isFirst) yield* say("ready")
    }
  })
  let hasBegun = false
  const begun = () => {
    if (!hasBegun) Effect.runSync(say("ready"))
    hasBegun = true
  }
  const handling = subscriber({
    consumer: Consumer.make("clients", { concurrency: 2, maxAttempts: 1000, retryBaseDelay: 20 }),
    event: Told,
    client: app.client,
    handler: async ({ payload: { n } }, { tx }) => {
      begun()
      await app.write(tx, { name: names.heard, n })
      if (n % 3 === 0) await app.run(tx, "SELECT pg_sleep(0.002)::text")
    }
  })
  yield* TEST_ROLE === "publish"
    ? Effect.provide(publish, live)
    : Effect.never.pipe(Effect.provide(Subscriber.layer(handling).pipe(Layer.provide(live))))
})

if (process.env.TEST_ROLE !== undefined && process.env.TEST_CLIENT !== undefined) await Effect.runPromise(play)
